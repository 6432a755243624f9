"""Of all that may explain a missing case, one cause is told; chance is not told at all."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.verdicts.scenes import ALL, NAMES, OTHER, SHARD, cart, scene, told
from tracker.verdicts.causes import causes, settled
from tracker.verdicts.missing import Cause
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import Test


def test_a_case_that_nothing_explains_was_removed():
    assert told(causes(scene(ALL[1]))) == {1: "removed"}


def test_a_rename_is_told_with_the_new_case():
    come = cart(9, "addsAnItem", place=0)
    [found] = causes(scene(ALL[0], come=(come,)))
    assert found.cause is Cause.RENAMED
    assert found.rename is not None
    assert found.rename.come.id == 9
    assert "addsAnItem" in found.sentence


def test_a_sure_rename_is_one_though_its_old_report_is_gone():
    moved = [replace(test, id=test.id + 50, suite=("store.CartTest",), report="n") for test in ALL]
    found = causes(scene(*ALL, come=tuple(moved), beside=(), reports=(OTHER,)))
    assert set(told(found).values()) == {"renamed"}


def test_a_lost_report_goes_before_a_doubtful_rename():
    come = cart(9, "refusesVoucherOfStranger", place=None)
    gone = replace(ALL[0], name="refusesVoucherOfGuest")
    assert causes(scene(gone, come=(come,)))[0].cause is Cause.RENAMED
    [found] = causes(scene(gone, come=(come,), reports=(OTHER,)))
    assert found.cause is Cause.REPORT_MISSING


def test_a_new_skip_is_told_with_its_reason():
    skipped = replace(ALL[0], status=Status.SKIPPED, trace="needs a licence\nmore")
    [found] = causes(scene(skipped=(skipped,)))
    assert found.cause is Cause.SKIPPED
    assert found.sentence == (
        "It is skipped in this build and ran in the builds before: needs a licence."
    )


def test_a_case_that_was_away_now_and_then_in_sixty_builds_is_no_alarm():
    found = causes(scene(ALL[0]))
    row = [True] * 10 + [False] + [True] * 20 + [False] + [True] * 28
    assert settled(found, {0: row}) == ()


def test_a_case_that_was_always_there_is_an_alarm():
    found = causes(scene(ALL[0]))
    assert settled(found, {0: [True] * 60}) == found
    assert settled(found, {0: [False, False] + [True] * 58}) == found
    assert settled(found, {}) == found


def test_a_report_that_is_not_there_needs_no_history():
    found = causes(scene(*ALL, reports=(OTHER,)))
    assert settled(found, {0: [True, False] * 30}) == found


@given(st.permutations(range(5)))
def test_causes_do_not_depend_on_the_order(order):
    gone = [*ALL, Test(20, ("shop.GuestTest",), "greets", report=OTHER.name)]
    come = [cart(30 + at, f"{name}Twice", place=at) for at, name in enumerate(NAMES)]
    straight = causes(scene(*gone, come=tuple(come), beside=()))
    shuffled = causes(
        scene(
            *(gone[at] for at in order),
            come=tuple(come[at] for at in order),
            beside=(),
            reports=(OTHER, SHARD),
        )
    )
    assert shuffled == straight
