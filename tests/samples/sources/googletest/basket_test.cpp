// A test for each way a test can end under GoogleTest.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

int price(const std::string& name) {
  static const std::map<std::string, int> prices = {{"apple", 1}, {"pear", 2}};
  return prices.at(name);
}

TEST(Basket, EmptyCostsNothing) {
  std::cout << "adding nothing" << std::endl;
  RecordProperty("currency", "crowns & öre <\">");
  RecordProperty("articles", 0);
  EXPECT_EQ(0, 0);
}

TEST(Basket, TotalOfTwo) {
  EXPECT_EQ(price("apple") + price("pear"), 4) << "apples & pears cost <4> \"crowns\", für alle";
}

TEST(Basket, TwoFailures) {
  EXPECT_EQ(price("apple"), 2);
  EXPECT_EQ(price("pear"), 1);
}

TEST(Basket, UnknownArticle) { price("plum"); }

TEST(Basket, Discount) { GTEST_SKIP() << "discounts come in spring <&>"; }

TEST(Basket, DISABLED_Rounding) { FAIL() << "never run"; }

class Prices : public testing::TestWithParam<std::pair<const char*, int>> {};
TEST_P(Prices, Match) { EXPECT_EQ(price(GetParam().first), GetParam().second); }
INSTANTIATE_TEST_SUITE_P(Fruit, Prices,
                         testing::Values(std::make_pair("apple", 1), std::make_pair("pear", 3)));

template <typename T>
class Counter : public testing::Test {};
using Numbers = testing::Types<int, double>;
TYPED_TEST_SUITE(Counter, Numbers);
TYPED_TEST(Counter, StartsAtZero) { EXPECT_EQ(TypeParam(), 0); }

class Till : public testing::Test {
 protected:
  void SetUp() override { FAIL() << "the till does not answer"; }
};
TEST_F(Till, Opens) {}

class Receipt : public testing::Test {
 protected:
  void TearDown() override { FAIL() << "the receipt printer is out of paper"; }
};
TEST_F(Receipt, Prints) {}

class Shelf : public testing::Test {
 protected:
  static void SetUpTestSuite() { FAIL() << "the shelf fell down"; }
};
TEST_F(Shelf, Holds) {}
