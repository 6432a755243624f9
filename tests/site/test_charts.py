"""Charts as geometry: what is drawn is in proportion, inside the picture, and never lost."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tracker.queries.build_rows import BuildRow, Totals
from tracker.queries.cases import HistoryRow
from tracker.site import charts
from tracker.site.charts import Chart
from tracker.store.build_verdicts import Judging
from tracker.verdicts.budget import USUAL

PLAIN = BuildRow(
    job="nightly",
    number=1,
    epoch=0,
    label="1",
    state="finished",
    result="SUCCESS",
    complete=True,
    judged=True,
    started=None,
    duration=None,
    totals=Totals(0, 0, 0, 0, 0, 0),
    regressions=0,
    new_failures=0,
    fixed=0,
    suspects=0,
    flaky=0,
    recovering=0,
    in_incident=0,
    damaged=0,
    judging=Judging(1, 1.0, 10, USUAL, None),
    lifted=False,
    url="",
    branch="",
    commit="",
    upstream_job="",
    upstream_number=None,
    gone=False,
)


def build(
    passed: int = 0, failed: int = 0, skipped: int = 0, *, newly: int = 0, judged: bool = True
) -> BuildRow:
    totals = Totals(passed + failed + skipped, passed, failed, 0, skipped, 0)
    return dataclasses.replace(PLAIN, totals=totals, regressions=newly, judged=judged)


def kinds(chart: Chart, bar: int = 0) -> list[str]:
    return [piece.kind for piece in chart.bars[bar].pieces]


counts = st.integers(0, 200_000)
builds = st.lists(
    st.builds(build, counts, counts, counts, judged=st.booleans()), min_size=1, max_size=60
)


@hypothesis_settings(deadline=None)
@given(builds)
def test_nothing_is_drawn_outside_of_the_trend(rows: list[BuildRow]) -> None:
    assert_inside(charts.trend(rows))


@hypothesis_settings(deadline=None)
@given(builds)
def test_nothing_is_drawn_outside_of_the_failures(rows: list[BuildRow]) -> None:
    assert_inside(charts.failures(rows))


@hypothesis_settings(deadline=None)
@given(builds)
def test_nothing_is_drawn_outside_of_the_bar_of_totals(rows: list[BuildRow]) -> None:
    for row in rows:
        assert_inside(charts.totals_bar(row))


def assert_inside(chart: Chart) -> None:
    slack = 0.02
    for bar in chart.bars:
        for piece in bar.pieces:
            assert piece.width > 0
            assert piece.height >= 0
            assert piece.x >= -slack
            assert piece.y >= -slack
            assert piece.x + piece.width <= chart.width + slack
            assert piece.y + piece.height <= chart.height + slack


def test_there_is_one_bar_for_each_build() -> None:
    chart = charts.trend([build(1), build(2), build(3)])
    assert [bar.x for bar in chart.bars] == [0, charts.STEP, 2 * charts.STEP]


def test_the_full_height_is_the_build_with_most_results() -> None:
    chart = charts.trend([build(passed=50), build(passed=100)])
    assert chart.top == 100
    assert [bar.pieces[0].height for bar in chart.bars] == [charts.HEIGHT / 2, charts.HEIGHT]


def test_one_failure_of_many_is_seen() -> None:
    chart = charts.trend([build(passed=99_999, failed=1)])
    assert chart.bars[0].pieces[-1].kind == "failed"
    assert chart.bars[0].pieces[-1].height == charts.LEAST


def test_a_build_without_results_is_a_mark_of_its_own() -> None:
    assert kinds(charts.trend([build(), build(1)])) == ["absent"]


def test_passed_is_below_and_failed_on_top() -> None:
    chart = charts.trend([build(passed=1, failed=1, skipped=1)])
    heights = {piece.kind: piece.y for piece in chart.bars[0].pieces}
    assert heights["passed"] > heights["skipped"] > heights["failed"]


def test_a_build_that_is_not_judged_is_hollow() -> None:
    assert kinds(charts.trend([build(1, 1, judged=False)])) == [
        "passed unjudged",
        "failed unjudged",
    ]
    assert kinds(charts.failures([build(1, 1, judged=False)])) == ["failed unjudged"]


def test_newly_broken_stands_on_what_failed_before() -> None:
    chart = charts.failures([build(failed=4, newly=1)])
    still, newly = chart.bars[0].pieces
    assert (still.kind, newly.kind) == ("still", "newly")
    assert still.height == 3 * newly.height
    assert newly.y + newly.height == still.y


def test_where_nothing_failed_there_is_nothing_to_draw() -> None:
    chart = charts.failures([build(5), build(6)])
    assert chart.top == 0
    assert [kinds(chart, bar) for bar in (0, 1)] == [[], []]


@pytest.mark.parametrize("draw", [charts.trend, charts.failures, charts.strip])
def test_an_empty_chart_has_a_width(draw: object) -> None:
    chart = draw([])  # type: ignore[operator]
    assert chart.bars == ()
    assert chart.width > 0


def mark(status: str | None, *, judged: bool = True) -> HistoryRow:
    return HistoryRow(build(judged=judged), status, None, "", "", "", "", "")


def test_the_height_of_a_mark_says_the_status_without_its_colour() -> None:
    words = ("failed", "passed", "skipped", None)
    chart = charts.strip([mark(word) for word in words])
    heights = [bar.pieces[0].height for bar in chart.bars]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 4


@pytest.mark.parametrize(
    ("status", "judged", "kind"),
    [
        ("error", True, "error"),
        (None, True, "absent"),
        ("failed", False, "failed unjudged"),
    ],
)
def test_the_kind_of_a_mark_is_its_status(status: str | None, judged: bool, kind: str) -> None:
    assert kinds(charts.strip([mark(status, judged=judged)])) == [kind]


def test_the_bar_of_totals_begins_with_what_failed() -> None:
    chart = charts.totals_bar(build(passed=6, failed=3, skipped=3))
    pieces = chart.bars[0].pieces
    assert [(piece.kind, piece.x, piece.width) for piece in pieces] == [
        ("failed", 0, 30),
        ("skipped", 30, 30),
        ("passed", 60, 60),
    ]


def test_one_result_of_many_keeps_its_place_in_the_bar_of_totals() -> None:
    for row in (build(1, 1, 78), build(1, 9_000), build(9_000, 0, 1)):
        assert min(piece.width for piece in charts.totals_bar(row).bars[0].pieces) == charts.LEAST
