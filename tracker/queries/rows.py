"""The rows that queries return, and how they are read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tracker.store.build_verdicts import Judging
from tracker.store.connection import reading
from tracker.store.identity import SUITE_SEPARATOR, key
from tracker.store.late_failures import Late
from tracker.store.reading_time import reading_at_most, refuse_late
from tracker.store.sql import run
from tracker.store.state_words import BuildState, is_from_jenkins
from tracker.verdicts.incidents import is_out
from tracker.verdicts.outcomes import Status, is_judged

# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_JUDGING = msgspec.json.Decoder(Judging)
_LATE = msgspec.json.Decoder(Late)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# SQL: Jenkins has a job `j` and builds it, or only uploads speak of it. What others ended with
# stays as it is for ever, and is no state of today.
IN_USE = "j.standing = ''"


@dataclass(frozen=True)
class Totals:
    """How many results there are, and how many of each status."""

    total: int
    passed: int
    failed: int
    error: int
    skipped: int
    unknown: int

    @property
    def failures(self) -> int:
        """Failed and error together."""
        return self.failed + self.error


@dataclass(frozen=True)
class BuildRow:
    """One build: what Jenkins says of it, its totals and what is new in it.

    `label` names it in URLs: its number, or `number~epoch` where a newer epoch used the number.
    `duration` is in seconds. `judged` is False while it runs and where it was aborted or lost.
    Of one of which nobody said when it `started`, `heard` is when it was last told of.
    `gone` tells that Jenkins has it no more. `judging` says by which limits it was judged and
    whether it was an incident; one that was `lifted` was none, since the next one with results
    failed too.

    A complete one lacks `missing` of `expected` cases, under whatever name, and skips
    `newly_skipped` of them, as `shortfall` says in a sentence; `added` cases are new in it.

    Its results were `let_go` at a time, and the counts remain; those of a `kept` one never are.
    So many failures are `not_judged`, as their reports came when it could be judged no more.
    """

    job: str
    number: int
    epoch: int
    label: str
    state: str
    result: str | None
    complete: bool
    judged: bool
    started: datetime | None
    duration: float | None
    totals: Totals
    regressions: int
    new_failures: int
    fixed: int
    suspects: int
    flaky: int
    recovering: int
    in_incident: int
    damaged: int
    judging: Judging | None
    lifted: bool
    url: str
    branch: str
    commit: str
    upstream_job: str
    upstream_number: int | None
    gone: bool
    expected: int = 0
    missing: int = 0
    newly_skipped: int = 0
    added: int = 0
    shortfall: str = ""
    let_go: datetime | None = None
    kept: bool = False
    not_judged: int = 0
    heard: datetime | None = None

    @property
    def has_verdicts(self) -> bool:
        """Whether it was judged; one that waits for that, as its results are now, has no counts."""
        return self.judged and self.judging is not None

    @property
    def is_out(self) -> bool:
        """Whether it is kept out of the histories of its cases, as an incident."""
        is_incident = self.judging is not None and self.judging.incident is not None
        return is_out(is_incident=is_incident, is_lifted=self.lifted)

    @property
    def newly_broken(self) -> int:
        """Regressions and new failures together."""
        return self.regressions + self.new_failures

    @property
    def still_failing(self) -> int:
        """Failures of what broke in an earlier build; 0 where the build is not judged (yet).

        Of a build that got other results when it could be judged no more, as many as can be.
        """
        others = self.newly_broken + self.not_alarming + self.not_judged
        return max(0, self.totals.failures - others) if self.has_verdicts else 0

    @property
    def not_alarming(self) -> int:
        """Failures that chance, flakiness or an incident explains."""
        return self.suspects + self.flaky + self.in_incident


@dataclass(frozen=True)
class IssueRow:
    """A known issue about a test; `url` is where it is written down."""

    key: str
    url: str
    status: str
    summary: str
    is_active: bool


@dataclass(frozen=True)
class FormerName:
    """What a case was called until a build, and since which one it failed under that name.

    None where it did not fail when it ran last.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    failing_since: str | None


@dataclass(frozen=True)
class CaseRow:
    """One result of a build with the case it belongs to.

    `suite` is the path of suites, outermost first. `since` is the label of the build in which
    the case began to fail, `age` how many judged builds ago that was; both are None for results
    that are not failures. `attempts` counts earlier tries inside the build. `sentence` says why
    the verdict is so, "" where no build but an older one said it; of what is broken since then it
    `is_of_break`, and says why that was one. A newly broken one `was` called otherwise until now,
    where it was surely renamed. `priority` and `issues` are what the catalogue says of a test that
    failed, where a page shows that.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    status: str
    duration: float | None
    message: str
    verdict: str = ""
    since: str | None = None
    age: int | None = None
    attempts: int = 0
    sentence: str = ""
    is_of_break: bool = False
    was: FormerName | None = None
    priority: str = ""
    issues: tuple[IssueRow, ...] = ()


def label_of(alias: str) -> str:
    """SQL for the label of a build: its number, with the epoch where a newer one has it too."""
    return (
        f"CASE WHEN EXISTS (SELECT 1 FROM build newer WHERE newer.job_id = {alias}.job_id"
        f" AND newer.number = {alias}.number AND newer.epoch > {alias}.epoch)"
        f" THEN {alias}.number || '~' || {alias}.epoch ELSE CAST({alias}.number AS TEXT) END"
    )


def parted(label: str) -> tuple[int, int | None]:
    """Number and epoch of a label; no epoch where it does not tell, which means the newest.

    A number that no build can have is the largest that a database knows.
    """
    number, _, epoch = label.partition("~")
    return min(int(number), 2**63 - 1), int(epoch) if epoch else None


def called(alias: str, label: str) -> tuple[str, tuple[int, str]]:
    """SQL and parameters: a build is called `label`. Its number lets an index find it."""
    number, _ = parted(label)
    return f"{alias}.number = ? AND {label_of(alias)} = ?", (number, label)


def started(parent: str, child: str) -> str:
    """SQL: a build of the right job is the `parent` that started the `child`.

    Numbers repeat over epochs. It is the newest build of the number that had begun when the child
    began; where none had, or nobody told when, it is the newest of them all.
    """
    rival = (
        "SELECT 1 FROM build rival"
        f" WHERE rival.job_id = {parent}.job_id AND rival.number = {parent}.number"
    )
    began = f"coalesce({parent}.started <= {child}.started, false)"
    return (
        f"{child}.upstream_number = {parent}.number"
        f" AND NOT EXISTS ({rival} AND rival.epoch > {parent}.epoch"
        f" AND (NOT {began} OR rival.started <= {child}.started))"
        f" AND ({began} OR NOT EXISTS ({rival} AND rival.epoch < {parent}.epoch"
        f" AND rival.started <= {child}.started))"
    )


_BUILD_COLUMNS = (
    f"j.name, b.number, b.epoch, {label_of('b')},"
    " b.state, b.result, b.complete, b.started, b.duration,"
    " b.total, b.passed, b.failed, b.error, b.skipped, b.unknown,"
    " b.regressions, b.new_failures, b.fixed, b.suspects, b.flaky, b.recovering, b.in_incident,"
    " b.damaged, b.judging, b.lifted,"
    " b.url, b.branch, b.commit_id, b.upstream_job, b.upstream_number, b.gone,"
    " b.expected, b.missing, b.newly_skipped, b.added, b.shortfall, b.let_go, b.kept,"
    " b.heard"
)
_BUILD_WIDTH = 39


@contextmanager
def bounded_snapshot() -> Iterator[None]:
    """As `snapshot`, for a request: Busy where it reads for longer than any may."""
    with reading_at_most():
        yield


@contextmanager
def snapshot() -> Iterator[None]:
    """All queries inside see the same state."""
    with reading():
        yield


def select(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement answers."""
    refuse_late()
    with reading():
        return run(sql, *parameters)


def select_builds(rest: str, *parameters: Any, more: str = "") -> list[tuple[Any, ...]]:
    """Rows of (BuildRow, *more) for builds `b` of jobs `j`; `rest` is joins, WHERE and order."""
    rows = select(
        f"SELECT {_BUILD_COLUMNS}{more and ', ' + more}"
        f" FROM build b JOIN job j ON j.id = b.job_id {rest}",
        *parameters,
    )
    return [(_build(row[:_BUILD_WIDTH]), *row[_BUILD_WIDTH:]) for row in rows]


def _build(row: tuple[Any, ...]) -> BuildRow:
    job, number, epoch, label, state, result, complete, started, duration = row[:9]
    shown = BuildState.FINISHED if complete and not is_from_jenkins(state) else state
    return BuildRow(
        job=job,
        number=number,
        epoch=epoch,
        label=label,
        state=shown,
        result=result,
        complete=bool(complete) and state != BuildState.RUNNING,
        judged=is_judged(state, result),
        started=at(started),
        duration=seconds(duration),
        totals=Totals(*row[9:15]),
        regressions=row[15],
        new_failures=row[16],
        fixed=row[17],
        suspects=row[18],
        flaky=row[19],
        recovering=row[20],
        in_incident=row[21],
        damaged=row[22],
        judging=judging_of(row[23]),
        lifted=bool(row[24]),
        url=row[25],
        branch=row[26],
        commit=row[27],
        upstream_job=row[28],
        upstream_number=row[29],
        gone=bool(row[30]),
        expected=row[31],
        missing=row[32],
        newly_skipped=row[33],
        added=row[34],
        shortfall=row[35],
        let_go=at(row[36]),
        kept=bool(row[37]),
        heard=at(row[38] or None) if started is None else None,
        not_judged=_LATE.decode(row[23]).not_judged,
    )


def case_row(row: tuple[Any, ...], **more: Any) -> CaseRow:
    """A row of (case id, suite path, name, variant, status, duration, message)."""
    case, path, name, variant, status, duration, message = row
    return CaseRow(
        key=key(case),
        suite=suite_names(path),
        name=name,
        variant=variant,
        status=Status(status).word,
        duration=seconds(duration),
        message=message or "",
        **more,
    )


def judging_of(text: str) -> Judging | None:
    """By what a build was judged; None where it was not, or not yet."""
    return None if text == "{}" else _JUDGING.decode(text)


def sentence_of(evidence: str) -> str:
    """The sentence of a verdict that is kept as JSON."""
    return _SAID.decode(evidence).sentence


class _Said(msgspec.Struct):
    """The part of a verdict that lists show."""

    sentence: str


_SAID = msgspec.json.Decoder(_Said)


def as_sentence(clause: str) -> str:
    """What a verdict says, with a capital letter and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


def suite_names(path: str) -> tuple[str, ...]:
    """The names of the suites that a path holds."""
    return tuple(path.split(SUITE_SEPARATOR)) if path else ()


def at(milliseconds: int | None) -> datetime | None:
    """A stored time; None where it is none or lies outside the calendar."""
    if milliseconds is None:
        return None
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def seconds(milliseconds: int | None) -> float | None:
    """A stored duration in seconds."""
    return None if milliseconds is None else milliseconds / 1000
