"""JSON for plugins: what is read, what is recovered, and how damage is told."""

from __future__ import annotations

import codecs
import io
import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_text import (
    JsonLine,
    is_cut,
    json_document,
    json_head,
    json_lines,
    strict_json,
    text_lines,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=20,
)


def document(data: str | bytes) -> tuple[Any, Damage | None]:
    return json_document(io.BytesIO(data.encode() if isinstance(data, str) else data))


def lines(data: str | bytes) -> list[JsonLine]:
    return list(json_lines(io.BytesIO(data.encode() if isinstance(data, str) else data)))


@given(values)
def test_what_was_written_is_read(value: Any) -> None:
    assert document(json.dumps(value)) == (value, None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-le"])
def test_a_byte_order_mark_is_taken_off(encoding: str) -> None:
    text = '{"größe": 1}'
    data = text.encode(encoding)
    if encoding == "utf-32-le":
        data = b"\xff\xfe\x00\x00" + data
    assert document(data) == ({"größe": 1}, None)


def test_numbers_that_json_forbids_are_read() -> None:
    value, damage = document('{"a": NaN, "b": -Infinity}')
    assert math.isnan(value["a"])
    assert value["b"] == -math.inf
    assert damage is None


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        (b'{"a": "x\x1b[1m\ty"}', {"a": "x\x1b[1m\ty"}),
        (b'{"a": [NaN, -Infinity, 1e999, 2, -2.5]}', {"a": [None, None, None, 2, -2.5]}),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": None}),
        (b'{"a": "\\ud83d"}', {"a": "?"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (codecs.BOM_UTF8 + b'{"a": 1}', {"a": 1}),
        (b'{"a": "\x1b"', None),
        (b"<html>", None),
        (b"[" * 200_000, None),
    ],
)
def test_what_only_lenient_readers_take_is_made_what_all_do(text: bytes, strict: object) -> None:
    if strict is None:
        with pytest.raises(ValueError, match=r"Expecting|too deep|Invalid"):
            strict_json(text)
    else:
        assert msgspec.json.decode(strict_json(text)) == strict


def test_a_control_character_is_read() -> None:
    assert document('{"a": "x\x1by"}') == ({"a": "x\x1by"}, None)
    value, damage = document('{"a": "x\x1by", "b": [')
    assert value["a"] == "x\x1by"
    assert damage is not None
    [line] = lines('{"a": "x\x1by"}\n')
    assert line.value == {"a": "x\x1by"}


def test_a_lone_surrogate_is_read() -> None:
    assert document(r'["\ud800"]') == (["\ud800"], None)


def test_bytes_that_are_no_text_are_replaced_and_told() -> None:
    value, damage = document(b'{"a": "\xff"}')
    assert value == {"a": "\ufffd"}
    assert damage == Damage("bytes that are not UTF-8 were replaced")


@pytest.mark.parametrize("data", ["", "  \n", "x", "{", "[", '{"a"', '"abc', "12x"])
def test_what_holds_nothing_whole_is_refused_or_empty(data: str) -> None:
    try:
        value, damage = document(data)
    except ReportError:
        return
    assert damage is not None
    assert value in ([], {"\x00cut": True})


def test_depth_that_no_reader_survives_is_refused() -> None:
    with pytest.raises(ReportError, match="nested too deep"):
        document("[" * 100_000 + "]" * 100_000)


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


def test_lines_are_read_one_by_one() -> None:
    assert lines('{"a": 1}\n\n  \n[2]\r\n') == [JsonLine(1, {"a": 1}), JsonLine(4, [2])]


def test_a_line_that_is_not_json_is_given_as_text() -> None:
    assert lines('go: downloading x\n{"a": 1}\n')[0] == JsonLine(1, None, "go: downloading x")


def test_the_last_line_may_be_cut() -> None:
    assert lines('{"a": 1}\n{"b": ')[1] == JsonLine(2, None, '{"b": ', cut=True)


def test_a_broken_line_in_the_middle_is_not_cut() -> None:
    assert not lines('{"b": \n{"a": 1}\n')[0].cut


def test_lines_in_utf_16_are_read() -> None:
    assert lines('{"ä": 1}\n{"b": 2}\n'.encode("utf-16")) == [
        JsonLine(1, {"ä": 1}),
        JsonLine(2, {"b": 2}),
    ]


def test_a_line_with_nan_is_read() -> None:
    [line] = lines('{"a": NaN}\n')
    assert math.isnan(line.value["a"])


def test_text_lines_have_no_ends_and_no_mark() -> None:
    data = b"\xef\xbb\xbfone\r\ntwo\n\nf\xffr"
    assert list(text_lines(io.BytesIO(data))) == ["one", "two", "", "f\ufffdr"]


def test_a_head_shows_what_can_be_seen() -> None:
    assert json_head('{"a": {"b": [1, 2') == {"a": {"b": [1], "\x00cut": True}, "\x00cut": True}


def test_a_head_of_lines_shows_the_first() -> None:
    assert json_head('{"a": 1}\n{"b": 2}\n') == {"a": 1}


@pytest.mark.parametrize("text", ["", "<xml/>", "ok 1", '"a"', "12", "[" * 5000])
def test_a_head_of_something_else_shows_nothing(text: str) -> None:
    assert json_head(text) is None


@given(values)
def test_lists_that_wait_hold_what_was_written(value: Any) -> None:
    text = json.dumps({"a": {"b": [value, 1]}, "c": [value], "d": value})
    read, damage = document_with(text, "a.b", "c", "x.y")
    assert damage is None
    assert (list(read["a"]["b"]), list(read["c"]), read["d"]) == ([value, 1], [value], value)
    assert (len(read["a"]["b"]), bool(read["c"])) == (2, True)


def test_a_document_that_is_a_list_may_wait_itself() -> None:
    read, _ = document_with('[{"a": 1}, 2]', "")
    assert list(read) == list(read) == [{"a": 1}, 2]


def test_what_is_no_list_is_read_as_it_is() -> None:
    assert document_with('{"a": {"b": 1}, "c": "x"}', "a", "c")[0] == {"a": {"b": 1}, "c": "x"}


def test_a_lone_surrogate_in_a_list_that_waits_is_read() -> None:
    assert list(document_with(r'{"a": ["\ud800"]}', "a")[0]["a"]) == ["\ud800"]


def test_a_damaged_document_waits_for_nothing() -> None:
    read, damage = document_with('{"a": [{"b": 1}, {"b": ', "a")
    assert damage is not None
    assert [is_cut(each) for each in read["a"]] == [False, True]


def document_with(text: str, *lists: str) -> tuple[Any, Damage | None]:
    return json_document(io.BytesIO(text.encode()), *lists)
