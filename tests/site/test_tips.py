"""What the bars of charts say in words."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from tests.site.test_charts import PLAIN
from tracker.queries.build_rows import BuildRow, Totals
from tracker.queries.cases import HistoryRow
from tracker.site import charts
from tracker.site.tips import build_tip, case_tip, totals_text

AT = datetime(2026, 11, 3, 2, 30, tzinfo=UTC)
FAILED = Totals(total=12, passed=4, failed=5, error=1, skipped=2, unknown=0)


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (Totals(0, 0, 0, 0, 0, 0), "no results"),
        (Totals(1, 1, 0, 0, 0, 0), "the only one passed"),
        (Totals(1200, 1200, 0, 0, 0, 0), "all 1 200 passed"),
        (Totals(3, 1, 0, 0, 1, 1), "none of 3 failed, 1 skipped, 1 unknown"),
        (FAILED, "6 of 12 failed, 2 skipped"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_totals_are_told_with_the_whole(totals: Totals, said: str) -> None:
    assert totals_text(totals) == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"totals": FAILED}, "6 of 12 failed, 2 skipped, 6 still failing"),
        (
            {"totals": FAILED, "regressions": 2, "new_failures": 1, "flaky": 1},
            "6 of 12 failed, 2 skipped, 3 newly broken, 2 still failing, 1 not alarming",
        ),
        (
            {"totals": FAILED, "not_judged": 4},
            "6 of 12 failed, 2 skipped, 2 still failing, 4 not judged",
        ),
        ({"judging": None}, "no results; not judged yet"),
        ({"judged": False, "judging": None}, "no results; not judged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bar_of_a_build_tells_its_totals_and_what_is_news(
    facts: dict[str, object], said: str
) -> None:
    build: BuildRow = dataclasses.replace(PLAIN, label="7", started=AT, **facts)  # type: ignore[arg-type]
    [bar] = charts.trend([build]).bars
    assert build_tip(bar) == f"#7, 2026-11-03 02:30 UTC: {said}"


@pytest.mark.parametrize(
    ("status", "judged", "said"),
    [
        ("failed", True, "failed"),
        ("passed", False, "passed; build not judged"),
        (None, True, "did not run"),
    ],
)
def test_a_bar_of_a_case_tells_what_became_of_it(
    status: str | None, judged: bool, said: str
) -> None:
    build = dataclasses.replace(PLAIN, label="7", started=AT, judged=judged)
    fields = {field.name: None for field in dataclasses.fields(HistoryRow)}
    row = HistoryRow(**{**fields, "build": build, "status": status})  # type: ignore[arg-type]
    [bar] = charts.strip([row]).bars
    assert case_tip(bar) == f"#7, 2026-11-03 02:30 UTC: {said}"
