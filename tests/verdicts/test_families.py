"""Families: that ids stay, what a decision changes, and what a family is called."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verdicts.failures import (
    LEXER,
    MANY,
    MERGED,
    PAGE,
    SPLIT,
    ZONE,
    as_families,
    histories,
    ids,
    thrown,
)
from tracker.verdicts.families import assign, decided, reason, recluster, title
from tracker.verdicts.signatures import Signature

BY_ID = {each.id: each for each in MANY}


def test_what_is_known_keeps_its_family_and_is_not_given_again() -> None:
    first = thrown()
    assert assign([first], {7: [first]}, {first.id: 0}) == {}


def test_a_family_never_takes_an_id_that_another_has() -> None:
    new, holder = MANY[-2], thrown()
    found = assign([new], {new.id: [holder]}, {new.id: 0, holder.id: 0})
    assert found[new.id] not in (new.id, holder.id)


@given(histories(), st.sampled_from([(), ("merged",), ("split", "merged")]))
def test_night_by_night_and_all_at_once_give_the_same_families(
    seen: dict[int, int], names: tuple[str, ...]
) -> None:
    decisions = [{"merged": MERGED, "split": SPLIT}[name] for name in names]
    known: dict[int, list[Signature]] = {}
    for night in range(5):
        tonight = [each for each in MANY if seen[each.id] == night]
        for one, family in assign(tonight, known, seen, decisions).items():
            known.setdefault(family, []).append(BY_ID[one])
    assert {each.id: family for family, group in known.items() for each in group} == recluster(
        MANY, seen, decisions
    )


def test_merging_gives_the_right_the_left_s_id() -> None:
    families = {5: ids(ZONE), 3: ids(LEXER, PAGE)}
    assert decided(MERGED, families) == {LEXER.id: 5, PAGE.id: 5}


def test_splitting_gives_the_right_an_id_of_its_own() -> None:
    changed = decided(SPLIT, {5: ids(MANY[0], MANY[3], PAGE)})
    assert set(changed) == {MANY[3].id}
    assert changed[MANY[3].id] != 5


def nights(signatures: Sequence[Signature]) -> dict[int, int]:
    return {each.id: 0 for each in signatures}


def test_a_new_clustering_takes_over_the_ids_of_the_old() -> None:
    fresh = recluster(MANY, nights(MANY))
    before = {100 + place: group for place, group in enumerate(sorted(as_families(fresh), key=min))}
    again = recluster(MANY, nights(MANY), before=before)
    assert as_families(again) == as_families(fresh)
    assert set(again.values()) == set(before)


def test_the_larger_part_of_a_family_keeps_its_id() -> None:
    cart, page = MANY[:3], MANY[8:10]
    again = recluster(
        [*MANY[:5], *page], nights([*MANY[:5], *page]), before={42: ids(*MANY[:5], page[0])}
    )
    assert again[cart[0].id] == 42
    assert again[page[0].id] != 42


def test_decisions_hold_in_a_new_clustering() -> None:
    found = recluster(MANY, nights(MANY), [MERGED, SPLIT])
    assert found[ZONE.id] == found[LEXER.id]
    assert found[MANY[0].id] != found[MANY[3].id]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (MANY[:5], "NullPointerException in shop.Cart.add"),
        (MANY[8:10], "assertion: no title on page"),
        (MANY[-1:], "assertion in web.MenuTest"),
    ],
)
def test_a_family_is_called_by_where_it_fails_or_what_it_says(
    group: list[Signature], expected: str
) -> None:
    assert title(group) == expected


def test_the_reason_names_what_is_common_with_its_denominator() -> None:
    assert reason([MANY[0], MANY[3], MANY[4]]) == (
        "NullPointerException in 3 of 3 signatures; innermost product frame shop.Cart.add"
        " in 3 of 3; shop.CartTest in 1 of 3."
    )
