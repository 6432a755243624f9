"""Episodes of cases: what they were up to a place, and what replaced what was said before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from tracker.store.outcomes import LATER, Place
from tracker.store.sql import IN, Row, listed, run, run_many
from tracker.verdicts.states import State
from tracker.verdicts.verdict import Verdict

_COLUMNS = (
    "job_id, case_id, from_build, until_build, state, since_build, was_unsteady, evidence, said"
)
_ENCODER = msgspec.json.Encoder(order="deterministic")
# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_VERDICT = msgspec.json.Decoder(Verdict)


@dataclass(frozen=True)
class Open:
    """An episode that lasts: its state, and the builds in which it began and the case broke."""

    state: State
    began: int
    since: int | None
    was_unsteady: bool


@dataclass(frozen=True)
class Began:
    """A new episode of a case, with the verdict that began it."""

    case: int
    since: int | None
    verdict: Verdict


class _Said(msgspec.Struct):
    """The part of a verdict that lists show."""

    sentence: str


_SAID = msgspec.json.Decoder(_Said)


def verdict_of(evidence: str) -> Verdict:
    """The verdict that began an episode, from `episode.evidence`."""
    return _VERDICT.decode(evidence)


def sentence_of(evidence: str) -> str:
    """Its sentence alone, for lists."""
    return _SAID.decode(evidence).sentence


def open_episodes(job_id: int) -> dict[int, Open]:
    """The episodes that last, by case."""
    rows = run(
        "SELECT case_id, state, from_build, since_build, was_unsteady FROM episode"
        " INDEXED BY episode_open WHERE job_id = ? AND until_build IS NULL",
        job_id,
    )
    return {row[0]: Open(State(row[1]), row[2], row[3], bool(row[4])) for row in rows}


def fixed_breaks(job_id: int, builds: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """For each case its breaks that were fixed in one of the builds, and count no more.

    The builds of the first failure and of the fix.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    rows = run(
        "SELECT case_id, since_build, from_build FROM episode INDEXED BY episode_from"
        f" WHERE from_build IN {IN} AND job_id = ? AND state = ?"
        " AND NOT was_unsteady",
        listed(builds),
        job_id,
        State.FIXED,
    )
    for case, broke, mended in rows:
        found.setdefault(case, []).append((broke, mended))
    return found


def end(job_id: int, cases: Iterable[int], build_id: int) -> None:
    """The episodes of these cases that last end with this build."""
    run_many(
        "UPDATE episode SET until_build = ?"
        " WHERE job_id = ? AND case_id = ? AND until_build IS NULL",
        [(build_id, job_id, case) for case in cases],
    )


def begin(job_id: int, began: Iterable[Began], build_id: int, revision: int) -> None:
    """Begin episodes with this build, first said at this revision."""
    run_many(
        f"INSERT INTO episode ({_COLUMNS}) VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?)",
        [
            (
                job_id,
                each.case,
                build_id,
                each.verdict.state,
                each.since,
                each.verdict.was_unsteady,
                _ENCODER.encode(each.verdict).decode(),
                revision,
            )
            for each in began
        ],
    )


def forget_from(job_id: int, place: Place) -> list[Row]:
    """Take back what the builds from `place` on said; the rows as they were.

    Episodes that began there are dropped, and those that ended there last again. Where something
    was said of these builds before, episodes that lasted may end there now: they are given too.
    """
    which = (job_id, *place.order)
    rows = run(
        f"SELECT {_COLUMNS} FROM episode WHERE from_build IN {LATER}"
        f" UNION SELECT {_COLUMNS} FROM episode WHERE until_build IN {LATER}"
        f" UNION SELECT {_COLUMNS} FROM episode INDEXED BY episode_open"
        " WHERE job_id = ? AND until_build IS NULL"
        f" AND EXISTS (SELECT 1 FROM build WHERE id IN {LATER} AND said IS NOT NULL)",
        *which,
        *which,
        job_id,
        *which,
    )
    run(f"DELETE FROM episode WHERE from_build IN {LATER}", *which)
    run(f"UPDATE episode SET until_build = NULL WHERE until_build IN {LATER}", *which)
    return rows


def keep_overruled(job_id: int, before: list[Row], revision: int, began: int | None = None) -> None:
    """Compare with what was said before: what is said again was said then, the rest is kept apart.

    An episode that merely goes on where it had ended, or ends elsewhere, is said anew. What was
    first said in a step of the judging that `began` at a revision is not kept.
    """
    if not before:
        return
    now = {row[:3]: row for row in _rows_of(job_id, {row[1:3] for row in before})}
    same = {row for row in before if now.get(row[:3], ())[:-1] == row[:-1]}
    run_many(
        "UPDATE episode SET said = ? WHERE job_id = ? AND case_id = ? AND from_build = ?",
        [
            (row[-1] if row in same else revision, *row[:3])
            for row in before
            if row not in same or now[row[:3]][-1] != row[-1]
        ],
    )
    run_many(
        f"INSERT INTO overruled ({_COLUMNS}, unsaid) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*row, revision)
            for row in before
            if row not in same and (began is None or row[-1] < began)
        ],
    )


def say_again(job_id: int, began: int) -> None:
    """After the last step of a judging: what was taken back since it `began` and is said again.

    The first step takes back all that the later ones say; so the steps leave no trace.
    """
    own = ("until_build", "state", "since_build", "was_unsteady", "evidence")
    rows = run(
        "SELECT o.id, o.said, e.case_id, e.from_build FROM overruled o JOIN episode e"
        " ON e.job_id = o.job_id AND e.case_id = o.case_id AND e.from_build = o.from_build"
        " WHERE o.job_id = ? AND o.unsaid >= ?"
        + "".join(f" AND e.{name} IS NOT DISTINCT FROM o.{name}" for name in own),
        job_id,
        began,
    )
    run_many(
        "UPDATE episode SET said = ? WHERE job_id = ? AND case_id = ? AND from_build = ?",
        [(said, job_id, case, build) for _, said, case, build in rows],
    )
    run_many("DELETE FROM overruled WHERE id = ?", [(row[0],) for row in rows])


def _rows_of(job_id: int, keys: Iterable[tuple[int, int]]) -> Iterator[Row]:
    """The episodes of these cases that began with these builds, those that are there."""
    cases: dict[int, list[int]] = {}
    for case, build_id in sorted(keys):
        cases.setdefault(build_id, []).append(case)
    for build_id, those in cases.items():
        yield from run(
            f"SELECT {_COLUMNS} FROM episode WHERE job_id = ? AND from_build = ?"
            f" AND case_id IN {IN}",
            job_id,
            build_id,
            listed(those),
        )
