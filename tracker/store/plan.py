"""Which reports of a recording are new, which are here already, and which have to give way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tracker.errors import Conflict
from tracker.store.records import ReadReport, StoredReport


@dataclass(frozen=True)
class Plan:
    """What to do with the reports of one recording.

    `known` ones are here, byte for byte; `replaced` are names of stored ones that give way;
    `untouched` are the stored ones that stay.
    """

    added: tuple[ReadReport, ...]
    known: tuple[str, ...]
    replaced: frozenset[str]
    untouched: tuple[StoredReport, ...]


def plan(stored: Sequence[StoredReport], reports: Sequence[ReadReport], *, replace: bool) -> Plan:
    """Compare the reports that came with those that the build has.

    The same bytes without a variant give way to those that come with one, and what could never be
    fetched to its parts. Raises Conflict for a name that was used for other bytes, unless `replace`
    is set or the older report could not be read and the newer one can.
    """
    here = {report.name: report for report in stored}
    told = {report.sha256 for report in reports if report.variant and not report.failure}
    giving_way = frozenset(
        report.name for report in reports if _gives_way(here.get(report.name), report, replace)
    ) | frozenset(
        older.name for older in stored if older.variant == "" and older.sha256 in told - {""}
    )
    giving_way |= _told_in_parts(stored, reports)
    giving_way |= _entries_of(stored, giving_way)
    others: dict[str, list[StoredReport | ReadReport]] = defaultdict(list)
    for older in stored:
        if older.name not in giving_way:
            others[_bytes(older)].append(older)
    added: dict[str, ReadReport] = {}
    known: list[str] = []
    for report in reports:
        if report.name in added and not _same_bytes(added[report.name], report):
            raise _two_of_a_name(report.name)
        if any(_is_read(other, report) for other in others[_bytes(report)]):
            known.append(report.name)
        elif report.name in here and report.name not in giving_way:
            raise _other_report(here[report.name], report)
        else:
            added[report.name] = report
            others[_bytes(report)].append(report)
    return _without_stand_ins(stored, added, known, giving_way)


def _without_stand_ins(
    stored: Sequence[StoredReport],
    added: Mapping[str, ReadReport],
    known: Iterable[str],
    giving_way: frozenset[str],
) -> Plan:
    """Jenkins' own reading stands in only until the build has a report of its own."""
    staying = [report for report in stored if report.name not in giving_way]
    everything: list[StoredReport | ReadReport] = [*staying, *added.values()]
    has_own = any(not report.stand_in and report.sha256 for report in everything)
    dropped = frozenset(report.name for report in staying if report.stand_in and has_own)
    return Plan(
        added=tuple(report for report in added.values() if not (report.stand_in and has_own)),
        known=tuple(known),
        replaced=dropped | giving_way,
        untouched=tuple(report for report in staying if report.name not in dropped),
    )


def _gives_way(older: StoredReport | None, newer: ReadReport, replace: bool) -> bool:
    """Whether a stored report makes room for one of its name."""
    if older is None:
        return False
    if older.sha256 == newer.sha256 and older.variant == newer.variant:
        return bool(older.failure) and not newer.failure
    return replace or (bool(older.failure) and not newer.failure)


def _told_in_parts(stored: Iterable[StoredReport], reports: Sequence[ReadReport]) -> frozenset[str]:
    """What could never be fetched, and has come as parts: named as it is, with their variants."""
    lost = {older.name for older in stored if older.failure and not older.sha256}
    return frozenset(
        name
        for name in lost
        for report in reports
        if report.variant
        and not report.failure
        and report.name.startswith(f"{name} {report.variant}")
    )


def _entries_of(stored: Sequence[StoredReport], archives: frozenset[str]) -> frozenset[str]:
    """The reports that came in archives which give way, and give way with them."""
    digests = {report.sha256 for report in stored if report.name in archives} - {""}
    return frozenset(report.name for report in stored if report.archive in digests)


def _is_read(other: StoredReport | ReadReport, report: ReadReport) -> bool:
    """Whether `other` holds what `report` does; what could not be read holds nothing."""
    return _same_bytes(other, report) and (not other.failure or bool(report.failure))


def _bytes(report: StoredReport | ReadReport) -> str:
    """What reports of the same bytes have in common; what has none, its name."""
    return report.sha256 or f"never fetched: {report.name}"


def _same_bytes(one: StoredReport | ReadReport, other: ReadReport) -> bool:
    """The same bytes count once; told with two different variants they are two reports.

    What could never be fetched has no bytes, and is told apart by its name.
    """
    if not (one.sha256 or other.sha256):
        return one.name == other.name
    return one.sha256 == other.sha256 and other.variant in (one.variant, "")


def _other_report(older: StoredReport, newer: ReadReport) -> Conflict:
    if older.sha256 == newer.sha256:
        return Conflict(
            f"The report {newer.name!r} of this build was recorded with the facets"
            f" {older.variant!r}, and comes with {newer.variant!r} now.",
            "Send the report of each platform under a name of its own.",
        )
    return Conflict(
        f"The report {newer.name!r} of this build was recorded with other bytes"
        f" (SHA-256 {older.sha256[:12]}…, now {newer.sha256[:12]}…).",
        "Send it under another name to add it, or with replace=true to put it in the old one's"
        " place.",
    )


def _two_of_a_name(name: str) -> Conflict:
    return Conflict(
        f"Two files of this upload are called {name!r} and differ.",
        "Give each file a name of its own.",
    )
