"""What a bar of a chart says of its build; a page has up to five hundred, and writes each twice."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.queries.build_rows import BuildRow, Totals
from tracker.site.charts import Bar
from tracker.site.text import moment, number


def totals_text(totals: Totals) -> str:
    """Totals in words, the whole always named: `3 of 10 failed, 1 skipped`."""
    return ", ".join(_totals(totals))


def build_tip(bar: Bar) -> str:
    """A build with its totals, and what of its failures is news."""
    build = bar.build
    said = ", ".join((totals_text(build.totals), *_news(build)))
    judged = "" if build.has_verdicts else "; not judged yet" if build.judged else "; not judged"
    return f"#{build.label}, {moment(build.started)}: {said}{judged}"


def case_tip(bar: Bar) -> str:
    """What became of a case in a build."""
    word = bar.pieces[0].kind.partition(" ")[0]
    said = "did not run" if word == "absent" else word
    judged = "" if bar.build.judged else "; build not judged"
    return f"#{bar.build.label}, {moment(bar.build.started)}: {said}{judged}"


def _totals(totals: Totals) -> Iterator[str]:
    total = number(totals.total)
    if not totals.total:
        yield "no results"
    elif totals.failures:
        yield f"{number(totals.failures)} of {total} failed"
    elif totals.passed == totals.total:
        yield "the only one passed" if totals.total == 1 else f"all {total} passed"
    else:
        yield f"none of {total} failed"
    if totals.skipped:
        yield f"{number(totals.skipped)} skipped"
    if totals.unknown:
        yield f"{number(totals.unknown)} unknown"


def _news(build: BuildRow) -> Iterator[str]:
    if build.newly_broken:
        yield f"{number(build.newly_broken)} newly broken"
    if build.still_failing:
        yield f"{number(build.still_failing)} still failing"
    if build.has_verdicts and build.not_alarming:
        yield f"{number(build.not_alarming)} not alarming"
    if build.has_verdicts and build.not_judged:
        yield f"{number(build.not_judged)} not judged"
