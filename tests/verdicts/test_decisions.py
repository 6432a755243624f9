"""What people decided holds, whenever the failures were seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.verdicts.failures import LEXER, MANY, MERGED, SPLIT, ZONE, histories, ids, together
from tracker.verdicts.decisions import Decision, translated
from tracker.verdicts.families import assign


@given(histories())
def test_what_people_merged_is_one_family_whenever_it_was_seen(seen: dict[int, int]) -> None:
    found = assign(MANY, {}, seen, [MERGED])
    assert found[ZONE.id] == found[LEXER.id]


@given(histories())
def test_what_people_split_is_two_families_whenever_it_was_seen(seen: dict[int, int]) -> None:
    found = assign(MANY, {}, seen, [SPLIT])
    assert found[MANY[0].id] != found[MANY[3].id]


def test_without_the_decision_it_would_have_been_otherwise() -> None:
    found = together(MANY)
    assert found[ZONE.id] != found[LEXER.id]
    assert found[MANY[0].id] == found[MANY[3].id]


@given(
    histories(),
    st.lists(
        st.builds(
            Decision,
            st.booleans(),
            st.sets(st.sampled_from(MANY), min_size=1).map(lambda group: ids(*group)),
            st.sets(st.sampled_from(MANY), min_size=1).map(lambda group: ids(*group)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_the_last_decision_always_holds(seen: dict[int, int], decisions: list[Decision]) -> None:
    found = assign(MANY, {}, seen, decisions)
    last = decisions[-1]
    left = {found[each] for each in last.left}
    right = {found[each] for each in last.right - (frozenset() if last.together else last.left)}
    assert len(left | right) == 1 if last.together else not left & right


def test_decisions_are_translated_to_new_ids() -> None:
    [decision] = translated(
        [Decision(True, frozenset({1}), frozenset({2, 3}))], {1: [10, 11], 2: [20]}
    )
    assert decision == Decision(True, frozenset({10, 11}), frozenset({20}))
