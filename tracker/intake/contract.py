"""What a parser plugin sees: everything it may import, and what it must promise.

A plugin is one Python file with one decorated generator:

    from tracker.intake.contract import Head, Record, ReportFile, Result, Status, Suite, parser

    def looks_like(head: Head) -> float:
        return 0.9 if head.root == "my-results" else 0.0

    @parser("mine", recognises="<my-results> of My Tool", sniff=looks_like)
    def read(report: ReportFile) -> Iterator[Record]:
        yield Suite(("login",))
        yield Result("accepts a good password", Status.PASSED, duration=0.12)

It runs in a child process with limits on time, memory and files and without network, and
promises in return: every result comes from something it read; the same bytes give the same
records in the same order; a word it does not know is `Status.UNKNOWN`, never passed; the only
exception that leaves it is `ReportError`. Text may be as long and as odd as it was found: names,
messages and traces are cut and cleaned by intake, and identity is made there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import msgspec

from tracker.intake.checkouts import without_checkout
from tracker.intake.damage import Damage, ReportError
from tracker.intake.json_cut import is_cut
from tracker.intake.json_rows import json_rows
from tracker.intake.json_text import (
    JsonLine,
    json_document,
    json_head,
    json_lines,
    text_lines,
)
from tracker.intake.json_values import list_of, object_of, objects_of, printed, text_of
from tracker.intake.names import SET_UP, TEAR_DOWN, UNNAMED, nunit_exception, pytest_names
from tracker.intake.times import (
    YEAR,
    seconds_from_clock,
    seconds_from_number,
    seconds_from_text,
    seconds_of_phases,
    seconds_within,
)
from tracker.intake.xml import XmlDamage, XmlElement, declared_count, xml_elements
from tracker.verdicts.outcomes import Status

__all__ = [
    "SET_UP",
    "TEAR_DOWN",
    "UNNAMED",
    "YEAR",
    "Attempt",
    "Damage",
    "Facets",
    "Head",
    "JsonLine",
    "Note",
    "Parser",
    "Record",
    "ReportError",
    "ReportFile",
    "Rerun",
    "Result",
    "Status",
    "Suite",
    "Trouble",
    "XmlDamage",
    "XmlElement",
    "declared_count",
    "is_cut",
    "json_document",
    "json_head",
    "json_lines",
    "json_rows",
    "list_of",
    "nunit_exception",
    "object_of",
    "objects_of",
    "parser",
    "printed",
    "pytest_names",
    "seconds_from_clock",
    "seconds_from_number",
    "seconds_from_text",
    "seconds_of_phases",
    "seconds_within",
    "text_lines",
    "text_of",
    "without_checkout",
    "xml_elements",
]


@dataclass(frozen=True)
class Head:
    """The first bytes of a report, as sniffing sees them.

    data       at most 64 kB, with any byte-order mark removed
    name       the file's name; a hint for people, formats are told apart by content
    text       `data` as text (UTF-8, or UTF-16 where a byte-order mark says so)
    root       local name of the first XML element, "" where there is none
    namespace  that element's XML namespace, "" where there is none
    json       what the head shows of the first JSON value, closed where it was cut off (see
               `is_cut`); of JSON lines the first; None where the text does not begin as JSON
    """

    data: bytes
    name: str = ""
    text: str = ""
    root: str = ""
    namespace: str = ""
    json: Any = None


@dataclass(frozen=True)
class ReportFile:
    """One report to read: its bytes from the start, its name, its first bytes.

    `stream` is read once, from front to end. For a parser that was marked with `folder`, `parts`
    are the files of the folder in the order of their names, to be read one after the other; those
    of a file on its own are none, and `files` is the file itself then.
    """

    stream: BinaryIO
    name: str
    head: Head
    parts: Iterable[ReportFile] = ()

    @property
    def files(self) -> Iterable[ReportFile]:
        """The files that make up the report."""
        return self.parts or (self,)


class Suite(msgspec.Struct, frozen=True):
    """The results that follow belong to this suite, until the next one is named.

    `path` holds the names of the suites around it and its own, outermost first, without host
    names, times and run counters. It may be empty for results that stand in no suite. What the
    suite itself printed, and the properties it ran with, may be told at any of its mentions; a
    suite may be mentioned again at its end for that alone, after its results.
    """

    path: tuple[str, ...]
    properties: tuple[tuple[str, str], ...] = ()
    stdout: str = ""
    stderr: str = ""


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """An earlier try of a case inside the same run; the last one decides and is the Result."""

    status: Status
    duration: float | None = None
    message: str = ""
    trace: str = ""
    type: str = ""


class Result(msgspec.Struct, frozen=True, gc=False):
    """One case of the suite named last.

    name       as written; parameters belong to it
    status     the deciding attempt's outcome
    duration   seconds, None where the report does not tell
    classname  class, module or file that holds the test; leave "" where the suite says it
    message    one line or a few: the assertion, or the reason of a skip
    trace      the stack trace or the whole failure text
    type       the exception's class, where the report names one
    stdout, stderr  what the test printed
    attempts   the tries before the deciding one, first to last
    retry      this is a further try of a case already yielded under the same name: the earlier
               one becomes an attempt and this one decides
    file, line where the test is written, as the report spells it
    raw_status the report's own word, where it says more than `status`; always for an unknown one
    expected_failure  "xfail": it failed as it was expected to; "xpass": it passed against that
    properties names and values that the report gives, labels and links among them
    attachments  paths or names of files that belong to it, as text; they are never opened
    """

    name: str
    status: Status
    duration: float | None = None
    classname: str = ""
    message: str = ""
    trace: str = ""
    type: str = ""
    stdout: str = ""
    stderr: str = ""
    attempts: tuple[Attempt, ...] = ()
    retry: bool = False
    file: str = ""
    line: int | None = None
    raw_status: str = ""
    expected_failure: Literal["", "xfail", "xpass"] = ""
    properties: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()


class Note(msgspec.Struct, frozen=True):
    """A warning for people: "declared 12 tests, found 9"."""

    text: str


class Trouble(msgspec.Struct, frozen=True):
    """The run itself went wrong outside any result: its host crashed, fewer tests ran than planned.

    A build with such a report is never shown as all passed. Where the report names a suite that
    could not be set up or torn down, yield a result called `SET_UP` or `TEAR_DOWN` instead.
    """

    text: str


class Facets(msgspec.Struct, frozen=True):
    """What tells this report's run apart from others of its build: ("topology", "ha").

    To be yielded before any result. What the sender said of the report goes before it.
    """

    facets: tuple[tuple[str, str], ...]


class Rerun(msgspec.Struct, frozen=True):
    """This report runs tests of another report of the build again.

    Where both have a case, this one decides and the other becomes an earlier attempt.
    """


Record = Suite | Result | Note | Trouble | Facets | Rerun | Damage
Reader = Callable[[ReportFile], Iterator[Record]]
Sniffer = Callable[[Head], float]


@dataclass(frozen=True)
class Parser:
    """A plugin's one generator, with what people and sniffing need to know of it.

    `version` grows whenever the same bytes would give other records. `is_folder` says that files of
    this format that lie in one folder are one report. `endings` are those of the files that
    Jenkins is asked for: what is worth a request, not what it is.
    """

    name: str
    recognises: str
    sniff: Sniffer
    read: Reader
    version: int = 1
    is_folder: bool = False
    endings: tuple[str, ...] = (".xml",)


def parser(
    name: str,
    *,
    recognises: str,
    sniff: Sniffer,
    version: int = 1,
    folder: bool = False,
    endings: tuple[str, ...] = (".xml",),
) -> Callable[[Reader], Parser]:
    """Mark a generator as the parser of a format; importing a plugin changes nothing else.

    `sniff` sees the head of a file and answers from 0.0 (not mine) to 1.0 (surely mine); the rest
    is as in `Parser`, with `folder` as its `is_folder`.
    """

    def mark(read: Reader) -> Parser:
        return Parser(name, recognises, sniff, read, version, folder, endings)

    return mark
