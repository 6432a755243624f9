"""Which family a later failure joins."""

from __future__ import annotations

from tests.verdicts.failures import HALF_LIKE, MANY, ids, thrown
from tracker.verdicts.decisions import Decision
from tracker.verdicts.families import assign


def test_a_later_failure_joins_the_family_it_is_like() -> None:
    first, later = thrown(), thrown(test="shop.OrderTest", message="no cart")
    assert assign([later], {7: [first]}, {first.id: 0, later.id: 9}) == {later.id: 7}


def test_a_later_failure_like_nothing_known_founds_a_family() -> None:
    first, later = thrown(), MANY[-2]
    found = assign([later], {7: [first]}, {first.id: 0, later.id: 9})
    assert found == {later.id: later.id}


def test_half_alike_failures_first_seen_far_apart_are_two_families() -> None:
    a, b = HALF_LIKE
    assert len(set(assign(HALF_LIKE, {}, {a.id: 0, b.id: 60}).values())) == 2


def test_a_later_failure_joins_one_side_of_a_split() -> None:
    a, b, later = MANY[0], MANY[3], thrown("Cart.add", test="shop.LedgerTest")
    seen = {a.id: 0, b.id: 0, later.id: 3}
    assert assign([later], {1: [a], 2: [b]}, seen, [Decision(False, ids(a), ids(b))])[later.id] in (
        1,
        2,
    )
