package shop;

import org.testng.IRetryAnalyzer;
import org.testng.ITestResult;

public class Retry implements IRetryAnalyzer {
  private int tries;

  @Override
  public boolean retry(ITestResult result) {
    return ++tries <= 2;
  }
}
