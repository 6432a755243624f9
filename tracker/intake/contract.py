"""What a parser plugin sees: everything it may import, and what it must promise.

A plugin is one Python file with one decorated generator:

    from tracker.intake.contract import Head, Record, ReportFile, Result, Status, Suite, parser

    def looks_like(head: Head) -> float:
        return 0.9 if head.root == "my-results" else 0.0

    @parser("mine", recognises="<my-results> of My Tool", sniff=looks_like)
    def read(report: ReportFile) -> Iterator[Record]:
        yield Suite(("login",))
        yield Result("accepts a good password", Status.PASSED, duration=0.12)

It is called in a child process with limits on memory, time and files and without network, and
promises in return: every result comes from something it read; the same bytes give the same
records in the same order; a word it does not know is `Status.UNKNOWN`, never passed; the only
exception that leaves it is `ReportError`. Text may be as long and as odd as it was found: names,
messages and traces are cut and cleaned by intake, and identity is made there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from tracker.intake.xml import XmlDamage, xml_elements
from tracker.verdicts.outcomes import Status

__all__ = [
    "Attempt",
    "Damage",
    "Head",
    "Note",
    "Parser",
    "Record",
    "ReportError",
    "ReportFile",
    "Result",
    "Status",
    "Suite",
    "XmlDamage",
    "parser",
    "xml_elements",
]


class ReportError(Exception):
    """This report cannot be read: `reason` in words, `position` such as "line 3, column 9"."""

    def __init__(self, reason: str, position: str = "") -> None:
        super().__init__(f"{reason} ({position})" if position else reason)
        self.reason = reason
        self.position = position


@dataclass(frozen=True)
class Head:
    """The first bytes of a report, as sniffing sees them.

    data       at most 64 kB, with any byte-order mark removed
    name       the file's name; a hint for people, formats are told apart by content
    text       `data` as text (UTF-8, or UTF-16 where a byte-order mark says so)
    root       local name of the first XML element, "" where there is none
    namespace  that element's XML namespace, "" where there is none
    """

    data: bytes
    name: str = ""
    text: str = ""
    root: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class ReportFile:
    """One report to read: its bytes from the start, its name, its first bytes."""

    stream: BinaryIO
    name: str
    head: Head


class Suite(msgspec.Struct, frozen=True):
    """The results that follow belong to this suite, until the next one is named.

    `path` holds the names of the suites around it and its own, outermost first, without host
    names, times and run counters. It may be empty for results that stand in no suite.
    """

    path: tuple[str, ...]


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


class Note(msgspec.Struct, frozen=True):
    """A warning for people: "declared 12 tests, found 9"."""

    text: str


class Damage(msgspec.Struct, frozen=True):
    """The report is damaged from here on; what was yielded before is kept.

    A build with a damaged report is never shown as all passed.
    """

    reason: str
    position: str = ""


Record = Suite | Result | Note | Damage
Reader = Callable[[ReportFile], Iterator[Record]]
Sniffer = Callable[[Head], float]


@dataclass(frozen=True)
class Parser:
    """A plugin's one generator, with what people and sniffing need to know of it.

    `version` grows whenever the same bytes would give other records.
    """

    name: str
    recognises: str
    sniff: Sniffer
    read: Reader
    version: int = 1


def parser(
    name: str, *, recognises: str, sniff: Sniffer, version: int = 1
) -> Callable[[Reader], Parser]:
    """Mark a generator as the parser of a format; importing a plugin changes nothing else.

    `sniff` sees the head of a file and answers from 0.0 (not mine) to 1.0 (surely mine).
    """

    def mark(read: Reader) -> Parser:
        return Parser(name=name, recognises=recognises, sniff=sniff, read=read, version=version)

    return mark
