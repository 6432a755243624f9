"""The tables of tests/README.md: each promise and case has a row, code and tests that exist."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
README = (TESTS / "README.md").read_text(encoding="utf-8")
PROMISES = [f"P{number}" for number in range(1, 16)]
CASES = [str(number) for number in range(1, 59)]
DEPLOYED = [f"D{number}" for number in range(1, 11)]
# OWASP ASVS 5.0: the items of level 2 that concern a tracker, and some of level 3 at the end.
ASVS = """
1.1.1 1.1.2 1.2.1 1.2.2 1.2.3 1.2.4 1.2.9 1.3.6 1.5.1 1.5.2 2.1.3 2.2.1 2.2.2 2.3.2 2.3.3 2.3.4
2.4.1 3.2.1 3.2.2 3.3.1 3.3.3 3.4.1 3.4.3 3.4.4 3.4.5 3.4.6 3.5.1 3.5.2 3.5.3 3.5.4 3.7.2 4.1.1
4.1.3 4.2.1 5.1.1 5.2.1 5.2.2 5.2.3 5.3.1 5.3.2 5.4.1 5.4.2 8.2.1 8.2.2 13.1.1 13.2.1 13.2.2
13.2.3 13.2.4 13.2.5 13.3.1 13.3.2 13.4.2 13.4.4 14.2.1 14.2.2 14.3.2 15.1.1 15.1.2 15.1.3 15.2.1
15.2.2 15.2.3 15.3.2 15.3.4 15.3.7 16.1.1 16.2.1 16.2.2 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1
16.5.1 16.5.2 16.5.3
1.2.10 1.3.12 1.5.3 5.2.4 5.2.5 5.3.3 15.2.5 15.4.2
"""


@dataclass(frozen=True)
class Row:
    """One row: what is promised, the files that keep it, the tests that show it."""

    id: str
    promise: str
    code: tuple[str, ...]
    tests: tuple[str, ...]


def rows(heading: str) -> list[Row]:
    """The table below a heading of the document."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]
    return [Row(row[0], row[1], _ticked(row[2]), _ticked(row[3])) for row in cells]


def _ticked(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", text))


@functools.cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests in a file; none where there is no such file."""
    if not (TESTS / file).is_file():
        return frozenset()
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


TABLES = ("What is promised", "What can go wrong", "OWASP ASVS 5.0", "Deploying")


def test_every_promise_has_a_row() -> None:
    assert [row.id for row in rows("What is promised")] == PROMISES


def test_every_case_has_a_row() -> None:
    assert [row.id for row in rows("What can go wrong")] == CASES


def test_every_item_of_a_deployment_has_a_row() -> None:
    assert [row.id for row in rows("Deploying")] == DEPLOYED


def test_every_item_of_the_standard_is_in_one_row() -> None:
    named = [item for row in rows("OWASP ASVS 5.0") for item in row.id.split(", ")]
    assert sorted(named) == sorted(ASVS.split())


@pytest.mark.parametrize("table", TABLES)
def test_the_code_of_a_row_exists(table: str) -> None:
    assert [row.id for row in rows(table) if not row.code] == [], "no code keeps these"
    named = [(row.id, path) for row in rows(table) for path in row.code]
    assert [each for each in named if not (ROOT / each[1]).is_file()] == []


@pytest.mark.parametrize("table", TABLES)
def test_the_names_in_a_row_exist(table: str) -> None:
    assert [row.id for row in rows(table) if not row.tests] == [], "no test shows these"
    named = [(row.id, *test.partition("::")[::2]) for row in rows(table) for test in row.tests]
    assert [each for each in named if each[2] not in names_in(each[1])] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_row_names_a_test_once(table: str) -> None:
    assert [row.id for row in rows(table) if len(set(row.tests)) != len(row.tests)] == []


def test_what_is_not_there_yet_belongs_to_a_row_and_has_a_reason() -> None:
    section = README.split("## Parts that are not there yet\n")[1]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    ids = {*PROMISES, *CASES, *DEPLOYED, "5.4.3"}
    assert all(set(of.split(", ")) <= ids and what and why for of, what, why in lines[1:])
