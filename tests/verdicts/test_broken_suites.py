"""What a suite explains that could not begin or broke off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verdicts.scenes import ALL, scene, told, unplaced
from tracker.verdicts.causes import causes
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import Test


@pytest.mark.parametrize(
    ("suite", "name"),
    [
        (("shop.CartTest",), "initializationError"),
        (("shop.CartTest",), "<init>"),
        (("unittest.suite._ErrorHolder",), "setUpClass (shop.CartTest)"),
        ((), "shop.CartTest"),
    ],
)
def test_a_suite_that_could_not_begin_explains_its_cases(suite, name):
    mark = Test(77, suite, name, status=Status.ERROR)
    found = causes(scene(*ALL, come=(mark,), beside=()))
    assert set(told(found).values()) == {"suite crashed"}


def test_a_suite_whose_process_died_explains_what_was_to_come():
    trace = "The forked VM terminated without saying properly goodbye"
    dead = replace(ALL[1], status=Status.FAILED, trace=trace, place=None)
    found = causes(scene(ALL[2], ALL[3], beside=(ALL[0], dead)))
    assert set(told(found).values()) == {"suite crashed"}
    assert found[0].sentence == (
        "The suite shop.CartTest broke off with removesGuest (failed): "
        "2 of its 4 cases have no result."
    )


def test_a_suite_that_ends_with_an_error_broke_off():
    last = replace(ALL[1], status=Status.ERROR)
    assert told(causes(scene(ALL[2], ALL[3], beside=(ALL[0], last)))) == {
        2: "suite crashed",
        3: "suite crashed",
    }


def test_an_error_with_a_result_behind_it_explains_nothing():
    middle = replace(ALL[1], status=Status.ERROR)
    assert told(causes(scene(ALL[2], beside=(ALL[0], middle, ALL[3])))) == {2: "removed"}


def test_the_only_new_error_of_a_suite_whose_order_is_not_known_broke_it_off():
    error = replace(ALL[1], status=Status.ERROR)
    lost = scene(*unplaced(*ALL[2:]), beside=unplaced(ALL[0], error))
    assert told(causes(lost)) == {2: "suite crashed", 3: "suite crashed"}
    assert told(causes(replace(lost, failed_before={1}))) == {2: "removed", 3: "removed"}
    two = unplaced(replace(ALL[0], status=Status.ERROR), error)
    assert told(causes(replace(lost, beside=two))) == {2: "removed", 3: "removed"}


def test_the_order_is_not_known_where_that_of_what_is_gone_is_not():
    error = replace(ALL[1], status=Status.ERROR)
    lost = scene(*unplaced(*ALL[2:]), beside=(ALL[0], error))
    assert told(causes(lost)) == {2: "suite crashed", 3: "suite crashed"}


def test_results_that_are_not_told_are_counted():
    last = replace(ALL[1], status=Status.ERROR)
    rest = {ALL[1].home: 1}
    [first, *_] = causes(scene(ALL[2], ALL[3], beside=(last,), rest=rest))
    assert first.sentence.endswith("2 of its 4 cases have no result.")


def test_an_ordinary_failure_explains_nothing():
    last = replace(ALL[1], status=Status.FAILED, trace="expected 1, was 2")
    assert told(causes(scene(ALL[2], ALL[3], beside=(ALL[0], last)))) == {
        2: "removed",
        3: "removed",
    }
