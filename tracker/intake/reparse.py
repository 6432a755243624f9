"""Read spooled reports again after a parser got better: each build on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.errors import Conflict
from tracker.intake.archives import KINDS
from tracker.intake.ingest import Intake, read_again, why_lost
from tracker.intake.plugins import load_plugins
from tracker.intake.sniff import fingerprint
from tracker.store.records import ReadReport
from tracker.store.revise import OldReading, Revised, old_readings, revise


@dataclass(frozen=True)
class Reparsed:
    """What became of one build; `trouble` says why it was left as it is."""

    job: str
    number: int
    epoch: int
    revised: Revised
    trouble: str = ""


def reparse(
    intake: Intake,
    *,
    now: int,
    job: str = "",
    number: int | None = None,
    everything: bool = False,
    dry_run: bool = False,
) -> Iterator[Reparsed]:
    """Read the reports of builds again that today's parsers may read otherwise.

    A build is left as it is where one of its reports can no longer be read.
    """
    parsers = [plugin.parser for plugin in load_plugins(intake.sources)]
    versions = {parser.name: parser.version for parser in parsers}
    versions |= dict.fromkeys(KINDS, fingerprint(parsers))
    for old in old_readings(versions, job=job, number=number, everything=everything):
        reports = read_again(intake, old.reports)
        trouble = _trouble(old, reports)
        revised = Revised(0, 0)
        if not trouble:
            try:
                revised = revise(old, reports, now=now, dry_run=dry_run)
            except Conflict as error:
                trouble = str(error)
        yield Reparsed(old.job, old.number, old.epoch, revised, trouble)


def _trouble(old: OldReading, reports: Sequence[ReadReport]) -> str:
    read = {report.name: report for report in reports}
    for before in old.reports:
        if before.failure:  # nothing is lost with it
            continue
        if why := why_lost(before, read.get(before.name)):
            return f"The report {before.name!r} cannot be read again ({why}); nothing is changed."
    return ""
