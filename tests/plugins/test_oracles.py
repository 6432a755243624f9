"""Other people's readers over the corpus and the samples: they find the same tests, ended alike.

Where one does not, a row of DIFFERENCES says why, and a row that explains nothing any more fails.
What is only another way to write a name is mended where the other reader is called.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import junitparser
import pytest
import subunit
from lxml.etree import XMLSyntaxError
from robot.api import ExecutionResult
from robot.errors import DataError
from tap.parser import Parser as TapParser

from tests.conftest import CORPUS
from tests.plugins.corpus import entries
from tests.plugins.reading import SAMPLES, parser_of, placed, read
from tracker.intake.contract import UNNAMED, ReportError

PASSED, FAILED, ERROR, SKIPPED, UNKNOWN = "passed", "failed", "error", "skipped", "unknown"
COUNTS, NAMES = "counts", "names"
# A test's name and how it ended; no reading at all where a reader refuses a file.
Reading = list[tuple[str, str]] | None


@dataclass(frozen=True)
class Difference:
    """Why facts differ in some files: those that `files` names, or whose bytes have the `sign`.

    Of the former each one must differ, of the latter one at least.
    """

    format: str
    facts: tuple[str, ...]
    why: str
    files: str = ""
    sign: bytes = b""

    def explains(self, path: Path) -> bool:
        """Whether it is about this file."""
        if self.files:
            return re.search(rf"/(?:{self.files})$", path.as_posix()) is not None
        return re.search(self.sign, path.read_bytes(), re.M) is not None


BOTH = (COUNTS, NAMES)
DIFFERENCES = [
    Difference(
        "junit",
        (COUNTS,),
        "junitparser does not read the attributes status and result, which may be all there is",
        sign=rb"<testcase[^>]* (?:status|result)=.(?:notrun|disabled|suppressed|fail|skipped).",
    ),
    Difference(
        "junit",
        BOTH,
        "an error right in a suite is a result of ours: the class was never loaded",
        files="junit-report-6700.xml|junit-report-nested-testsuites.xml|junit/prove.xml",
    ),
    Difference(
        "junit",
        BOTH,
        "pytest-rerunfailures writes every try as a case; the last one is the test",
        files="pytest-reruns.xml|pytest-xunit[12].xml",
    ),
    Difference(
        "junit",
        (COUNTS,),
        "a failure beside a <skipped> that tells of !mayfail was expected",
        files="junit/catch2.xml",
    ),
    Difference(
        "junit",
        BOTH,
        "junitparser does not see a case right in <testsuites>",
        files="junit/node.xml",
    ),
    Difference(
        "junit",
        BOTH,
        "the file is cut: what stands before the damage is read, junitparser refuses it whole",
        files="pytest/corrupt-xml.xml",
    ),
    Difference(
        "robot",
        (COUNTS,),
        "a failed tear-down fails the tests of its suite; robot.api reads it among the keywords,"
        " and fails on those of this file",
        files="model/teardown_fail.xml",
    ),
    Difference(
        "tap",
        BOTH,
        "tap.py does not look into subtests, ours are their leaves",
        sign=rb"^\s+(?:not )?ok\b",
    ),
    Difference(
        "tap",
        BOTH,
        "tap.py refuses a file that says that it is version 12",
        sign=rb"^TAP version 12$",
    ),
    Difference(
        "tap",
        BOTH,
        "what follows a closing plan is not counted, as in the reference parser",
        files="out_of_order.tap|skip-all-with-assert.tap",
    ),
    Difference(
        "tap",
        BOTH,
        "tap.py takes any # for a directive, though escaped or within a word",
        files="escape_hash.tap|skip.tap|todo_inline.tap",
    ),
    Difference(
        "tap",
        (NAMES,),
        "and any # for the end of a name",
        files="hashes.tap|with_comments.tap|bats.tap|bats-13.tap",
    ),
    Difference(
        "tap",
        (COUNTS,),
        "the reference parser takes any word that begins with todo for TODO",
        files="todo_misparse.tap",
    ),
    Difference(
        "tap",
        (NAMES,),
        "Check writes what happened behind the name, which it would be no part of",
        files="tap/check.tap",
    ),
    Difference(
        "tap",
        (NAMES,),
        "a brace behind a name opens a subtest, here an empty one",
        files="empty-buffered-child.tap",
    ),
]


def files(name: str) -> list[Path]:
    """The files of one format, of the corpus where it is there, and of our samples."""
    samples = [path for path in (SAMPLES / name).rglob("*") if path.is_file()]
    found = sorted([*(CORPUS / each.file for each in entries(name)), *samples])
    return [path for path in found if name != "subunit" or path.read_bytes().startswith(b"\xb3")]


# Readings


@cache
def ours(name: str, path: Path) -> Reading:
    try:
        records = read(parser_of(name), path.read_bytes(), path.name)
    except ReportError:
        return None
    return [
        (whole_name(name, each.path, each.result.name), each.result.status.word)
        for each in placed(records)
    ]


def whole_name(format_name: str, path: tuple[str, ...], name: str) -> str:
    """In subunit a name is one with its suites."""
    return ".".join((*path, name)) if format_name == "subunit" else name


@cache
def theirs(name: str, path: Path) -> Reading:
    try:
        return list(READERS[name](path.read_bytes()))
    except REFUSALS:
        return None


def of_junitparser(data: bytes) -> Iterator[tuple[str, str]]:
    root = junitparser.JUnitXml.fromstring(data)
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if isinstance(each, junitparser.TestCase):
            yield each.name or UNNAMED, worst(each.result)
        else:
            waiting.extend(each)


def worst(results: list[Any]) -> str:
    for kind, word in (
        (junitparser.Error, ERROR),
        (junitparser.Failure, FAILED),
        (junitparser.Skipped, SKIPPED),
    ):
        if any(isinstance(each, kind) for each in results):
            return word
    return PASSED


def of_robot(data: bytes) -> Iterator[tuple[str, str]]:
    source = data.decode() if data.lstrip().startswith(b"{") else io.BytesIO(data)
    try:
        result = ExecutionResult(source)
    except DataError:  # so it says of keywords of Robot 2 and 3
        result = ExecutionResult(io.BytesIO(data), include_keywords=False)
    words = {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED}
    return ((test.name, words[test.status]) for test in result.suite.all_tests)


class Sink:
    """What a stream of subunit says last of each test."""

    def __init__(self) -> None:
        self.last: dict[str, str] = {}

    def status(
        self, test_id: str | None = None, test_status: str | None = None, **_: object
    ) -> None:
        if test_id is not None and test_status is not None:
            self.last[test_id] = test_status


def of_subunit(data: bytes) -> Iterator[tuple[str, str]]:
    sink = Sink()
    subunit.ByteStreamToStreamResult(io.BytesIO(data), non_subunit_name="stdout").run(sink)
    words = {"success": PASSED, "fail": FAILED, "skip": SKIPPED, "xfail": SKIPPED}
    words |= {"uxsuccess": FAILED, "inprogress": UNKNOWN}
    for name, status in sink.last.items():
        yield re.sub(r"^setUpClass \((.*)\)$", r"\1.<init>", name), words[status]


def of_tap(data: bytes) -> Iterator[tuple[str, str]]:
    """Without what follows a bail out, which ends a run."""
    count = 0
    for line in TapParser().parse_text(data.decode("utf-8", "replace")):
        if line.category == "bail":
            return
        if line.category == "test":
            count += 1
            name = re.sub(r"^-(?: +|$)", "", line.description) or str(line.number or count)
            is_set_aside = line.skip or line.todo
            yield name, SKIPPED if is_set_aside else PASSED if line.ok else FAILED


READERS = {"junit": of_junitparser, "robot": of_robot, "subunit": of_subunit, "tap": of_tap}
REFUSALS = (XMLSyntaxError, DataError, ValueError)


# What agrees


def facts(reading: Reading) -> dict[str, Counter[str] | None]:
    """Both facts of a reading."""
    if reading is None:
        return {COUNTS: None, NAMES: None}
    names, words = [name for name, _ in reading], [word for _, word in reading]
    return {COUNTS: Counter(words), NAMES: Counter(names)}


def differs(name: str, path: Path, fact: str) -> bool:
    return facts(ours(name, path))[fact] != facts(theirs(name, path))[fact]


def explained(name: str, path: Path, fact: str) -> bool:
    rows = [each for each in DIFFERENCES if each.format == name and fact in each.facts]
    return any(each.explains(path) for each in rows)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the repository")
def test_the_corpus_is_read_too() -> None:
    assert sum(len(files(name)) for name in READERS) > 500


@pytest.mark.parametrize("name", READERS)
def test_as_many_tests_ended_in_each_way(name: str) -> None:
    for path in files(name):
        if not explained(name, path, COUNTS):
            assert facts(ours(name, path))[COUNTS] == facts(theirs(name, path))[COUNTS], path


@pytest.mark.parametrize("name", READERS)
def test_the_tests_have_the_same_names(name: str) -> None:
    for path in files(name):
        if not explained(name, path, NAMES):
            assert facts(ours(name, path))[NAMES] == facts(theirs(name, path))[NAMES], path


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        pytest.param(row, fact, id=f"{row.why[:50]}-{fact}")
        for row in DIFFERENCES
        for fact in row.facts
    ],
)
def test_what_is_explained_does_differ(row: Difference, fact: str) -> None:
    about = [path for path in files(row.format) if row.explains(path)]
    if not about:
        pytest.skip("its files are in the corpus, which is not beside the repository")
    differing = [path for path in about if differs(row.format, path, fact)]
    assert differing == about if row.files else differing
