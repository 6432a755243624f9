package shop;

import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

public class TillTest {
  @BeforeClass
  public void openTheTill() {
    throw new IllegalStateException("the till does not answer");
  }

  @Test
  public void first() {}

  @Test(groups = "slow")
  public void excluded() {}

  @Test
  public void second() {}
}
