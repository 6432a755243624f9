package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BasketTest {
  private static final Map<String, Integer> PRICES = Map.of("apple", 1, "pear", 2);
  private static int flakyFailures;
  private static int flakyErrors;

  static int total(String... names) {
    int sum = 0;
    for (String name : names) {
      sum += PRICES.get(name);
    }
    return sum;
  }

  @Test
  void emptyBasketCostsNothing() {
    System.out.println("adding nothing, für alle <&\">");
    System.err.println("a warning on the error stream");
    assertEquals(0, total());
  }

  @Test
  void totalOfTwo() {
    System.out.println("apple and pear");
    assertEquals(4, total("apple", "pear"), "apples & pears cost <4> \"crowns\"");
  }

  @Test
  void unknownArticle() {
    total("plum");
  }

  @Test
  @Disabled("discounts come in spring <&>")
  void discount() {
    throw new AssertionError("never run");
  }

  @Test
  void assumesAVoucher() {
    assumeTrue(false, "no voucher in the basket");
  }

  @Test
  void flakyFailurePassesInSecondTry() {
    System.out.println("try " + (flakyFailures + 1));
    assertTrue(++flakyFailures > 1, "the scale was not ready");
  }

  @Test
  void flakyErrorPassesInThirdTry() {
    if (++flakyErrors < 3) {
      throw new IllegalStateException("the scale was switched off");
    }
  }

  @ParameterizedTest
  @CsvSource({"apple, 1", "pear, 3"})
  void prices(String name, int cost) {
    assertEquals(cost, total(name));
  }

  @ParameterizedTest(name = "{0} costs {1} <&\"> €")
  @CsvSource({"apple, 1", "pear, 2"})
  void namedPrices(String name, int cost) {
    assertEquals(cost, total(name));
  }

  @Test
  @DisplayName("Größe überprüft")
  void displayName() {
    assertEquals(4, total("pear", "pear"));
  }

  @RepeatedTest(2)
  void again() {
    assertEquals(1, total("apple"));
  }

  @TestFactory
  DynamicTest[] shelves() {
    return new DynamicTest[] {
      DynamicTest.dynamicTest("fruit", () -> assertTrue(true)),
      DynamicTest.dynamicTest("bread", () -> assertTrue(true)),
    };
  }

  @Nested
  class Checkout {
    @Test
    void pays() {
      assertEquals(2, total("apple", "apple"));
    }

    @Nested
    class ByCard {
      @Test
      void pays() {
        assertEquals(3, total("pear", "apple"));
      }
    }
  }
}
