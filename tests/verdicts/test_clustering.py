"""What is put together of all that one build brought."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.verdicts.failures import HALF_LIKE, MANY, asserted, thrown, together
from tracker.verdicts.signatures import Signature


def test_failures_in_one_product_frame_are_a_family() -> None:
    group = MANY[:5]
    assert len(set(together(group).values())) == 1


def test_like_tests_of_one_class_that_only_assert_are_a_family() -> None:
    group = [asserted("a.ZoneTest", f"testOffset{word}") for word in ("East", "West", "North")]
    assert len(set(together(group).values())) == 1


def test_failures_with_nothing_in_common_are_families_of_their_own() -> None:
    group = [thrown(), MANY[-1], MANY[-2]]
    assert len(set(together(group).values())) == 3


@given(st.permutations(MANY))
def test_the_order_of_failures_makes_no_difference(shuffled: list[Signature]) -> None:
    assert together(shuffled) == together(MANY)


def test_a_failure_seen_again_and_again_counts_once() -> None:
    assert together([*MANY, *MANY]) == together(MANY)


def test_half_alike_failures_are_a_family_when_first_seen_together() -> None:
    assert len(set(together(HALF_LIKE).values())) == 1


def test_the_more_a_build_brings_the_more_alike_a_family_must_be() -> None:
    crowd = [
        thrown(f"{a}{b}.run", f"{a}.{b}Test", type=f"{a}{b}Exception")
        for a in ("Red", "Blue", "Green", "Black", "White", "Pink", "Grey", "Gold", "Teal", "Lime")
        for b in (
            "Fox",
            "Cat",
            "Dog",
            "Owl",
            "Bee",
            "Ant",
            "Elk",
            "Cow",
            "Hen",
            "Ram",
            "Bat",
            "Yak",
        )
    ]
    a, b = HALF_LIKE
    found = together([*crowd, a, b])
    assert found[a.id] != found[b.id]
