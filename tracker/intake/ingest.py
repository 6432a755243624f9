"""One build's reports, from the spool into the store: the end that all four ways in share."""

from __future__ import annotations

import dataclasses
import logging
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tracker import metrics
from tracker.errors import Busy, Conflict, SpoolDamage, Unreadable, Unrecognised, UsageError
from tracker.intake import spool
from tracker.intake.bundle import bundled
from tracker.intake.plugins import PluginSources
from tracker.intake.sandbox import Limits, read_reports
from tracker.intake.spool import SpooledReport
from tracker.intake.text import storable
from tracker.settings import Settings
from tracker.store.record import NeedsAllReports, record_build
from tracker.store.records import BuildFacts, ReadReport, Recorded, StoredReport, believable
from tracker.store.without_bytes import is_without_bytes

log = logging.getLogger("tracker.intake")

_ROUNDS = 5
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Intake:
    """What ingest needs of the settings."""

    spool: Path
    limits: Limits
    sources: PluginSources
    accept_new_jobs: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Intake:
        """The intake that the settings describe."""
        return cls(
            spool=settings.spool,
            limits=Limits(settings.parse_seconds, settings.parse_memory_mb),
            sources=PluginSources.of(settings.plugins_folder, settings.plugins_enabled),
            accept_new_jobs=settings.accept_new_jobs,
        )


@dataclass(frozen=True)
class Ingested:
    """What became of the reports: what was recorded, and what people should know about it."""

    recorded: Recorded
    refused: dict[str, str]
    warnings: dict[str, tuple[str, ...]]


def ingest(
    intake: Intake,
    facts: BuildFacts,
    reports: Sequence[SpooledReport],
    *,
    now: int,
    replace: bool = False,
    lost: Sequence[ReadReport] = (),
) -> Ingested:
    """Read the reports and record the build.

    A report that cannot be read is recorded as such beside readable ones, so that the build never
    looks whole. When none of an upload can be read nothing is recorded, and Unrecognised or
    Unreadable says why. A build of Jenkins is recorded in any case; an artifact that no parser
    recognises is none of its reports, and `lost` are reports that could not be fetched. A start
    that no clock can tell is left out. What Jenkins says just now is not recorded for a job that
    has another name meanwhile: NotFound.
    """
    began = monotonic()
    facts = dataclasses.replace(facts, started=believable(facts.started, now))
    files = bundled(intake.spool, reports)
    read = list(read_reports(files, intake.limits, intake.sources)) if files else []
    metrics.count_reports(map(_outcome, read), monotonic() - began)
    if facts.from_jenkins:
        read = [*(report for report in read if not report.unrecognised), *lost]
    elif files and all(report.failure for report in _without_archives(read)):
        raise _nothing_readable(read)
    recorded = _record(intake, facts, read, now, replace)
    metrics.count_ingest(monotonic() - began)
    _tell(recorded, monotonic() - began)
    return Ingested(
        recorded=recorded,
        refused={report.name: report.failure for report in read if report.failure},
        warnings={report.name: report.warnings for report in read if report.warnings},
    )


def _tell(recorded: Recorded, seconds: float) -> None:
    """One event for each build that is other than before: which request, or task, recorded it."""
    if recorded.revision:
        told = {
            "job": recorded.job,
            "build": recorded.number,
            "reports": len(recorded.added),
            "duration_ms": round(seconds * 1000, 1),
        }
        log.info("recorded", extra={"about": told})


def _outcome(report: ReadReport) -> tuple[str, str]:
    """What is counted of a report: its format, and how reading it went."""
    outcome = "refused" if report.failure else "damaged" if report.recovered else "read"
    return report.format or "none", outcome


def try_reading(intake: Intake, files: Mapping[str, Path]) -> list[ReadReport]:
    """What the files would be read as, by their names; nothing is kept of it.

    Raises Unrecognised or Unreadable where none of them can be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        reports = [
            SpooledReport(path.absolute(), name, "", path.stat().st_size)
            for name, path in files.items()
        ]
        bundles = bundled(Path(folder), reports)
        read = list(read_reports(bundles, intake.limits, intake.sources))
    readable = [report for report in read if not report.unrecognised]
    if not readable or all(report.failure for report in _without_archives(read)):
        raise _nothing_readable(read, kept=False)
    return readable


def _without_archives(read: Sequence[ReadReport]) -> list[ReadReport]:
    """The reports alone: what stands for an archive of others holds nothing itself."""
    archives = {report.archive for report in read if report.archive}
    return [report for report in read if report.sha256 not in archives]


def report_name(name: str) -> str:
    """The name of a report as it is kept: a relative path, as text; it is never opened."""
    clean = name.replace("\\", "/").strip("/ ")
    if not clean or len(clean) > 1000 or _CONTROL.search(clean):
        raise UsageError(
            f"A report cannot be called {name[:80]!r}.", "Give it a name of up to 1000 characters."
        )
    return storable(clean)


def _record(
    intake: Intake,
    facts: BuildFacts,
    read: Sequence[ReadReport],
    now: int,
    replace: bool,
) -> Recorded:
    """Record, reading older reports of the build again when the new ones touch their tests."""
    reread: list[ReadReport] | None = None
    for _ in range(_ROUNDS):
        try:
            return record_build(
                facts,
                read,
                now=now,
                replace_reports=replace,
                reread=reread,
                accept_new_job=intake.accept_new_jobs,
            )
        except NeedsAllReports as need:
            reread = _reread(intake, need)
    raise Busy("Other uploads keep changing this build.", "Send the report again shortly.")


def _reread(intake: Intake, need: NeedsAllReports) -> list[ReadReport]:
    """Older reports of the build, read again; SpoolDamage where one cannot be any more, Conflict
    where nobody wants to keep its bytes, or more comes of all together than is held.
    """
    read = {report.name: report for report in read_again(intake, need.stored)}
    for before in need.stored:
        if why := why_lost(before, read.get(before.name)):
            _check_kept(intake, need.build_id, before)
            _check_held(before, read.values())
            raise SpoolDamage(
                f"The older report {before.name!r} of this build cannot be read again ({why}).",
                "Nothing was recorded. Check the spool, then send the new report again.",
            )
    return list(read.values())


def why_lost(before: StoredReport, after: ReadReport | None) -> str:
    """Why a report that could be read once cannot be any more, "" where it can."""
    if after is None:
        return "it is no longer in its archive"
    return "" if before.failure else after.failure


def _check_kept(intake: Intake, build_id: int, report: StoredReport) -> None:
    """Conflict where the bytes of a report were let go: no later try finds them."""
    path = spool.path_of(intake.spool, report.archive or report.sha256)
    if not path.exists() and is_without_bytes(build_id):
        raise Conflict(
            f"The older report {report.name!r} of this build would be counted with the new one, but"
            " its bytes are not here: they were let go by age, or the build was imported without"
            " them.",
            "Nothing was recorded. Send all reports of the build in one upload with replace=true.",
        )


def _check_held(report: StoredReport, read: Iterable[ReadReport]) -> None:
    """Conflict where a report, which came alone, is too much together with the others."""
    beyond = {each.sha256 for each in read if each.is_beyond}
    if (report.archive or report.sha256) in beyond:
        raise Conflict(
            f"The older report {report.name!r} of this build would be counted with the new one, and"
            " together they exceed what is kept in memory for one build: half of parse_memory_mb.",
            "Nothing was recorded. Raise parse_memory_mb, then send the new report again.",
        )


def read_again(intake: Intake, stored: Sequence[StoredReport]) -> list[ReadReport]:
    """The reports of a build as the parsers of today read them.

    Of their archives there may be more: what was left out because another report had its bytes,
    and no other of `stored` has them any more, or what no parser recognised then.
    """
    files = [report for report in stored if report.sha256 and not report.archive]
    read = read_reports(_spooled(intake, files), intake.limits, intake.sources) if files else ()
    never_had = [
        ReadReport(
            report.name, "", 0, report.variant, failure=report.failure, stand_in=report.stand_in
        )
        for report in stored
        if not report.sha256
    ]
    names = {report.name for report in stored}
    digests = {report.sha256 for report in stored}
    return [
        *never_had,
        *(
            report
            for report in read
            if report.name in names or not (report.unrecognised or report.sha256 in digests)
        ),
    ]


def _spooled(intake: Intake, stored: Iterable[StoredReport]) -> list[SpooledReport]:
    return [
        SpooledReport(
            spool.path_of(intake.spool, report.sha256),
            report.name,
            report.sha256,
            report.size,
            report.variant,
            report.stand_in,
            report.decides,
        )
        for report in stored
    ]


def _nothing_readable(
    read: Sequence[ReadReport], *, kept: bool = True
) -> Unrecognised | Unreadable:
    said = "; ".join(
        report.failure.rstrip(".")
        if report.unrecognised
        else f"{report.name!r} cannot be read: {report.failure}"
        for report in read[:5]
    )
    more = f" (and {len(read) - 5} more)" if len(read) > 5 else ""
    remedy = "`tracker plugins` lists what can be read."
    if kept:
        digests = ", ".join(report.sha256[:12] for report in read[:5])
        remedy = f"Nothing was recorded; the bytes are kept in the spool ({digests}…)."
    kind = Unrecognised if all(report.unrecognised for report in read) else Unreadable
    return kind(f"{said}{more}.", remedy)
