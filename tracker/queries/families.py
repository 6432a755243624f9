"""Failure families: which there are, how many tests each holds now, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tracker.clock import DAY
from tracker.errors import NotFound
from tracker.queries.build_labels import called, label_of
from tracker.queries.case_rows import CaseRow, case_row
from tracker.queries.columns import at
from tracker.queries.facets import ExplainedFailures
from tracker.queries.family_facets import explained
from tracker.queries.idle import IS_BUILT, count_idle, idle_ids
from tracker.queries.select import select, snapshot
from tracker.queries.silent import IS_SILENT
from tracker.store.identity import id_of, key
from tracker.store.outcomes import JUDGED

# The list has the families seen in so many days before the newest failure.
DAYS = 60
# So many signatures, builds and decisions of a family are shown, the newest.
SHOWN = 60
_LONGEST_ID = 18

# The newest judged build of each job that is built; its parameter are the `idle_ids`.
NEWEST = (
    "SELECT (SELECT b.id FROM build b WHERE b.job_id = j.id AND"
    f" {JUDGED} ORDER BY b.epoch DESC, b.number DESC LIMIT 1) FROM job j"
    f" WHERE {IS_BUILT}"
)
# Whether no build but newest ones has it, nor had any that was let go.
_IS_NEW = (
    "CASE WHEN n.failures > 0 AND k.first >= n.began AND NOT EXISTS (SELECT 1 FROM signature g"
    " JOIN appearance a ON a.signature_id = g.id WHERE g.family_id = f.id"
    " AND a.build_id NOT IN (SELECT id FROM newest WHERE id IS NOT NULL)) THEN 1 ELSE 0 END"
)
_ROWS = (
    "WITH newest (id) AS (" + NEWEST + "), known AS (SELECT family_id, count(*) AS signatures,"
    " min(first) AS first, max(last) AS last FROM signature WHERE last > 0 GROUP BY family_id),"
    " failing AS (SELECT s.family_id, sum(a.cases) AS failures, count(DISTINCT b.job_id) AS jobs,"
    " min(coalesce(b.started, b.heard)) AS began"
    " FROM newest CROSS JOIN appearance a ON a.build_id = newest.id"
    " JOIN signature s ON s.id = a.signature_id JOIN build b ON b.id = a.build_id"
    " GROUP BY s.family_id)"
    " SELECT f.id, f.name, f.title, f.reason, k.signatures, k.first, k.last,"
    f" coalesce(n.failures, 0), coalesce(n.jobs, 0), {_IS_NEW} AS is_new"
    " FROM known k JOIN family f ON f.id = k.family_id LEFT JOIN failing n ON n.family_id = f.id"
)
_SHOWN = f"(n.failures > 0 OR k.last >= (SELECT max(last) FROM signature) - {DAYS * DAY})"


@dataclass(frozen=True)
class FamilyRow:
    """A family: what people call it, else what it is called by itself, and why it is one.

    `failures` are those of the newest judged builds of jobs that are built, in so many `jobs`; all
    failures of a family have one of its `signatures`. It `is_new` where only those builds ever had
    it. `examples` are the first tests of these failures, where they were asked for.
    """

    id: int
    name: str
    title: str
    reason: str
    signatures: int
    first_seen: datetime | None
    last_seen: datetime | None
    failures: int
    jobs: int
    is_new: bool
    examples: tuple[FailingCase, ...] = ()

    @property
    def called(self) -> str:
        """Its name, else its title."""
        return self.name or self.title


@dataclass(frozen=True)
class Now:
    """How many failures the newest judged builds of `jobs` have, and those in no family yet.

    In `silent` of the jobs that build has no results, and another had some. Jobs out of use do not
    count, nor do the `idle` ones, which had no build for long.
    """

    failures: int
    jobs: int
    unsorted: int
    silent: int
    idle: int


@dataclass(frozen=True)
class InBuild:
    """A family in a build: so many of all its failures are the family's."""

    id: int
    called: str
    failures: int


@dataclass(frozen=True)
class SignatureRow:
    """A signature of a family, by its key; `builds` have it in so many `failures`."""

    key: str
    type: str
    message: str
    frames: tuple[str, ...]
    place: str
    first_seen: datetime | None
    last_seen: datetime | None
    builds: int
    failures: int


@dataclass(frozen=True)
class FamilyBuild:
    """A build with failures of the family: so many of the build's failures, of its results."""

    job: str
    label: str
    started: datetime | None
    failures: int
    of: int
    total: int


@dataclass(frozen=True)
class FailingCase:
    """A test that fails with the family in the newest judged build of a job."""

    job: str
    build: str
    case: CaseRow


@dataclass(frozen=True)
class InJob:
    """In how many builds of a job the family was seen, of those judged since it first was."""

    job: str
    seen: int
    builds: int


@dataclass(frozen=True)
class Decided:
    """What people decided of a family: merged with, split off, or named; when, and by whom."""

    kind: str
    family: int
    other: int | None
    name: str
    at: datetime | None
    by: str


@dataclass(frozen=True)
class Family:
    """A family in full; of signatures and builds the newest, of all there are."""

    row: FamilyRow
    first: FamilyBuild | None
    signatures: tuple[SignatureRow, ...]
    builds: tuple[FamilyBuild, ...]
    seen: int
    jobs: tuple[InJob, ...]
    decided: tuple[Decided, ...]
    explained: ExplainedFailures | None


def now() -> Now:
    """The failures of the newest judged builds."""
    rows = select(
        f"SELECT b.failed + b.error, (SELECT coalesce(sum(a.cases), 0) FROM appearance a"
        f" WHERE a.build_id = b.id), {IS_SILENT} FROM build b WHERE b.id IN ({NEWEST})",
        idle_ids(),
    )
    return Now(
        failures=sum(row[0] for row in rows),
        jobs=len(rows),
        unsorted=sum(max(0, row[0] - row[1]) for row in rows),
        silent=sum(bool(row[2]) for row in rows),
        idle=count_idle(),
    )


def count_families() -> int:
    """How many families the list has."""
    return int(select(f"SELECT count(*) FROM ({_ROWS} WHERE {_SHOWN}) AS shown", idle_ids())[0][0])


def families(*, limit: int, offset: int = 0) -> list[FamilyRow]:
    """Those that fail now, the new and then the largest first; then those of the last days."""
    rows = select(
        f"{_ROWS} WHERE {_SHOWN}"
        " ORDER BY is_new DESC, coalesce(n.failures, 0) DESC, k.last DESC, f.id LIMIT ? OFFSET ?",
        idle_ids(),
        limit,
        offset,
    )
    return [_row(row) for row in rows]


def families_after(after: int, limit: int) -> list[FamilyRow]:
    """All families ever seen, in the order of their ids, those behind `after`."""
    rows = select(f"{_ROWS} WHERE f.id > ? ORDER BY f.id LIMIT ?", idle_ids(), after, limit)
    return [_row(row) for row in rows]


def family_row(number: str) -> FamilyRow:
    """The family; NotFound where there is none of this id."""
    is_number = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_ID
    wanted = int(number) if is_number else -1
    rows = select(f"{_ROWS} WHERE f.id = ?", idle_ids(), wanted)
    if not rows:
        raise NotFound(
            f"There is no family {number[:20]!r} here.", "The page of all families lists them."
        )
    return _row(rows[0])


def merged_into(number: str) -> str:
    """The family that took the place of this one; "" where none did."""
    if len(number) > _LONGEST_ID:
        return ""
    rows = select(
        "SELECT merged_into FROM family WHERE id = ? AND merged_into IS NOT NULL", int(number)
    )
    return str(rows[0][0]) if rows else ""


def family(number: str) -> Family:
    """The family with all that is shown of it."""
    with snapshot():
        row = family_row(number)
        return Family(
            row=row,
            first=next(iter(_builds(row.id, "ASC", 1)), None),
            signatures=tuple(_signatures(row.id)),
            builds=tuple(_builds(row.id, "DESC", SHOWN)),
            seen=_count_builds(row.id),
            jobs=tuple(_jobs(row.id)),
            decided=tuple(_decided(row.id)),
            explained=explained(row.id),
        )


def failing_cases(number: int, *, limit: int) -> list[FailingCase]:
    """The tests that fail with the family in the newest judged builds, by job, suite and name."""
    rows = select(
        f"WITH newest (id) AS ({NEWEST}), theirs (id) AS (SELECT DISTINCT a.build_id FROM newest"
        " CROSS JOIN appearance a ON a.build_id = newest.id"
        " JOIN signature g ON g.id = a.signature_id AND g.family_id = ?)"
        f" SELECT j.name, {label_of('b')}, c.id, s.path, c.name, c.variant, r.status, r.duration,"
        " coalesce(f.message, '') FROM theirs CROSS JOIN sighting x ON x.build_id = theirs.id"
        " JOIN signature g ON g.id = x.signature_id AND g.family_id = ?"
        " JOIN result r ON r.build_id = x.build_id AND r.case_id = x.case_id"
        " JOIN test_case c ON c.id = x.case_id JOIN suite s ON s.id = c.suite_id"
        " LEFT JOIN failure f ON f.id = r.failure_id"
        " JOIN build b ON b.id = x.build_id JOIN job j ON j.id = b.job_id"
        " ORDER BY j.name, s.path, c.name, c.variant LIMIT ?",
        idle_ids(),
        number,
        number,
        limit,
    )
    return [FailingCase(row[0], row[1], case_row(row[2:])) for row in rows]


def families_in(job: str, label: str) -> list[InBuild]:
    """The families of a build's failures, the largest first."""
    is_asked_for, parameters = called("b", label)
    rows = select(
        "SELECT f.id, coalesce(nullif(f.name, ''), f.title), sum(a.cases) FROM appearance a"
        " JOIN signature s ON s.id = a.signature_id JOIN family f ON f.id = s.family_id"
        " WHERE a.build_id = (SELECT b.id FROM build b JOIN job j ON j.id = b.job_id"
        f" WHERE j.name = ? AND {is_asked_for})"
        " GROUP BY f.id ORDER BY sum(a.cases) DESC, f.id",
        job,
        *parameters,
    )
    return [InBuild(*row) for row in rows]


def family_of(job: str, label: str, case_key: str) -> InBuild | None:
    """The family of a case's failure in a build, with how many failures of the build it has."""
    is_asked_for, parameters = called("b", label)
    rows = select(
        "SELECT g.family_id FROM build b JOIN job j ON j.id = b.job_id"
        " JOIN sighting x ON x.build_id = b.id AND x.case_id = ?"
        f" JOIN signature g ON g.id = x.signature_id WHERE j.name = ? AND {is_asked_for}",
        id_of(case_key),
        job,
        *parameters,
    )
    ids = {row[0] for row in rows}
    return next((row for row in families_in(job, label) if row.id in ids), None) if ids else None


def _row(row: tuple[Any, ...]) -> FamilyRow:
    number, name, title, reason, signatures, first, last, failures, jobs, is_new = row
    seen = (at(first), at(last))
    return FamilyRow(number, name, title, reason, signatures, *seen, failures, jobs, bool(is_new))


_BUILDS_OF = (
    "(SELECT a.build_id, sum(a.cases) AS failures FROM signature g"
    " JOIN appearance a ON a.signature_id = g.id WHERE g.family_id = ? GROUP BY a.build_id)"
)


def _builds(number: int, order: str, limit: int) -> list[FamilyBuild]:
    rows = select(
        f"SELECT j.name, {label_of('b')}, b.started, x.failures, b.failed + b.error, b.total"
        f" FROM {_BUILDS_OF} x JOIN build b ON b.id = x.build_id JOIN job j ON j.id = b.job_id"
        f" ORDER BY coalesce(b.started, b.heard) {order}, j.name {order}, b.epoch {order},"
        f" b.number {order} LIMIT ?",
        number,
        limit,
    )
    return [FamilyBuild(row[0], row[1], at(row[2]), *row[3:]) for row in rows]


def _count_builds(number: int) -> int:
    return int(select(f"SELECT count(*) FROM {_BUILDS_OF} AS ours", number)[0][0])


def _signatures(number: int) -> list[SignatureRow]:
    rows = select(
        "SELECT g.id, g.type, g.message, g.frames, g.place, g.first, g.last,"
        " count(*), sum(a.cases) FROM signature g JOIN appearance a ON a.signature_id = g.id"
        " WHERE g.family_id = ?"
        " GROUP BY g.id ORDER BY g.last DESC, sum(a.cases) DESC, g.id LIMIT ?",
        number,
        SHOWN,
    )
    return [
        SignatureRow(
            key=key(row[0]),
            type=row[1],
            message=row[2],
            frames=tuple(msgspec.json.decode(row[3])),
            place=row[4],
            first_seen=at(row[5]),
            last_seen=at(row[6]),
            builds=row[7],
            failures=row[8],
        )
        for row in rows
    ]


def _jobs(number: int) -> list[InJob]:
    """The jobs the family was seen in, with how many of their builds since then had it."""
    first = (
        "SELECT o.epoch, o.number FROM ours x JOIN build o ON o.id = x.build_id"
        " WHERE o.job_id = j.id ORDER BY o.epoch, o.number LIMIT 1"
    )
    rows = select(
        f"WITH ours AS {_BUILDS_OF} SELECT j.name, count(*), (SELECT count(*) FROM build p"
        f" WHERE p.job_id = j.id AND {JUDGED} AND (p.epoch, p.number) >= ({first}))"
        " FROM ours JOIN build b ON b.id = ours.build_id JOIN job j ON j.id = b.job_id"
        " GROUP BY j.id ORDER BY count(*) DESC, j.name",
        number,
    )
    return [InJob(*row) for row in rows]


def _decided(number: int) -> list[Decided]:
    rows = select(
        "SELECT kind, family_id, other_id, name, at, by FROM decision"
        " WHERE family_id = ? OR other_id = ? ORDER BY id DESC LIMIT ?",
        number,
        number,
        SHOWN,
    )
    return [
        Decided(kind, family, other, name, at(when), by)
        for kind, family, other, name, when, by in rows
    ]
