"""What the proofs counted, printed at the end of a run: `promises: P1 60 kills, 0 lost`.

A proof that was skipped shows nothing: what was not tried is told there, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

RecordCount = Callable[..., None]


@pytest.fixture
def record_count(request: pytest.FixtureRequest) -> RecordCount:
    """Keep what a proof counted: `record_count("P1", kills=60, lost=0)`; call it before asserting.

    Figures travel with the report of the test, so they also arrive from the processes of xdist.
    """

    def keep(promise: str, **figures: float) -> None:
        request.node.user_properties.append(("count", [promise, figures]))

    return keep


def lines(counted: list[tuple[str, str, dict[str, float]]]) -> list[str]:
    """One line for each (promise, test, figures), in the order of the promises."""
    return [
        f"promises: {promise} {', '.join(_phrase(*figure) for figure in figures.items())} ({test})"
        for promise, test, figures in sorted(counted, key=lambda row: (_place(row[0]), row[1]))
    ]


def not_tried(skipped: Iterable[tuple[str, str]], shown: Mapping[str, list[str]]) -> list[str]:
    """One line for each promise that a skipped test shows, and each reason why it was skipped."""
    found: dict[tuple[str, str], set[str]] = {}
    for node, reason in skipped:
        test = node.removeprefix("tests/").partition("[")[0]
        for promise in shown.get(test, []):
            found.setdefault((promise, reason), set()).add(test.rpartition("::")[2])
    return [
        f"promises: {promise} not tried: {reason} ({', '.join(sorted(tests))})"
        for (promise, reason), tests in sorted(
            found.items(), key=lambda row: (_place(row[0][0]), row[0][1])
        )
    ]


def shown_by_tests() -> dict[str, list[str]]:
    """The promises that each test shows, by the table of tests/README.md."""
    shown: dict[str, list[str]] = {}
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    for promise, row in re.findall(r"^\| (P\d+) \|(.*)", text, re.M):
        for test in re.findall(r"`([\w/]+\.py::\w+)`", row):
            shown.setdefault(test, []).append(promise)
    return shown


def _place(promise: str) -> int:
    return int(re.sub(r"\D", "", promise))


def _phrase(name: str, figure: float) -> str:
    number = f"{figure:,}" if isinstance(figure, int) else f"{figure:,.2f}"
    return f"{number} {name.replace('_', ' ')}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures of every proof that ran, passed or not, and which were skipped."""
    reports = [each for kind in terminalreporter.stats.values() for each in kind]
    counted = [
        (value[0], report.nodeid.rpartition("::")[2], value[1])
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "count"
    ]
    skipped = [
        (report.nodeid, report.longrepr[2].removeprefix("Skipped: "))
        for report in terminalreporter.stats.get("skipped", [])
    ]
    if told := [*lines(counted), *not_tried(skipped, shown_by_tests())]:
        terminalreporter.section("What the promises were tried with")
        for line in told:
            terminalreporter.write_line(line)
