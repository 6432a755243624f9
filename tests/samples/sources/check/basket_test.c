/* A test for each way a test can end under Check. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void open_the_till(void) { ck_abort_msg("the till does not answer"); }
static void tear_off(void) { ck_abort_msg("the receipt printer is out of paper"); }

START_TEST(empty_basket_costs_nothing) { ck_assert_int_eq(0, 0); }
END_TEST

START_TEST(total_of_two) { ck_assert_msg(3 == 4, "apples & pears cost <4> \"crowns\", für alle"); }
END_TEST

START_TEST(crashes) { raise(SIGSEGV); }
END_TEST

START_TEST(exits_early) { exit(3); }
END_TEST

START_TEST(expected_signal) { raise(SIGFPE); }
END_TEST

START_TEST(expected_exit) { exit(1); }
END_TEST

START_TEST(prices) { ck_assert_int_eq(_i, 1 - _i / 2); }
END_TEST

START_TEST(opens) {}
END_TEST

int main(void) {
  Suite *basket = suite_create("Basket <&\"> für alle");
  TCase *core = tcase_create("Core");
  tcase_add_test(core, empty_basket_costs_nothing);
  tcase_add_test(core, total_of_two);
  tcase_add_test(core, crashes);
  tcase_add_test(core, exits_early);
  tcase_add_test_raise_signal(core, expected_signal, SIGFPE);
  tcase_add_exit_test(core, expected_exit, 1);
  tcase_add_loop_test(core, prices, 1, 3);
  suite_add_tcase(basket, core);

  Suite *till = suite_create("Till");
  TCase *closed = tcase_create("Closed & locked");
  tcase_add_checked_fixture(closed, open_the_till, NULL);
  tcase_add_test(closed, opens);
  suite_add_tcase(till, closed);
  TCase *receipt = tcase_create("Receipt");
  tcase_add_checked_fixture(receipt, NULL, tear_off);
  tcase_add_test(receipt, opens);
  suite_add_tcase(till, receipt);
  TCase *empty = tcase_create("Empty");
  suite_add_tcase(till, empty);

  SRunner *runner = srunner_create(basket);
  srunner_add_suite(runner, till);
  srunner_set_xml(runner, "report.xml");
  srunner_set_tap(runner, "report.tap");
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
