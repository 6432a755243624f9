"""One JSON document with a long list of tests: whole, odd and cut."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_rows import json_rows


class Case(msgspec.Struct, rename="camel"):
    """One test; nothing is sure about its types."""

    name: Any = None
    file_path: Any = None


class Run(msgspec.Struct):
    """A report as a plugin may read it."""

    tests: list[msgspec.Raw]
    tool: Any = None


RUN = msgspec.json.Decoder(Run)
CASE = msgspec.json.Decoder(Case)


def lenient(value: Any) -> Run:
    if not isinstance(value, dict) or not isinstance(value.get("tests"), list):
        raise ReportError("it holds no list of tests")
    return Run(value["tests"], value.get("tool"))


def read(data: bytes) -> tuple[Any, list[Case], Damage | None]:
    run, rows, damage = json_rows(data, RUN, CASE, lenient)
    return run.tool, list(rows), damage


def test_tests_are_read_one_by_one() -> None:
    data = b'{"tool": "t", "tests": [{"name": "a", "filePath": "x"}, {"name": "b"}]}'
    assert read(data) == ("t", [Case("a", "x"), Case("b")], None)


def test_what_is_no_object_is_no_test() -> None:
    assert read(b'{"tests": [1, {"name": "a"}, [], null]}') == (None, [Case("a")], None)


def test_a_number_beyond_all_others_is_read() -> None:
    _, [case], damage = read(b'{"tests": [{"name": ' + b"9" * 5000 + b"}]}")
    assert (case.name, damage) == (float("inf"), None)


def test_of_a_cut_report_whole_tests_are_read() -> None:
    data = b'{"tool": "t", "tests": [{"name": "a", "filePath": "x"}, {"name": "b'
    tool, cases, damage = read(data)
    assert (tool, cases) == ("t", [Case("a", "x")])
    assert damage == Damage("the file ends in the middle", "line 1, column 65")


def test_a_name_that_is_no_text_is_read() -> None:
    assert read(b'{"tests": [{"name": "\\ud800"}]}')[1] == [Case("\ud800")]


def test_bytes_that_are_no_text_in_a_test_are_told() -> None:
    _, [case], damage = read(b'{"tests": [{"name": "\xff"}]}')
    assert case.name == "\ufffd"
    assert damage == Damage("bytes that are not UTF-8 were replaced")


@pytest.mark.parametrize(
    ("data", "words"),
    [(b'{"tests": [{"name": "a', "ends in the middle"), (b'{"tests": 1}', "no list of tests")],
)
def test_what_gives_no_test_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        read(data)
