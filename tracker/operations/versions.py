"""The versions of what the tracker stands on, and which of them are known to be bad.

`doctor` and the detailed health page read the same table: one row for each part, with the first
sound version of every line of releases that was mended.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pyexpat import EXPAT_VERSION
from typing import Literal

from tracker.intake.xml import libxml2_version
from tracker.store.sqlite.driver import sqlite_version

Verdict = Literal["good", "guarded", "bad", "unknown"]
Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Version:
    """One part: what was found, the least that is sound, and why.

    `verdict` is `unknown` where no version could be read, and `guarded` where the fault of the one
    that was found does not reach the tracker, as its reason says. A distribution may have mended an
    older version without changing its number; `remedy` says so where that is usual.
    """

    name: str
    found: str
    least: str
    verdict: Verdict
    reason: str
    remedy: str


@dataclass(frozen=True)
class _Part:
    """One row of the table; `sound` has the first sound version of each mended line.

    `guard` says in a sentence what of the tracker's own stands before the fault, if anything does.
    """

    name: str
    find: Callable[[], str]
    sound: tuple[str, ...]
    reason: str
    remedy: str
    guard: str = ""


def versions() -> tuple[Version, ...]:
    """Every part with its verdict, in the order of the table. Reads nothing but what is loaded."""
    return tuple(_judged(part, part.find()) for part in PARTS)


def server_version(found: str) -> tuple[Version, ...]:
    """That of the server that the store is in, if there is one."""
    return (_judged(POSTGRESQL, found),) if found else ()


def verdict(found: str, sound: tuple[str, ...]) -> Verdict:
    """Whether a version is sound: at least the mended one of its line, or newer than all lines."""
    numbers = _numbers(found)
    if not numbers:
        return "unknown"
    lines = sorted(_numbers(each) for each in sound)
    if numbers >= lines[-1]:
        return "good"
    same_line = [each for each in lines if each[:-1] == numbers[: len(each) - 1]]
    return "good" if any(numbers >= each for each in same_line) else "bad"


def _judged(part: _Part, found: str) -> Version:
    said = verdict(found, part.sound)
    return Version(
        name=part.name,
        found=found,
        least=" or ".join(part.sound),
        verdict="guarded" if said == "bad" and part.guard else said,
        reason=f"{part.reason} {part.guard}".rstrip(),
        remedy=part.remedy,
    )


def _numbers(text: str) -> Numbers:
    """The leading numbers of a version; (3, 11, 7) of `3.11.7`, none of what is no version."""
    found: list[int] = []
    for word in text.split("."):
        digits = word[: len(word) - len(word.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
        if digits != word:
            break
    return tuple(found)


def _installed(distribution: str) -> Callable[[], str]:
    def find() -> str:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            return ""

    return find


def _expat() -> str:
    return EXPAT_VERSION.removeprefix("expat_")


PACKAGE = "Install the tracker's packages again from requirements.lock."
SYSTEM = "Take the newest of your distribution; it may have mended an older number: see its log."

PARTS = (
    _Part(
        "CPython",
        platform.python_version,
        ("3.11.14", "3.12.12", "3.13.10", "3.14.1"),
        "Its zipfile took overlapping entries (CVE-2024-0450) and an end record that is elsewhere"
        " (CVE-2025-8291).",
        SYSTEM,
        "The tracker's own limits stand before both.",
    ),
    _Part(
        "SQLite",
        sqlite_version,
        ("3.44.6", "3.50.7", "3.51.3"),
        "Two connections that write and checkpoint at once could damage a WAL database when the"
        " log was begun anew (from 3.7.0 on).",
        "Install pysqlite3 0.6.1 or newer beside the tracker: it is used by itself.",
        "The tracker's lock file keeps its own writers apart.",
    ),
    _Part(
        "expat",
        _expat,
        ("2.6.0",),
        "One very long token took time with the square of its length (CVE-2023-52425).",
        SYSTEM,
        "The tracker reads no XML by it.",
    ),
    _Part(
        "libxml2",
        libxml2_version,
        ("2.13.8", "2.14.2"),
        "Reads beyond a buffer in schemas and DTDs (CVE-2025-32415, CVE-2025-24928), neither of"
        " which the tracker uses; older lines are mended no more.",
        PACKAGE,
    ),
    _Part(
        "lxml",
        _installed("lxml"),
        ("6.1",),
        "`iterparse` read local files by default (CVE-2026-41066).",
        PACKAGE,
    ),
    _Part(
        "Gunicorn",
        _installed("gunicorn"),
        ("26.1",),
        "Took truncated chunked bodies and duplicate Host headers, and let requests be smuggled"
        " (CVE-2024-1135, CVE-2024-6827).",
        PACKAGE,
    ),
    _Part(
        "Werkzeug",
        _installed("werkzeug"),
        ("3.1.6",),
        "Its multipart reader could be kept busy (CVE-2024-49767); names of devices were opened"
        " (CVE-2026-27199).",
        PACKAGE,
    ),
    _Part(
        "Peewee",
        _installed("peewee"),
        ("4.5",),
        "Ignores the lock type of transactions: uploads at the same time fail.",
        PACKAGE,
    ),
)
POSTGRESQL = _Part(
    "PostgreSQL",
    lambda: "",
    ("14.19", "15.14", "16.10", "17.6", "18.0"),
    "Restoring a backup could run what names of objects said (CVE-2025-8714, CVE-2025-8715); 13 is"
    " mended no more.",
    SYSTEM,
)
