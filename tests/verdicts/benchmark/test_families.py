"""The families' benchmark: reading labelled failures, scoring pairs, the made-up failures."""

from __future__ import annotations

import random

import pytest

from tracker.verdicts.benchmark.families import (
    Labelled,
    Pairs,
    aged,
    evaluated,
    figures,
    labelled,
    made_up,
)
from tracker.verdicts.signatures import Signature, signature

TWO = """--- shop.CartTest::testAdds
java.lang.IllegalStateException: no cart
 at [Source: cart.json]
\tat shop.Cart.add(Cart.java:12)
\tat shop.CartTest.testAdds(CartTest.java:3)
--- shop.CartTest::testPuts
junit.framework.AssertionFailedError
\tat junit.framework.Assert.fail(Assert.java:55)
"""


def signed(each: Labelled) -> Signature:
    return signature(each.type, each.message, each.trace, each.suite, each.case)


def test_a_file_holds_the_failures_of_one_label() -> None:
    first, second = labelled([("Shop/7", TWO)])
    assert first == Labelled(
        "Shop/7",
        "testAdds",
        ("shop.CartTest",),
        "java.lang.IllegalStateException",
        "no cart\n at [Source: cart.json]",
        "\tat shop.Cart.add(Cart.java:12)\n\tat shop.CartTest.testAdds(CartTest.java:3)\n",
    )
    assert (second.type, second.message, second.project) == (
        "junit.framework.AssertionFailedError",
        "",
        "Shop",
    )


def test_the_order_of_files_makes_no_difference() -> None:
    files = [("Shop/7", TWO), ("Shop/1", TWO)]
    assert labelled(files) == labelled(files[::-1])


def test_a_class_that_failed_as_a_whole_is_left_out() -> None:
    assert labelled([("Shop/7", "--- shop.CartTest\njava.lang.Error\n")]) == []


def test_pairs_are_scored_by_precision_recall_and_f1() -> None:
    pairs = Pairs(right=6, wrong=2, missed=4)
    assert (pairs.precision, pairs.recall) == (0.75, 0.6)
    assert pairs.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))


def test_failures_alike_only_within_their_label_score_all() -> None:
    failures = [
        Labelled(
            f"P/{word}", f"test{end}", (f"{word}Test",), f"{word}Error", f"{word} broke down", ""
        )
        for word in ("Fox", "Owl", "Elk", "Bee", "Ram", "Yak")
        for end in ("One", "Two")
    ]
    values = {each.name: each.value for each in evaluated(failures, nights=3)}
    assert values["families, nights of five bugs, F1"] == 1
    assert values["families, all bugs of a project mixed, F1"] == 1
    assert values["families, nights of five bugs, families a night"] == 5


def test_failures_that_say_the_same_under_two_labels_cost_precision() -> None:
    failures = [
        Labelled(f"P/{label}", f"test{label}", ("Test",), "E", "same words on both sides", "")
        for label in "ab"
    ]
    values = {each.name: each.value for each in evaluated(failures, nights=1)}
    assert values["families, nights of five bugs, precision"] == 0


def test_an_aged_failure_reads_otherwise_and_has_the_same_signature() -> None:
    made = made_up(projects=6, bugs=12)
    draw = random.Random(1)
    later = [aged(each, draw) for each in made]
    assert all(new.trace != old.trace for new, old in zip(later, made, strict=True))
    assert [signed(each) for each in later] == [signed(each) for each in made]


def test_made_up_failures_are_the_same_each_time() -> None:
    assert made_up(projects=2, bugs=5) == made_up(projects=2, bugs=5)


def test_every_language_s_product_frames_are_read() -> None:
    for project in range(6):
        failures = [each for each in made_up(6, 20) if each.project == f"made{project}"]
        assert any(signed(each).frames for each in failures)


def test_the_quick_figures_reach_their_targets() -> None:
    found = list(figures(quick=True))
    assert all(each.name.startswith("families, ") for each in found)
    assert [each.name for each in found if each.reached is False] == []
