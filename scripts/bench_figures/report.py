"""What a run says: rows with their targets, as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from lxml import etree

TIMES = "x"
PAGES = ("home", "job", "build", "case")
MEASURED_OF_PAGES = ("hello", *PAGES)

# Format -> what its plugin is compared with: the best other reader, or the standard library.
FORMATS = {
    "allure": "json",
    "check": "ElementTree",
    "cppunit": "ElementTree",
    "ctest": "ElementTree",
    "ctrf": "json",
    "cucumber_json": "json",
    "cucumber_messages": "json",
    "dart": "json",
    "gotest_json": "json",
    "jenkins_junitresult": "ElementTree",
    "jenkins_testreport": "json",
    "jest": "json",
    "junit": "junitparser",
    "mocha": "json",
    "nunit2": "ElementTree",
    "nunit3": "ElementTree",
    "order_log": "split",
    "playwright": "json",
    "pytest_json_report": "json",
    "pytest_reportlog": "json",
    "robot": "robot.api",
    "rspec": "json",
    "subunit": "python-subunit",
    "tap": "tap.py",
    "testng": "ElementTree",
    "trx": "ElementTree",
    "xunit": "ElementTree",
}
# Those of the standard library are floors, which do less: no target for the time.
READERS = ("junitparser", "robot.api", "python-subunit", "tap.py")


def _of_formats() -> dict[str, tuple[str, float | None]]:
    rows: dict[str, tuple[str, float | None]] = {}
    for name, other in FORMATS.items():
        rows[f"formats, {name}, seconds"] = ("s", None)
        rows[f"formats, {name} / {other}"] = (TIMES, 1 if other in READERS else None)
        rows[f"formats, {name}, memory"] = ("MB", None)
        rows[f"formats, {name}, memory / {other}"] = (TIMES, 1)
    return rows


# Every row there is: its unit, and the most it may be where there is a target.
ROWS: dict[str, tuple[str, float | None]] = {
    "parse, floor": ("s", None),
    "parse, plugin alone": ("s", None),
    "parse, plugin alone / floor": (TIMES, 1.6),
    "parse, spool to records": ("s", None),
    "parse, spool to records / floor": (TIMES, 3.0),
    "parse, peak memory of the child": ("MB", 150),
    **_of_formats(),
    "record, floor": ("s", None),
    "record, names known": ("s", None),
    "record, names known / floor": (TIMES, 2.5),
    "record, all new": ("s", None),
    "record, all new / floor": (TIMES, 6),
    "years, a build of a young job": ("ms", None),
    "years, a build of an old job": ("ms", None),
    "years, old / young": (TIMES, 2),
    **{
        f"judge, {which}, {what}": (unit, most)
        for which in ("the newest build", "500 cases gone", "3 of 10 reports gone")
        for what, unit, most in (("processor time", "s", 2), ("memory", "MB", 300))
    },
    "upload, answered": ("s", None),
    "upload, visible on the page": ("s", 2),
    "upload, many Surefire files": ("s", 3),
    "uploads of 4 clients, errors": ("", 0),
    "uploads of 4 clients, results a second": ("1/s", None),
    "uploads of 4 clients, p95 of a request": ("ms", None),
    "bombs, p95 of an upload alone": ("ms", None),
    "bombs, p95 of an upload beside 8 bombs": ("ms", None),
    "bombs, p95 beside / (2 x alone + 100 ms)": (TIMES, 1),
    "pages, results in the database": ("", None),
    "pages, filling the database": ("1/s", None),
    **{
        f"pages, {page}, {what}": (unit, 20 if what == "median" and page in PAGES else None)
        for page in MEASURED_OF_PAGES
        for what, unit in (("median", "ms"), ("p95", "ms"), ("4 clients", "1/s"))
    },
    **{f"pages, {page} / hello": (TIMES, None) for page in PAGES},
    **{f"pages, {page}, unchanged (304)": ("ms", None) for page in PAGES},
    **{
        f"publish, {which}, {what}": (unit, None)
        for which in ("full", "one new build")
        for what, unit in (("time", "s"), ("pages made", ""), ("files", ""), ("bytes", "B"))
    },
    "jenkins, first useful page": ("s", 60),
    "jenkins, 60 builds of 1,000 tests": ("s", 300),
    "jenkins, requests a recorded build": ("", 3),
    "jenkins, requests a minute when nothing changes": ("", 1),
    "jenkins, worst overrun of a deadline": ("s", 1),
    "jenkins, memory of a 300 MB answer": ("MB", 20),
    "validate, results in the database": ("", None),
    "validate, everything": ("s", 20),
    "validate, findings": ("", 0),
    "health, median of ready": ("ms", None),
    "health, p99 of ready": ("ms", 20),
    "legacy, results": ("", None),
    "legacy, taking them over": ("s", 10),
    "legacy, when nothing is new": ("s", None),
}


@dataclass(frozen=True)
class Row:
    """One figure; `target` is the most it may be, `reached` whether it is not more."""

    name: str
    value: float
    unit: str
    target: float | None
    reached: bool | None


def row(name: str, value: float) -> Row:
    """The figure `name`, rounded as it is shown, beside its target."""
    unit, target = ROWS[name]
    shown = _rounded(value)
    return Row(name, shown, unit, target, None if target is None else shown <= target)


def ratio(name: str, ours: float, floor: float) -> Row:
    """How many times the floor ours takes."""
    return row(name, ours / floor)


def as_json(rows: Iterable[Row]) -> str:
    """The rows for programs."""
    return msgspec.json.encode({"rows": list(rows)}).decode()


def as_table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    header = ("name", "value", "unit", "target", "reached")
    lines = [header, *(_cells(each) for each in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    return "\n".join(
        f"{name:{widths[0]}}  {value:>{widths[1]}}  {unit:{widths[2]}}"
        f"  {target:>{widths[3]}}  {reached}".rstrip()
        for name, value, unit, target, reached in lines
    )


def machine() -> str:
    """Where these figures were measured."""
    lxml = ".".join(map(str, etree.LXML_VERSION[:3]))
    libxml = ".".join(map(str, etree.LIBXML_VERSION))
    return (
        f"{os.cpu_count()} cpus, {platform.machine()}, Linux {platform.release()},"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" lxml {lxml} (libxml2 {libxml})"
    )


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(text, file=sys.stderr, flush=True)


def _rounded(value: float) -> float:
    return float(round(value)) if value >= 1000 else float(f"{value:.3g}")


def _cells(each: Row) -> tuple[str, str, str, str, str]:
    reached = "" if each.reached is None else "yes" if each.reached else "NO"
    target = "" if each.target is None else f"<= {each.target:g}"
    return each.name, f"{each.value:,.10g}", each.unit, target, reached
