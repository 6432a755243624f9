// A test for each way a test can end under doctest.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <map>
#include <string>

int price(const std::string& name) {
  static const std::map<std::string, int> prices = {{"apple", 1}, {"pear", 2}};
  return prices.at(name);
}

TEST_SUITE("basket") {
  TEST_CASE("Empty basket costs nothing") { CHECK(0 == 0); }

  TEST_CASE("Apples & pears cost <4> \"crowns\"") {
    CHECK(price("apple") + price("pear") == 4);
    CHECK(price("apple") == 3);
  }

  TEST_CASE("Unknown article") { CHECK(price("plum") == 5); }

  TEST_CASE("Discount" * doctest::skip()) { FAIL("never run"); }

  TEST_CASE("Expected failure" * doctest::should_fail()) { CHECK(price("apple") == 2); }

  TEST_CASE("Unexpected pass" * doctest::should_fail()) { CHECK(price("apple") == 1); }

  TEST_CASE("May fail" * doctest::may_fail()) { CHECK(price("apple") == 2); }
}

TEST_CASE("Checkout") {
  SUBCASE("cash") { CHECK(price("pear") == 2); }
  SUBCASE("by card") { CHECK(price("pear") == 3); }
}

TEST_CASE_TEMPLATE("Größe überprüft", T, int, double) { CHECK(T() == 0); }
