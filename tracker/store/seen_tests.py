"""Results and reports of builds as the causes of missing cases are told from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

import msgspec

from tracker.store.identity import SUITE_SEPARATOR
from tracker.store.records import DAMAGED, WENT_WRONG
from tracker.store.sql import IN, listed, run
from tracker.verdicts.lost_reports import read_to
from tracker.verdicts.missing import ReportSeen
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import Test

# Causes and reasons stand at the beginning of what a result says.
_MESSAGE, _TRACE = 2_000, 8_000
_STATUSES = tuple(Status)  # a hundred thousand calls of the enumeration take half a second


def seen_in(
    build: int,
    cases: Collection[int],
    *,
    with_texts: bool = True,
    places: Mapping[int, int] | None = None,
) -> Iterator[Test]:
    """Results of a build with what may tell them from others.

    `places` says where in their reports they are to be taken to stand, as the build has it without.
    """
    if not cases:
        return
    rows = run(
        "SELECT c.id, c.suite_id, c.name, c.variant, r.report, r.place, r.status, r.duration,"
        " r.failure_id, r.detail_id FROM result r JOIN test_case c ON c.id = r.case_id"
        f" WHERE r.build_id = ? AND r.case_id IN {IN}",
        build,
        listed(cases),
    )
    names: dict[int, str] = dict(run("SELECT n, name FROM report WHERE build_id = ?", build))
    paths = _suites(row[1] for row in rows)
    traces = _traces(row[8] for row in rows) if with_texts else {}
    files = _files(row[9] for row in rows) if with_texts else {}
    for case, suite, name, variant, report, place, status, duration, failure, detail in sorted(
        rows
    ):
        yield Test(
            case,
            paths[suite],
            name,
            variant,
            files.get(detail, ""),
            names.get(report, ""),
            place if places is None else places.get(case),
            _STATUSES[status],
            duration,
            traces.get(failure, ""),
        )


def last_seen(
    builds: Sequence[int],
    seen: Sequence[Set[int]],
    cases: Set[int],
    *,
    with_texts: bool,
) -> Iterator[Test]:
    """The cases as they were in the newest build that has them; `seen` says which each has."""
    left = set(cases)
    for build, there in zip(builds, seen, strict=True):
        if mine := left & there:
            yield from seen_in(build, mine, with_texts=with_texts)
            left -= mine


def last_places(builds: Iterable[int], cases: Collection[int]) -> dict[int, int]:
    """The places that cases had in the newest build that has them, where they are known."""
    left = set(cases)
    found: dict[int, int] = {}
    sql = f"SELECT case_id, place FROM result WHERE build_id = ? AND case_id IN {IN}"
    for build in builds:
        if not left:
            break
        there: dict[int, int | None] = dict(run(sql, build, listed(left)))
        found.update((case, place) for case, place in there.items() if place is not None)
        left -= there.keys()
    return found


def reports_of(build: int) -> tuple[ReportSeen, ...]:
    """The reports of a build."""
    rows = run(
        "SELECT name, variant, cases, recovered, warnings, failure <> '' FROM report"
        " WHERE build_id = ? ORDER BY name",
        build,
    )
    return tuple(_seen(*row) for row in rows)


def _seen(
    name: str, variant: str, cases: int, is_recovered: bool, warnings: str, is_unreadable: bool
) -> ReportSeen:
    """A report that is not whole was cut, unless all that is said is that its run went wrong."""
    said = msgspec.json.decode(warnings, type=list[str]) if is_recovered else []
    is_troubled = any(each.startswith(WENT_WRONG) for each in said)
    is_cut = bool(is_recovered) and not (
        is_troubled and not any(each.startswith(DAMAGED) for each in said)
    )
    return ReportSeen(
        name,
        variant,
        cases,
        cut=is_cut,
        unreadable=bool(is_unreadable),
        troubled=is_troubled and not is_cut,
    )


def reports_read_to(build: int, before: Sequence[int]) -> tuple[ReportSeen, ...]:
    """The reports of a build; of those that end early, where the newest build before them had
    their last case.
    """
    return tuple(
        replace(report, read_to=_read_to(report.name, build, before)) if report.cut else report
        for report in reports_of(build)
    )


def _read_to(report: str, build: int, before: Sequence[int]) -> int | None:
    here = _order(report, build)
    earlier = next((rows for each in before if (rows := _order(report, each))), [])
    if not earlier or any(place is None for _, place in (*earlier, *here)):
        return None
    return read_to([case for case, _ in earlier], [case for case, _ in here])


def _order(report: str, build: int) -> list[tuple[int, int | None]]:
    """The cases that a build has from a report, in its order, with their places."""
    rows = run(
        "SELECT r.case_id, r.place FROM report p JOIN result r ON r.build_id = p.build_id"
        " AND r.report = p.n WHERE p.build_id = ? AND p.name = ? ORDER BY r.place",
        build,
        report,
    )
    return [(case, place) for case, place in rows]


def _suites(ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    rows = run(f"SELECT id, path FROM suite WHERE id IN {IN}", listed(set(ids)))
    return {suite: tuple(path.split(SUITE_SEPARATOR)) if path else () for suite, path in rows}


def _traces(ids: Iterable[int | None]) -> dict[int | None, str]:
    """Message and trace by the id of the text, which many results may share."""
    rows = run(
        f"SELECT id, substr(message, 1, {_MESSAGE}), substr(trace, 1, {_TRACE}) FROM failure"
        f" WHERE id IN {IN}",
        listed(set(ids) - {None}),
    )
    return {failure: "\n".join(filter(None, texts)) for failure, *texts in rows}


def _files(ids: Iterable[int | None]) -> dict[int | None, str]:
    sql = f"SELECT id, json_extract(data, '$.file') FROM detail WHERE id IN {IN}"
    return {detail: file or "" for detail, file in run(sql, listed(set(ids) - {None}))}
