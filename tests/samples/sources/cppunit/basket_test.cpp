// A test for each way a test can end under CppUnit.
#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResult.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/XmlOutputter.h>
#include <cppunit/extensions/HelperMacros.h>
#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/TestRunner.h>

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

static int price(const std::string& name) {
  static const std::map<std::string, int> prices = {{"apple", 1}, {"pear", 2}};
  const auto found = prices.find(name);
  if (found == prices.end()) throw std::out_of_range("no price for <" + name + ">");
  return found->second;
}

class BasketTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BasketTest);
  CPPUNIT_TEST(emptyCostsNothing);
  CPPUNIT_TEST(totalOfTwo);
  CPPUNIT_TEST(unknownArticle);
  CPPUNIT_TEST(breaks);
  CPPUNIT_TEST_EXCEPTION(expectedException, std::out_of_range);
  CPPUNIT_TEST_FAIL(expectedFailure);
  CPPUNIT_TEST_FAIL(unexpectedPass);
  CPPUNIT_TEST_SUITE_END();

 public:
  void emptyCostsNothing() { CPPUNIT_ASSERT_EQUAL(0, 0); }
  void totalOfTwo() {
    CPPUNIT_ASSERT_EQUAL_MESSAGE("apples & pears cost <4> \"crowns\", für alle", 4,
                                 price("apple") + price("pear"));
  }
  void unknownArticle() { price("plum"); }
  void breaks() { throw 7; }
  void expectedException() { price("plum"); }
  void expectedFailure() { CPPUNIT_ASSERT(price("apple") == 2); }
  void unexpectedPass() { CPPUNIT_ASSERT(price("apple") == 1); }
};

class TillTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(TillTest);
  CPPUNIT_TEST(opens);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { CPPUNIT_FAIL("the till does not answer"); }
  void opens() {}
};

class ReceiptTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReceiptTest);
  CPPUNIT_TEST(prints);
  CPPUNIT_TEST_SUITE_END();

 public:
  void tearDown() override { throw std::runtime_error("the receipt printer is out of paper"); }
  void prints() {}
};

CPPUNIT_TEST_SUITE_REGISTRATION(BasketTest);
CPPUNIT_TEST_SUITE_REGISTRATION(TillTest);
CPPUNIT_TEST_SUITE_REGISTRATION(ReceiptTest);

int main() {
  CppUnit::TestResult controller;
  CppUnit::TestResultCollector collector;
  controller.addListener(&collector);
  CppUnit::TestRunner runner;
  runner.addTest(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
  runner.run(controller);
  std::ofstream file("report.xml");
  CppUnit::XmlOutputter(&collector, file, "UTF-8").write();
  return collector.wasSuccessful() ? 0 : 1;
}
