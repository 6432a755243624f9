"""Test metadata from a table in CSV, as people export it from a spreadsheet or another tool.

The first line names the columns, in any order: those of the tracker, or as the earlier application
called them. A column that is not in the table stays as it is on record.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tracker.errors import Unreadable
from tracker.intake.text import storable
from tracker.store.told_tests import NewFacts

# What a column may be called, and which field of a test it fills.
COLUMNS = {
    "name": "name",
    "testcase_name": "name",
    "release": "release",
    "case_ref": "case_ref",
    "test_case_id": "case_ref",
    "testrail_ref": "testrail_ref",
    "testrail_id": "testrail_ref",
    "priority": "priority",
    "component": "component",
    "module": "module",
    "automation": "automation",
    "automation_status": "automation",
    "state": "state",
    "test_state": "state",
    "class_name": "class_name",
    "test_class_name": "class_name",
    "path": "path",
    "test_path": "path",
    "topology": "topology",
    "is_removed": "is_removed",
}
FLAGS = {
    "": False, "0": False, "false": False, "no": False, "1": True, "true": True, "yes": True
}  # fmt: skip
LONGEST = {"priority": 20, "release": 200}
LONGEST_VALUE = 1000
MOST_NAMED = 10
REMEDY = "Nothing was taken over. Correct the file and import it again."


@dataclass(frozen=True)
class Table:
    """What a file tells of tests, and the columns of it that the tracker does not keep."""

    told: tuple[NewFacts, ...]
    left: tuple[str, ...]


def read_table(data: bytes, releases: AbstractSet[str]) -> Table:
    """Read a table; Unreadable names each place that is wrong, by line and column.

    `releases` are those that there are. Two lines about one test of one release contradict.
    """
    rows = _rows(data)
    _, head = next(rows, (1, []))
    columns = _columns(head)
    faults: list[str] = []
    lines: dict[tuple[str, str], int] = {}
    told = []
    for line, cells in rows:
        found, wrong = _read_line(columns, cells, releases)
        first = lines.setdefault((found.release, found.name), line)
        if first != line and not wrong:
            wrong = [f"column {_place(columns)}: line {first} is about this test too"]
        faults += [f"line {line}, {each}" for each in wrong]
        told.append(found)
    if faults:
        more = f"; and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
        raise Unreadable(f"The table is wrong: {'; '.join(faults[:MOST_NAMED])}{more}.", REMEDY)
    left = tuple(name for name, field in zip(head, columns, strict=True) if not field)
    return Table(tuple(told), left)


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of the line that it begins on."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"Line {line} is not UTF-8.", "Save the file as CSV in UTF-8.") from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, [storable(cell.strip()) for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"The table is wrong: line {begins}: {error}.", REMEDY) from error


def _columns(head: Sequence[str]) -> list[str]:
    """The field that each column fills, "" for those that are not kept."""
    fields = [COLUMNS.get(re.sub(r"[ -]+", "_", name.lower()), "") for name in head]
    twice = sorted({each for each in fields if each and fields.count(each) > 1})
    if twice:
        raise Unreadable(f"The table is wrong: line 1: two columns are {twice[0]!r}.", REMEDY)
    if "name" not in fields:
        raise Unreadable(
            "The table is wrong: line 1: no column is called 'name' or 'testcase_name'.",
            f"The first line names the columns, of these: {', '.join(COLUMNS)}.",
        )
    return fields


def _read_line(
    columns: Sequence[str], cells: Sequence[str], releases: AbstractSet[str]
) -> tuple[NewFacts, list[str]]:
    """What a line tells, and what is wrong with it."""
    if len(cells) != len(columns):
        wrong = f"it has {len(cells)} columns, and line 1 names {len(columns)}"
        return NewFacts("", "", {}), [wrong]
    given = {field: cell for field, cell in zip(columns, cells, strict=True) if field}
    faults = [
        f"column {place} ({field}): {fault}"
        for place, field in enumerate(columns, 1)
        if field and (fault := _fault(field, given[field], releases))
    ]
    name, release = given.pop("name"), given.pop("release", "")
    values: dict[str, str | bool] = dict(given)
    if "is_removed" in given:
        values["is_removed"] = FLAGS.get(given["is_removed"].lower(), False)
    return NewFacts(release, name, values), faults


def _fault(field: str, value: str, releases: AbstractSet[str]) -> str:
    """What is wrong with a value, "" where it can be kept."""
    longest = LONGEST.get(field, LONGEST_VALUE)
    if len(value) > longest:
        return f"it has {len(value)} characters, and at most {longest} are kept"
    if re.search(r"[\x00-\x1f\x7f]", value):
        return "it is more than one line, or has control characters in it"
    if field == "name" and not value:
        return "it is empty"
    if field == "release" and value and value not in releases:
        return f"there is no release {value!r} here"
    if field == "is_removed" and value.lower() not in FLAGS:
        return f"{value!r} is neither true nor false"
    return ""


def _place(columns: Sequence[str]) -> str:
    return f"{list(columns).index('name') + 1} (name)"
