"""Which signature each failure of a build has: derived from its results, anew when they change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tracker.clock import DAY
from tracker.store.connection import reading
from tracker.store.identity import SUITE_SEPARATOR
from tracker.store.outcomes import JUDGED
from tracker.store.sql import Row, run, run_many
from tracker.verdicts.outcomes import Status
from tracker.verdicts.signatures import Signature, signature

# What `clustered` of a build is when its sightings are those of its results.
UP_TO_DATE = f"CASE WHEN {JUDGED} AND failed + error > 0 THEN coalesce(changed, 0) ELSE -1 END"
_AT_ONCE = 2_000  # texts of failures in memory at a time
_COLUMNS = "id, algorithm, type, message, frames, helpers, place, words"
# The same of a table `s`.
SIGNATURE = ", ".join(f"s.{name}" for name in _COLUMNS.split(", "))


@dataclass(frozen=True)
class Unsorted:
    """A build whose failures are to be looked at: when it ran (ms), and how it stands now."""

    build_id: int
    job_id: int
    at: int
    mark: int

    @property
    def day(self) -> int:
        """The day on which it ran, counted from 1970."""
        return self.at // DAY


@dataclass(frozen=True)
class Known:
    """A signature on record with its family and the day of the first build that has it."""

    signature: Signature
    family: int
    day: int


def unsorted(job: str, most: int) -> list[Unsorted]:
    """Builds whose sightings are not those of their results, oldest first; of one job, or all."""
    rows = run(
        f"SELECT id, job_id, coalesce(started, heard), {UP_TO_DATE} FROM build"
        f" WHERE let_go IS NULL AND clustered <> {UP_TO_DATE}"
        " AND (? = '' OR job_id = (SELECT id FROM job WHERE name = ?))"
        " ORDER BY coalesce(started, heard), job_id, epoch, number LIMIT ?",
        job,
        job,
        most,
    )
    return [Unsorted(*row) for row in rows]


def as_recorded(build_id: int) -> Unsorted:
    """A build as it stands now."""
    [row] = run(
        f"SELECT id, job_id, coalesce(started, heard), {UP_TO_DATE} FROM build WHERE id = ?",
        build_id,
    )
    return Unsorted(*row)


def signatures_of(build: Unsorted, own: Sequence[str]) -> dict[int, Signature]:
    """The signature of each case that failed in the build, made without holding any lock.

    `own` are how names of the team's own packages and paths begin; without any, the product is
    what belongs to no known library.
    """
    if build.mark < 0:
        return {}
    found: dict[int, Signature] = {}
    cache: dict[tuple[object, ...], Signature] = {}
    for case, path, name, failure, type, message, trace in _failures(build.build_id):
        bare = name.partition("[")[0].partition("(")[0]  # all that counts of a name
        key = (failure, path, bare)
        if key not in cache:
            suite = path.split(SUITE_SEPARATOR) if path else ()
            cache[key] = signature(type, message, trace, suite, bare, own)
        found[case] = cache[key]
    return found


def _failures(build_id: int) -> Iterator[Row]:
    for status in (Status.FAILED, Status.ERROR):
        last = -1
        while True:
            with reading():
                rows = run(
                    "SELECT r.case_id, s.path, c.name, r.failure_id, coalesce(f.type, ''),"
                    " coalesce(f.message, ''), coalesce(f.trace, '') FROM result r"
                    " JOIN test_case c ON c.id = r.case_id JOIN suite s ON s.id = c.suite_id"
                    " LEFT JOIN failure f ON f.id = r.failure_id WHERE r.build_id = ?"
                    f" AND r.status <> 0 AND r.status = {int(status)} AND r.case_id > ?"
                    " ORDER BY r.case_id LIMIT ?",
                    build_id,
                    last,
                    _AT_ONCE,
                )
            yield from rows
            if len(rows) < _AT_ONCE:
                break
            last = rows[-1][0]


def write_signatures(fresh: Iterable[tuple[Signature, int, int, int]]) -> None:
    """Put signatures on record: each with its family, and when it was first and last seen (ms)."""
    run_many(
        f"INSERT INTO signature ({_COLUMNS}, family_id, first, last)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*signature_row(each), *rest) for each, *rest in fresh],
    )


def write_sightings(build: Unsorted, found: Mapping[int, int]) -> None:
    """Put a build's sightings, case to signature, in the place of those that were there."""
    before = {
        row[0]
        for row in run("SELECT signature_id FROM appearance WHERE build_id = ?", build.build_id)
    }
    run("DELETE FROM sighting WHERE build_id = ?", build.build_id)
    run("DELETE FROM appearance WHERE build_id = ?", build.build_id)
    run_many(
        f"INSERT INTO sighting (build_id, case_id, signature_id) VALUES ({build.build_id}, ?, ?)",
        sorted(found.items()),
    )
    cases = Counter(found.values())
    run_many(
        f"INSERT INTO appearance (signature_id, build_id, cases) VALUES (?, {build.build_id}, ?)",
        sorted(cases.items()),
    )
    run_many(
        "UPDATE signature SET first = CASE last WHEN 0 THEN ? ELSE min(first, ?) END,"
        " last = max(last, ?) WHERE id = ?",
        [(build.at, build.at, build.at, each) for each in sorted(cases)],
    )
    date_anew(before - cases.keys())
    run("UPDATE build SET clustered = ? WHERE id = ?", build.mark, build.build_id)


def date_anew(signatures: Iterable[int]) -> None:
    """Find out again when signatures were first and last seen."""
    seen = "FROM appearance a JOIN build b ON b.id = a.build_id WHERE a.signature_id = signature.id"
    run_many(
        "UPDATE signature SET"
        f" first = coalesce((SELECT min(coalesce(b.started, b.heard)) {seen}), first),"
        f" last = coalesce((SELECT max(coalesce(b.started, b.heard)) {seen}), 0) WHERE id = ?",
        [(each,) for each in sorted(signatures)],
    )


def known_signatures(where: str, *parameters: object) -> list[Known]:
    """The signatures `s` on record that a condition holds for."""
    rows = run(
        f"SELECT {SIGNATURE}, s.family_id, s.first FROM signature s WHERE {where}",
        *parameters,
    )
    return [Known(_signature(row[:8]), row[8], row[9] // DAY) for row in rows]


def signature_row(signature: Signature) -> Row:
    """A signature as it stands in the table, by the columns of `SIGNATURE`."""
    its = signature
    frames, helpers, words = (_json(each) for each in (its.frames, its.helpers, its.words))
    return (its.id, its.algorithm, its.type, its.message, frames, helpers, its.place, words)


def _signature(row: Row) -> Signature:
    number, algorithm, type, message, frames, helpers, place, words = row
    return Signature(
        number, algorithm, type, message, _texts(frames), _texts(helpers), place, _texts(words)
    )


def _texts(json: str) -> tuple[str, ...]:
    return msgspec.json.decode(json, type=tuple[str, ...])


def _json(texts: Sequence[str]) -> str:
    return msgspec.json.encode(texts).decode()
