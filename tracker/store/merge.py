"""The results of a build as a function of its reports: each test once, the worse reading kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.store.records import AttemptRow, ReadReport, ResultRow
from tracker.verdicts.outcomes import WORST_FIRST, Status

_BADNESS = {int(status): place for place, status in enumerate(WORST_FIRST)}


@dataclass(frozen=True)
class Merged:
    """One row for each case, and for each report how many of its tests another one had too."""

    results: list[ResultRow]
    attempts: list[AttemptRow]
    outputs: list[tuple[int, str, str]]
    overlaps: dict[str, str]


def merge(reports: Sequence[ReadReport]) -> Merged:
    """Lay the reports of one build together, in the order of their names.

    The same case in two reports is the same test read twice: the worse status is kept (an error
    before a failure before unknown, passed and skipped), and of two equal ones that of the report
    whose name comes first.
    """
    ordered = sorted(reports, key=lambda report: (report.name, report.variant))
    if len(ordered) == 1:
        return _alone(ordered[0])
    kept: dict[int, tuple[ResultRow, ReadReport]] = {}
    overlaps: dict[str, str] = {}
    for report in ordered:
        twice: Counter[str] = Counter()
        for row in report.contents.results:
            before = kept.get(row[0])
            if before is None:
                kept[row[0]] = (row, report)
                continue
            twice[before[1].name] += 1
            if _BADNESS[row[1]] < _BADNESS[before[0][1]]:
                kept[row[0]] = (row, report)
        if twice:
            overlaps[report.name] = _say(twice)
    return Merged(
        results=sorted(row for row, _ in kept.values()),
        attempts=_of_kept_attempts(ordered, kept),
        outputs=_of_kept_outputs(ordered, kept),
        overlaps=overlaps,
    )


def totals(results: Iterable[ResultRow]) -> dict[str, int]:
    """How many results there are of each status, and `total`."""
    counts = Counter(row[1] for row in results)
    named = {status.word: counts[status] for status in Status}
    return {"total": sum(counts.values()), **named}


def _alone(report: ReadReport) -> Merged:
    contents = report.contents
    return Merged(
        results=sorted(contents.results),
        attempts=list(contents.attempts),
        outputs=[(case, *texts) for case, texts in contents.outputs.items()],
        overlaps={},
    )


def _say(twice: Counter[str]) -> str:
    where = ", ".join(f"{count} also in {name}" for name, count in sorted(twice.items()))
    return f"Tests read twice and counted once, the worse status kept: {where}."


def _of_kept_attempts(
    reports: Sequence[ReadReport], kept: dict[int, tuple[ResultRow, ReadReport]]
) -> list[AttemptRow]:
    return [
        attempt
        for report in reports
        for attempt in report.contents.attempts
        if kept[attempt[0]][1] is report
    ]


def _of_kept_outputs(
    reports: Sequence[ReadReport], kept: dict[int, tuple[ResultRow, ReadReport]]
) -> list[tuple[int, str, str]]:
    return [
        (case, *texts)
        for report in reports
        for case, texts in report.contents.outputs.items()
        if kept[case][1] is report
    ]
