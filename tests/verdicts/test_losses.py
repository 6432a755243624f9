"""What is said of a build that shrank."""

from __future__ import annotations

from dataclasses import replace

from tests.verdicts.scenes import ALL, OTHER, cart, scene
from tracker.verdicts.causes import causes
from tracker.verdicts.losses import groups, shrunk
from tracker.verdicts.missing import Cause, Missing
from tracker.verdicts.renames import Pair
from tracker.verdicts.seen_test import Test


def test_what_one_thing_explains_is_one_group():
    gone = (*ALL, Test(20, ("shop.GuestTest",), "greets", report=OTHER.name))
    found = groups(causes(scene(*gone, reports=(OTHER,), beside=())))
    assert [(group.cause.value, group.about, group.cases) for group in found] == [
        ("report missing", "shard-3.xml", (0, 1, 2, 3)),
        ("removed", "", (20,)),
    ]


def test_a_suite_that_was_removed_is_one_group():
    [group] = groups(causes(scene(*ALL, beside=())))
    assert group.sentence.startswith("4 cases of the suite shop.CartTest are gone.")


def test_a_move_is_one_group():
    moved = [replace(test, id=test.id + 50, suite=("store.CartTest",)) for test in ALL]
    [group] = groups(causes(scene(*ALL, come=tuple(moved), beside=())))
    assert group.about == "shop → store"
    assert len(group.cases) == 4


def test_a_build_that_shrank_says_so_with_its_denominator():
    gone = (*ALL, Test(20, ("shop.GuestTest",), "greets", report=OTHER.name))
    found = causes(scene(*gone, reports=(OTHER,), beside=()))
    assert shrunk(found, 1200) == (
        "5 of 1,200 expected tests did not run: 4 with the report shard-3.xml, 1 removed."
    )


def test_what_ran_under_other_names_did_run():
    sure = Pair(ALL[0], cart(9, "addsAnItem", place=0), 0.995)
    pairs = (Missing(ALL[0], Cause.RENAMED, "It is now another.", rename=sure),)
    assert shrunk(pairs, 6) == "1 of 6 expected tests ran under other names."
    both = (*pairs, *causes(scene(ALL[1])))
    assert shrunk(both, 6) == (
        "1 of 6 expected tests did not run: 1 removed; 1 more ran under other names."
    )


def test_a_whole_build_has_nothing_to_say():
    assert shrunk((), 1200) == ""
