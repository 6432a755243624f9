"""Builds as rows: what is recorded of one, its totals and what it says of its cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.queries.build_labels import label_of
from tracker.queries.columns import at, seconds
from tracker.queries.select import select
from tracker.store.build_verdicts import Judging, judging_of
from tracker.store.late_failures import not_judged
from tracker.store.state_words import BuildState, is_from_jenkins
from tracker.verdicts.incidents import is_out
from tracker.verdicts.outcomes import is_judged


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
        not_judged=not_judged(row[23]),
    )
