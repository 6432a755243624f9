package shop;

import org.testng.annotations.AfterMethod;
import org.testng.annotations.Test;

public class ReceiptTest {
  @AfterMethod(alwaysRun = true)
  public void tearOff() {
    throw new IllegalStateException("the receipt printer is out of paper");
  }

  @Test
  public void prints() {}
}
