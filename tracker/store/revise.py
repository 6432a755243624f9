"""Record what a build's reports say now that parsers read more of them: only what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.errors import Conflict
from tracker.store.build_rows import report_rows, write_whole
from tracker.store.connection import reading, writing
from tracker.store.merge import Merged, merge
from tracker.store.models import Build
from tracker.store.record import judge, stored_reports
from tracker.store.records import ReadReport, StoredReport
from tracker.store.retention import results_let_go
from tracker.store.revisions import next_revision, raise_revision
from tracker.store.sql import run, run_many, save
from tracker.store.work import ask_publishing


@dataclass(frozen=True)
class OldReading:
    """A build whose reports may be read otherwise today; `epoch` tells two of one number apart."""

    id: int
    job: str
    number: int
    epoch: int
    reports: tuple[StoredReport, ...]


@dataclass(frozen=True)
class Revised:
    """How many results and reports of a build differ from what was on record."""

    results: int
    reports: int


def old_readings(
    versions: Mapping[str, int],
    *,
    job: str = "",
    number: int | None = None,
    everything: bool = False,
) -> list[OldReading]:
    """Builds with a report that another version of its parser read, or that none could read, and
    those recorded before the place of a result in its report was kept.

    `versions` are those of today's parsers by format; what has none stays as it was read. With
    `everything`, all builds that have a report. Those whose results were let go never are; Conflict
    where `number` asks for one of them alone.
    """
    _refuse_let_go(job, number)
    with reading():
        rows = run(
            "SELECT DISTINCT b.id, j.name, b.number, b.epoch, r.format, r.parser_version,"
            " r.failure <> '' FROM report r JOIN build b ON b.id = r.build_id"
            " JOIN job j ON j.id = b.job_id WHERE r.sha256 <> ''"
            " AND b.let_go IS NULL AND (? = '' OR j.name = ?) AND b.number = coalesce(?, b.number)"
            " ORDER BY j.name, b.epoch, b.number",
            job,
            job,
            number,
        )
        without_places = {build for (build,) in run(_WITHOUT_PLACES)}
        wanted = {
            row[:4]
            for row in rows
            if everything
            or row[6]
            or versions.get(row[4], row[5]) != row[5]
            or row[0] in without_places
        }
        return [
            OldReading(row[0], row[1], row[2], row[3], tuple(stored_reports(row[0])))
            for row in dict.fromkeys(row[:4] for row in rows)
            if row in wanted
        ]


def _refuse_let_go(job: str, number: int | None) -> None:
    with reading():
        rows = run(
            "SELECT max(b.let_go) FROM build b JOIN job j ON j.id = b.job_id"
            " WHERE ? = j.name AND ? = b.number HAVING count(*) > 0 AND count(*) = count(b.let_go)",
            job,
            number,
        )
    for (at,) in rows:
        raise _let_go(job, number, at)


def _let_go(job: str, number: int | None, at: int) -> Conflict:
    remedy = "Its counts stay as they are; newer builds can be read again."
    return results_let_go(job, number, at, remedy=remedy)


def revise(old: OldReading, reports: Sequence[ReadReport], *, now: int, dry_run: bool) -> Revised:
    """Put the build's reports, as read now, in the place of what was recorded of them.

    Where nothing differs, nothing changes but the versions of the parsers. Raises Conflict where
    the build got other reports since `old` was read.
    """
    after = _to_record(reports)
    with reading() if dry_run else writing():
        if tuple(stored_reports(old.id)) != old.reports:
            raise Conflict(
                f"{old.job} #{old.number} got another report while its older ones were read.",
                "Run it again.",
            )
        for (at,) in run("SELECT let_go FROM build WHERE id = ? AND let_go IS NOT NULL", old.id):
            raise _let_go(old.job, old.number, at)
        before = _on_record(old.id)
        differing = {name: before[name] ^ after[name] for name in before}
        if not dry_run and any(differing.values()):
            _write(old.id, reports, now)
        elif not dry_run:
            run_many(
                "UPDATE report SET parser_version = ? WHERE build_id = ? AND name = ?",
                [(report.parser_version, old.id, report.name) for report in reports],
            )
        touched = set().union(*(differing[name] for name in ("result", "attempt", "output")))
        reread = (after["order"] - before["order"]) | differing["report"]
        return Revised(
            results=len({row[0] for row in touched}),
            reports=len({row[0] for row in reread}),
        )


def _write(build_id: int, reports: Sequence[ReadReport], now: int) -> None:
    build = Build.get_by_id(build_id)
    write_whole(build.job, build, reports)
    build.changed = next_revision()
    save(build)
    judge(build.job, build, is_news=True, now=now)
    raise_revision(build.job.id)
    ask_publishing(now=now)


# Builds with a result whose place in its report is not on record.
_WITHOUT_PLACES = (
    "SELECT b.id FROM build b WHERE b.total > 0 AND EXISTS"
    " (SELECT 1 FROM result r WHERE r.build_id = b.id AND r.place IS NULL)"
)

# For each table the columns that are compared, the one that counts differences first.
_COMPARED = {
    "result": "case_id, status, duration, failure_id, detail_id",
    "attempt": "case_id, n, status, duration, failure_id",
    "output": "case_id, stdout, stderr",
    "suite_run": "suite_id, variant, detail_id, stdout, stderr",
    "report": "name, format, cases, recovered, failure, warnings",
}
# Which report has a result at which place.
_ORDER = (
    "SELECT p.name, r.place, r.case_id FROM result r"
    " LEFT JOIN report p ON p.build_id = r.build_id AND p.n = r.report WHERE r.build_id = ?"
)


def _on_record(build_id: int) -> dict[str, set[tuple[object, ...]]]:
    found = {
        table: set(run(f"SELECT {columns} FROM {table} WHERE build_id = ?", build_id))
        for table, columns in _COMPARED.items()
    }
    return {**found, "order": set(run(_ORDER, build_id))}


def _to_record(reports: Sequence[ReadReport]) -> dict[str, set[tuple[object, ...]]]:
    merged: Merged = merge(reports)
    columns = _COMPARED["report"].split(", ")
    return {
        "result": set(merged.results),
        "order": set(
            zip(merged.sources, merged.places, (row[0] for row in merged.results), strict=True)
        ),
        "attempt": set(merged.attempts),
        "output": set(merged.outputs),
        "suite_run": {(*key, *told) for key, told in merged.suite_runs.items()},
        "report": {
            tuple(row[column] for column in columns)
            for row in report_rows(reports, merged.overlaps)
        },
    }
