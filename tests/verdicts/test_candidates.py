"""Of many failures few are compared, and what belongs together is found all the same."""

from __future__ import annotations

import random

from tests.verdicts.failures import MANY, as_families, thrown, together
from tracker.verdicts.candidates import pairs
from tracker.verdicts.likeness import Node


def test_hundreds_of_causes_in_one_build_are_told_apart() -> None:
    words = [
        "".join(random.Random(place).choices("abcdefghij", k=7)).title() for place in range(120)
    ]
    causes = [
        [thrown(f"{word}.run", f"p{test}.{word}Test", message=f"{word} broke") for test in "abcd"]
        for word in words
    ]
    found = together(each for group in causes for each in group)
    assert as_families(found) == {frozenset(each.id for each in group) for group in causes}


def test_few_causes_are_all_compared_with_each_other() -> None:
    nodes = [Node((each,), 0) for each in MANY]
    assert len(list(pairs(nodes))) == len(nodes) * (len(nodes) - 1) / 2


def test_of_many_causes_only_those_that_share_a_block_are_compared() -> None:
    words = [f"{a}{b}" for a in "ABCDEFGHIJKLM" for b in "abcdefghijklm"]
    nodes = [
        Node((thrown(f"{word}.run", f"p{word}.{word}Test"),), 0) for word in (*words, "Aa", "Bb")
    ]
    first, second = words.index("Aa"), words.index("Bb")
    assert set(pairs(nodes)) == {(first, len(words)), (second, len(words) + 1)}
