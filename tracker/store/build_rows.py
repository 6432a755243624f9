"""The rows of a build's reports and results: writing them, and the names and texts they use.

What is written was decided before; names and texts that are here already stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from tracker.store import absences, build_verdicts
from tracker.store.identity import twin
from tracker.store.late_failures import count_late
from tracker.store.merge import Merged, merge, totals
from tracker.store.models import Build, Job
from tracker.store.outcomes import Place
from tracker.store.records import Contents, ReadReport
from tracker.store.retention import place_to_judge_from
from tracker.store.sql import IN, listed, run, run_many

# Of another build at most so many cases are read for each result there is to write.
_FOR_EACH = 20


def write_whole(
    job: Job, build: Build, reports: Sequence[ReadReport], merged: Merged | None = None
) -> None:
    """Put the build's reports and results in the place of whatever was there.

    `merged` are the reports laid together, where that is done. What was said of the build is taken
    back where it can be said anew. The caller saves it and judges it.
    """
    for table in ("result", "attempt", "output", "suite_run", "report"):
        run(f"DELETE FROM {table} WHERE build_id = ?", build.id)
    for name in totals(()):
        setattr(build, name, 0)
    build.damaged = 0
    add_reports(job, build, reports, merge(reports) if merged is None else merged)


def add_reports(
    job: Job,
    build: Build,
    reports: Sequence[ReadReport],
    merged: Merged,
    contents: Sequence[Contents] = (),
) -> None:
    """Add reports to a build that has none of their results, which are in `merged`.

    `contents` has the names and texts where the reports have none. What was said of the build is
    taken back where it can be said anew. The caller saves it and judges it.
    """
    earlier = _cases_of_another_build(job, build, len(merged.results))
    for each in contents or [report.contents for report in reports]:
        _write_names(each, merged, earlier)
    numbers = _number_reports(build.id, reports)
    _write_results(build.id, merged, numbers)
    _write_report_rows(build.id, reports, merged.overlaps, numbers)
    if _can_be_judged(job, build):
        build_verdicts.take_back(build)
        absences.take_back(build)
    else:
        count_late(job.id, build)
    for name, count in totals(merged.results).items():
        setattr(build, name, getattr(build, name) + count)
    build.damaged += sum(report.recovered or bool(report.failure) for report in reports)


def _can_be_judged(job: Job, build: Build) -> bool:
    """Whether the history that the build is judged by is all there: otherwise its verdicts stay."""
    place = Place(build.id, build.epoch, build.number)
    return place_to_judge_from(job.id, place) == place


def _cases_of_another_build(job: Job, build: Build, results: int) -> set[int]:
    """The cases of the job's newest other build with results: nearly all of this one's.

    None where this one's `results` are few beside them: they are sooner asked for one by one.
    """
    newest = run(
        "SELECT id, total FROM build WHERE job_id = ? AND id <> ? AND total > 0"
        " ORDER BY epoch DESC, number DESC LIMIT 1",
        job.id,
        build.id,
    )
    for other, total in newest:
        if total <= _FOR_EACH * results:
            return {case for (case,) in run("SELECT case_id FROM result WHERE build_id = ?", other)}
    return set()


def _write_names(contents: Contents, merged: Merged, known: set[int]) -> None:
    """Write suites, cases and texts that are not here yet."""
    unknown = contents.cases.keys() - known
    if merged.overlaps:  # a test that was read twice has the name of its first report
        unknown &= {row[0] for row in merged.results}
    fresh = _not_here(unknown)
    rows = sorted(
        (case, suite, name, contents.variant, twin(name))
        for case, (suite, name) in contents.cases.items()
        if case in fresh
    )
    suites = {row[1] for row in rows} | contents.suite_runs.keys()
    run_many(
        "INSERT INTO suite (id, path) VALUES (?, ?) ON CONFLICT DO NOTHING",
        sorted((suite, contents.suites[suite]) for suite in suites),
    )
    run_many(
        "INSERT INTO test_case (id, suite_id, name, variant, twin) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        rows,
    )
    run_many(
        "INSERT INTO failure (id, type, message, trace) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        sorted((failure, *texts) for failure, texts in contents.failures.items()),
    )
    run_many(
        "INSERT INTO detail (id, data) VALUES (?, ?) ON CONFLICT DO NOTHING",
        sorted(contents.details.items()),
    )


def _not_here(cases: Collection[int]) -> set[int]:
    """Those that the table of cases does not have."""
    if not cases:
        return set()
    rows = run(
        f"SELECT id FROM test_case WHERE id IN {IN}",
        listed(cases),
    )
    return set(cases) - {case for (case,) in rows}


def _number_reports(build_id: int, reports: Sequence[ReadReport]) -> dict[str, int]:
    """The number of each report in its build, by which results name it."""
    rows = run("SELECT name, n FROM report WHERE build_id = ?", build_id)
    numbers: dict[str, int] = dict(rows)
    free = max(numbers.values(), default=-1) + 1
    fresh = sorted({report.name for report in reports} - numbers.keys())
    return {**numbers, **{name: n for n, name in enumerate(fresh, free)}}


def _write_results(build_id: int, merged: Merged, numbers: Mapping[str, int]) -> None:
    run_many(
        "INSERT INTO result"
        " (build_id, case_id, status, duration, failure_id, detail_id, report, place)"
        f" VALUES ({int(build_id)}, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*row, numbers.get(source), place)
            for row, source, place in zip(
                merged.results, merged.sources, merged.places, strict=True
            )
        ],
    )
    run_many(
        "INSERT INTO attempt (build_id, case_id, n, status, duration, failure_id)"
        f" VALUES ({int(build_id)}, ?, ?, ?, ?, ?)",
        merged.attempts,
    )
    run_many(
        f"INSERT INTO output (build_id, case_id, stdout, stderr) VALUES ({int(build_id)}, ?, ?, ?)",
        merged.outputs,
    )
    run_many(
        "INSERT INTO suite_run (build_id, suite_id, variant, detail_id, stdout, stderr)"
        f" VALUES ({int(build_id)}, ?, ?, ?, ?, ?)",
        [(*key, *told) for key, told in sorted(merged.suite_runs.items())],
    )


def _write_report_rows(
    build_id: int,
    reports: Sequence[ReadReport],
    overlaps: Mapping[str, str],
    numbers: Mapping[str, int],
) -> None:
    run_many(
        "DELETE FROM report WHERE build_id = ? AND name = ?",
        [(build_id, report.name) for report in reports],
    )
    rows = report_rows(reports, overlaps)
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        run_many(
            f"INSERT INTO report (build_id, {', '.join(rows[0])}, n)"
            f" VALUES ({int(build_id)}, {marks}, ?)",
            [
                (*row.values(), numbers[report.name])
                for row, report in zip(rows, reports, strict=True)
            ],
        )


def report_rows(
    reports: Sequence[ReadReport], overlaps: Mapping[str, str]
) -> list[dict[str, object]]:
    """The rows of reports by column; `overlaps` is what each shares with others, in words."""
    return [
        {
            "name": report.name,
            "sha256": report.sha256,
            "bytes": report.size,
            "variant": report.variant,
            "format": report.format,
            "parser_version": report.parser_version,
            "cases": len(report.contents.results) if report.cases is None else report.cases,
            "recovered": report.recovered,
            "failure": report.failure,
            "stand_in": report.stand_in,
            "decides": report.decides,
            "archive": report.archive,
            "warnings": _warnings(report, overlaps),
        }
        for report in reports
    ]


def _warnings(report: ReadReport, overlaps: Mapping[str, str]) -> str:
    said = [*report.warnings, *filter(None, [overlaps.get(report.name)])]
    return msgspec.json.encode(said).decode()
