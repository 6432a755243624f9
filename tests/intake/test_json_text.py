"""JSON for plugins: what is read, what is recovered, and how damage is told."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given

from tests.intake.json_documents import document, values
from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_cut import is_cut
from tracker.intake.json_text import (
    JsonLine,
    json_head,
    json_lines,
    text_lines,
)


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
    read, damage = document(text, "a.b", "c", "x.y")
    assert damage is None
    assert (list(read["a"]["b"]), list(read["c"]), read["d"]) == ([value, 1], [value], value)
    assert (len(read["a"]["b"]), bool(read["c"])) == (2, True)


def test_a_document_that_is_a_list_may_wait_itself() -> None:
    read, _ = document('[{"a": 1}, 2]', "")
    assert list(read) == list(read) == [{"a": 1}, 2]


def test_what_is_no_list_is_read_as_it_is() -> None:
    assert document('{"a": {"b": 1}, "c": "x"}', "a", "c")[0] == {"a": {"b": 1}, "c": "x"}


def test_a_lone_surrogate_in_a_list_that_waits_is_read() -> None:
    assert list(document(r'{"a": ["\ud800"]}', "a")[0]["a"]) == ["\ud800"]


def test_a_damaged_document_waits_for_nothing() -> None:
    read, damage = document('{"a": [{"b": 1}, {"b": ', "a")
    assert damage is not None
    assert [is_cut(each) for each in read["a"]] == [False, True]
