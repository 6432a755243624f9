"""The benchmark of outages: every figure of a short run reaches its target."""

from __future__ import annotations

from tracker.verdicts.benchmark import outages


def test_outages_leave_no_trace_and_breaks_are_not_hidden() -> None:
    assert [figure.name for figure in outages.figures(quick=True) if not figure.reached] == []
