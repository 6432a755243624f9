// A test for each way a test can end under Catch2.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <iostream>
#include <map>
#include <string>

int price(const std::string& name) {
  static const std::map<std::string, int> prices = {{"apple", 1}, {"pear", 2}};
  return prices.at(name);
}

TEST_CASE("Empty basket costs nothing", "[fast]") {
  std::cout << "adding nothing, für alle" << std::endl;
  std::cerr << "a warning on the error stream" << std::endl;
  REQUIRE(0 == 0);
}

TEST_CASE("Apples & pears cost <4> \"crowns\"") {
  INFO("apple and pear");
  CHECK(price("apple") + price("pear") == 4);
}

TEST_CASE("Unknown article") { REQUIRE(price("plum") == 5); }

TEST_CASE("Expected failure", "[!shouldfail]") { REQUIRE(price("apple") == 2); }

TEST_CASE("Unexpected pass", "[!shouldfail]") { REQUIRE(price("apple") == 1); }

TEST_CASE("May fail", "[!mayfail]") { REQUIRE(price("apple") == 2); }

TEST_CASE("Checkout") {
  SECTION("cash") { REQUIRE(price("pear") == 2); }
  SECTION("by card") {
    SECTION("gold") { REQUIRE(price("pear") == 2); }
    SECTION("Größe überprüft") { REQUIRE(price("pear") == 3); }
  }
}

TEMPLATE_TEST_CASE("Starts at zero", "", int, double) { REQUIRE(TestType() == 0); }

class Till {};
TEST_CASE_METHOD(Till, "Opens") { SUCCEED("open"); }
