"""Whatever a stranger wrote in the place of a value, plugins get what they asked for."""

from __future__ import annotations

import pytest

from tracker.intake.json_values import list_of, object_of, objects_of, printed, text_of


def deep(depth: int = 5000) -> object:
    """A list in a list, deeper than Python prints."""
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", ""), (None, ""), (7, "7"), (False, "False"), (["a"], "['a']")],
)
def test_what_is_odd_is_printed(value: object, text: str) -> None:
    assert printed(value) == text


def test_what_is_too_deep_to_be_printed_is_no_text() -> None:
    assert printed(deep()) == ""


def test_what_is_odd_is_printed_up_to_a_length_and_text_is_whole() -> None:
    assert printed([1, 2], most=2) == "[1"
    assert printed("[1, 2]", most=2) == "[1, 2]"


@pytest.mark.parametrize("odd", [None, 7, 1.5, True, ["a"], {"a": "b"}, "text"])
def test_a_value_of_another_kind_is_an_empty_one(odd: object) -> None:
    assert text_of(odd) == (odd if isinstance(odd, str) else "")
    assert list_of(odd) == (odd if isinstance(odd, list) else [])
    assert object_of(odd) == (odd if isinstance(odd, dict) else {})
    assert objects_of(odd) == []


def test_the_objects_of_a_list_are_those_of_its_items_that_are_some() -> None:
    assert objects_of([{"a": 1}, None, "x", [{}], {}]) == [{"a": 1}, {}]
