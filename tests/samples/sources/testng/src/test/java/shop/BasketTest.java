package shop;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.util.Map;
import org.testng.Reporter;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Parameters;
import org.testng.annotations.Test;

public class BasketTest {
  private static final Map<String, Integer> PRICES = Map.of("apple", 1, "pear", 2);
  private static int flaky;

  static int total(String... names) {
    int sum = 0;
    for (String name : names) {
      sum += PRICES.get(name);
    }
    return sum;
  }

  @Test(groups = "fast", description = "An empty basket <&\"> costs nothing, für alle")
  public void emptyBasketCostsNothing() {
    System.out.println("adding nothing");
    Reporter.log("looked into the basket");
    assertEquals(total(), 0);
  }

  @Test
  public void totalOfTwo() {
    assertEquals(total("apple", "pear"), 4, "apples & pears cost <4> \"crowns\"");
  }

  @Test
  public void unknownArticle() {
    total("plum");
  }

  @Test
  public void discount() {
    throw new SkipException("discounts come in spring <&>");
  }

  @Test(enabled = false)
  public void disabled() {
    throw new AssertionError("never run");
  }

  @Test(dependsOnMethods = "totalOfTwo")
  public void dependsOnTotal() {
    throw new AssertionError("never run");
  }

  @Test(retryAnalyzer = Retry.class)
  public void flakyPassesInSecondTry() {
    assertTrue(++flaky > 1, "the scale was not ready");
  }

  @Test(retryAnalyzer = Retry.class)
  public void failsInEveryTry() {
    assertTrue(false, "the scale never gets ready");
  }

  @DataProvider(name = "prices")
  public Object[][] prices() {
    return new Object[][] {{"apple", 1}, {"pear", 3}, {"pear <&\"> €", 2}};
  }

  @Test(dataProvider = "prices")
  public void price(String name, int cost) {
    assertEquals(total(name.split(" ")[0]), cost);
  }

  @Test(expectedExceptions = NullPointerException.class)
  public void expectedException() {
    total("plum");
  }

  @Test(invocationCount = 2)
  public void again() {
    assertEquals(total("apple"), 1);
  }

  @Test
  @Parameters("currency")
  public void currency(String currency) {
    assertEquals(currency, "crowns");
  }

  @Test(successPercentage = 50, invocationCount = 2)
  public void mostlyPasses() {
    assertTrue(++percentage > 1, "the first customer is not served");
  }

  private static int percentage;
}
