"""Cases that are slower or faster than they were: since when, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tracker.queries.build_labels import called, label_of
from tracker.queries.columns import suite_names
from tracker.queries.select import select, snapshot
from tracker.store.identity import id_of, key
from tracker.store.paces import Noticed, noticed_of
from tracker.verdicts.durations import Period


@dataclass(frozen=True)
class Usual:
    """The median of so many runs, in seconds."""

    median: float
    runs: int


@dataclass(frozen=True)
class PaceRow:
    """A case that became `factor` times slower or faster (`pace`).

    Builds are labels: it was `noticed` in one, and came `after` another and `by` a third with 99 %,
    most likely in `likely`. `chance` is how likely a build says so by chance.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    pace: str
    factor: float
    sentence: str
    before: Usual
    now: Usual
    noticed: str
    after: str | None
    by: str
    likely: str
    chance: float


def noticed_in(job: str, label: str) -> list[PaceRow]:
    """What a build showed to be slower or faster: the slower first, and what changed most."""
    is_asked_for, parameters = called("b", label)
    return _rows(
        f"j.name = ? AND b.job_id = j.id AND {is_asked_for}"
        " ORDER BY p.pace DESC, p.factor DESC, p.case_id",
        job,
        *parameters,
    )


def pace(job: str, case_key: str) -> PaceRow | None:
    """How a case runs now, against before; None where that is as ever."""
    rows = _rows("j.name = ? AND p.case_id = ? AND p.until_build IS NULL", job, id_of(case_key))
    return rows[0] if rows else None


def noticed_lately(job: str, builds: int) -> list[str]:
    """The keys of the cases that became slower or faster in the newest builds of a job."""
    rows = select(
        "SELECT DISTINCT p.case_id FROM pace p WHERE p.from_build IN (SELECT b.id FROM build b"
        " JOIN job j ON j.id = b.job_id WHERE j.name = ?"
        " ORDER BY b.epoch DESC, b.number DESC LIMIT ?) ORDER BY p.case_id",
        job,
        builds,
    )
    return [key(case) for (case,) in rows]


def _rows(where: str, *parameters: Any) -> list[PaceRow]:
    with snapshot():
        rows = select(
            "SELECT p.job_id, p.case_id, s.path, c.name, c.variant, p.evidence,"
            f" {label_of('b')} FROM pace p JOIN job j ON j.id = p.job_id"
            " JOIN build b ON b.id = p.from_build JOIN test_case c ON c.id = p.case_id"
            f" JOIN suite s ON s.id = c.suite_id WHERE {where}",
            *parameters,
        )
        found = [(row, noticed_of(row[5])) for row in rows]
        labels = _labels(rows[0][0], [each for _, each in found]) if rows else {}
    return [_row(row, noticed, labels) for row, noticed in found]


def _labels(job_id: int, found: Iterable[Noticed]) -> dict[tuple[int, int] | None, str]:
    """What the builds of the windows are called."""
    places = {
        place
        for each in found
        for place in (each.window.after, each.window.by, each.window.likely)
        if place
    }
    if not places:
        return {}
    marks = ", ".join("(?, ?)" for _ in places)
    rows = select(
        f"SELECT b.epoch, b.number, {label_of('b')} FROM build b"
        f" WHERE b.job_id = ? AND (b.epoch, b.number) IN (VALUES {marks})",
        job_id,
        *(number for place in sorted(places) for number in place),
    )
    return {(epoch, number): label for epoch, number, label in rows}


def _row(
    row: tuple[Any, ...], noticed: Noticed, labels: dict[tuple[int, int] | None, str]
) -> PaceRow:
    _, case, path, name, variant, _, label = row
    window = noticed.window
    return PaceRow(
        key=key(case),
        suite=suite_names(path),
        name=name,
        variant=variant,
        pace=noticed.pace.value,
        factor=noticed.factor,
        sentence=noticed.sentence,
        before=_usual(noticed.before),
        now=_usual(noticed.now),
        noticed=label,
        after=labels.get(window.after),
        by=labels[window.by],
        likely=labels[window.likely],
        chance=noticed.chance,
    )


def _usual(period: Period) -> Usual:
    return Usual(period.median / 1000, period.runs)
