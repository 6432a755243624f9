"""JSON that breaks off is read up to its last whole value, and what was open is told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.intake.json_documents import document, values
from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_cut import is_cut


def test_a_document_that_breaks_off_is_read_up_to_its_last_whole_value() -> None:
    value, damage = document('{"tests": [{"name": "a"}, {"name": "b", "sta')
    assert value["tests"][0] == {"name": "a"}
    assert damage == Damage("the file ends in the middle", "line 1, column 40")


def test_objects_that_were_open_are_told_apart() -> None:
    value, _ = document('{"tests": [{"name": "a"}, {"name": "b"')
    assert [is_cut(each) for each in (value, *value["tests"])] == [True, False, True]


def test_rubbish_in_the_middle_ends_the_document_there() -> None:
    value, damage = document('{"tests": [1, 2, oops, 3]}')
    assert value["tests"] == [1, 2]
    assert damage == Damage("what stands here is not JSON", "line 1, column 17")


def test_what_follows_the_end_is_damage() -> None:
    assert document('{"a": 1} x') == (
        {"a": 1},
        Damage("something follows the end of the document", "line 1, column 9"),
    )


def test_a_number_at_the_cut_may_not_be_whole() -> None:
    assert document("[1, 23")[0] == [1]


@pytest.mark.parametrize("cut", ["[1,]", "[,1]", '{"a" 1}', '{"a": 1,}', "{1: 2}", "[1 2]", "[}"])
def test_what_stands_where_it_may_not_is_damage(cut: str) -> None:
    assert document(cut)[1] is not None


@settings(deadline=None)
@given(values.filter(lambda value: isinstance(value, dict | list)))
def test_a_cut_document_holds_nothing_that_the_whole_does_not(value: Any) -> None:
    text = json.dumps(value)
    for end in range(1, len(text)):
        try:
            read, damage = document(text[:end])
        except ReportError:
            continue
        assert damage is not None
        assert is_part(read, value)


def is_part(part: Any, whole: Any) -> bool:
    """Whether every value of `part` stands in the same place of `whole`."""
    if isinstance(part, dict):
        named = {name: value for name, value in part.items() if name != "\x00cut"}
        return isinstance(whole, dict) and all(
            name in whole and is_part(value, whole[name]) for name, value in named.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(map(is_part, part, whole))
    return bool(part == whole)
