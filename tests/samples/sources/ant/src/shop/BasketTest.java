package shop;

import static org.junit.Assert.assertEquals;

import java.util.Map;
import org.junit.Assume;
import org.junit.Ignore;
import org.junit.Test;

public class BasketTest {
  private static final Map<String, Integer> PRICES = Map.of("apple", 1, "pear", 2);

  @Test
  public void emptyBasketCostsNothing() {
    System.out.println("adding nothing, für alle <&\">");
    System.err.println("a warning on the error stream");
  }

  @Test
  public void totalOfTwo() {
    assertEquals("apples & pears cost <4> \"crowns\"", 4, PRICES.get("apple") + PRICES.get("pear"));
  }

  @Test
  public void unknownArticle() {
    assertEquals(5, PRICES.get("plum") + 0);
  }

  @Test
  @Ignore("discounts come in spring <&>")
  public void discount() {}

  @Test
  public void noVoucher() {
    Assume.assumeTrue("no voucher in the basket", false);
  }

  @Test
  public void größeÜberprüft() {}
}
