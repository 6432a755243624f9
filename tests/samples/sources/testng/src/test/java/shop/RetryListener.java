package shop;

import org.testng.ITestListener;
import org.testng.ITestResult;
import org.testng.Reporter;

public class RetryListener implements ITestListener {
  @Override
  public void onTestFailure(ITestResult result) {
    Reporter.log("failed: " + result.getName());
  }
}
