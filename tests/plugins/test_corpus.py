"""Every real file of the corpus: the right parser takes it, and every figure is as expected."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

import pytest

from tests.conftest import CORPUS
from tests.plugins.corpus import MANIFEST, Entry, differences, entries, readings
from tests.plugins.reading import PLUGINS, parser_of
from tracker.errors import Unrecognised
from tracker.intake.contract import Head
from tracker.intake.sniff import choose, head_of

pytestmark = pytest.mark.skipif(
    not MANIFEST.exists(), reason="the corpus is not beside the repository"
)

NAMES = sorted(path.stem for path in PLUGINS.glob("[!_]*.py"))
ENTRIES = [entry for name in NAMES for entry in entries(name)]
OURS = {entry.file for entry in ENTRIES}
README = PLUGINS / "README.md"


@cache
def head(file: str) -> Head:
    return head_of((CORPUS / file).read_bytes(), "x")


def chosen(file: str) -> str:
    """The parser that takes the file, "" where none does."""
    try:
        return choose([parser_of(name) for name in NAMES], head(file)).name
    except Unrecognised:
        return ""


# A test for each format, not for each of the thousand files: these would take longer to be dealt
# out than to be read.


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_real_file_is_as_expected(name: str) -> None:
    wrong = {entry.file: differences(entry) for entry in entries(name)}
    assert {file: figures for file, figures in wrong.items() if figures} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_real_file_is_taken_by_the_parser_of_its_format(name: str) -> None:
    taken = {entry.file: chosen(entry.file) for entry in entries(name) if entry.figures is not None}
    assert {file: parser for file, parser in taken.items() if parser != name} == {}


def others() -> list[str]:
    files = json.loads(MANIFEST.read_text())["files"] if MANIFEST.exists() else []
    return [each["file"] for each in files if each["format"] in ("other", "jenkins-api")]


def test_what_is_no_report_is_taken_by_no_parser() -> None:
    taken = {file: chosen(file) for file in others() if file not in OURS}
    assert taken
    assert {file: parser for file, parser in taken.items() if parser} == {}


@pytest.mark.parametrize("name", NAMES)
def test_no_parser_wants_a_file_of_another_format(name: str) -> None:
    taken = [
        entry.file
        for entry in ENTRIES
        if entry.parser != name and parser_of(name).sniff(head(entry.file)) > 0
    ]
    assert taken == []


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_our_readings_names_real_files(name: str) -> None:
    named = {entry.file for entry in entries(name) if entry.why}
    assert len(named) == len(readings(name))


KINDS = ("as expected", "other sum of times", "other counts", "refused", "wrong")


def _kind(entry: Entry) -> str:
    if differences(entry):
        return "wrong"
    if not entry.why:
        return "as expected"
    if entry.ours is None:
        return "refused"
    return "other counts" if set(entry.ours) - {"seconds"} else "other sum of times"


@cache
def table() -> str:
    """How many files of each format are read as expected, and how many otherwise."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    for entry in ENTRIES:
        counts[entry.parser][_kind(entry)] += 1
    counts = {name: found for name, found in counts.items() if found}
    counts["all"] = sum(counts.values(), Counter())
    lines = [f"| format | files | {' | '.join(KINDS)} |", f"|---|---|{'---|' * len(KINDS)}"]
    for name, found in counts.items():
        figures = (sum(found.values()), *(found[kind] for kind in KINDS))
        lines.append(f"| {name} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def test_the_table_of_the_document_is_what_was_counted() -> None:
    print(table())
    text = README.read_text(encoding="utf-8")
    [told] = re.findall(r"^\| format \| files \|.*?(?=\n\n|\Z)", text, re.S | re.M)
    assert told.strip() == table()
