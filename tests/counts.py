"""What the proofs counted, printed at the end of a run: `promises: P1 60 kills, 0 lost`."""

from __future__ import annotations

import re
from collections.abc import Callable
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


def _place(promise: str) -> int:
    return int(re.sub(r"\D", "", promise))


def _phrase(name: str, figure: float) -> str:
    number = f"{figure:,}" if isinstance(figure, int) else f"{figure:,.2f}"
    return f"{number} {name.replace('_', ' ')}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures of every proof that ran, passed or not."""
    reports = [each for kind in terminalreporter.stats.values() for each in kind]
    counted = [
        (value[0], report.nodeid.rpartition("::")[2], value[1])
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "count"
    ]
    if counted:
        terminalreporter.section("What the promises were tried with")
        for line in lines(counted):
            terminalreporter.write_line(line)
