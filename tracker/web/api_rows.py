"""What the API says of jobs, builds and cases, wherever it speaks of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from tracker.queries import builds
from tracker.queries.build_rows import BuildRow, Totals
from tracker.queries.jobs import JobRow
from tracker.store.build_verdicts import Judging
from tracker.store.identity import SUITE_JOINT
from tracker.web.links import page_url

Said = TypeVar("Said", bound=msgspec.Struct)


class BuildSaid(msgspec.Struct, frozen=True):
    """A build: what Jenkins says of it, its totals, and what is new in it.

    `label` names it in addresses. `duration` is in seconds. What was `judged` counts; `judging`
    says by which limits, and `not_judged` failures came when that could be done no more. How many
    were `expected` is told where some are missing, else null. Its results were `let_go` at a time,
    and the counts remain.
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
    missing: int
    newly_skipped: int
    expected: int | None
    added: int
    still_failing: int
    suspects: int
    flaky: int
    recovering: int
    in_incident: int
    not_judged: int
    judging: Judging | None
    lifted: bool
    damaged: int
    branch: str
    commit: str
    url: str
    jenkins_url: str
    gone: bool
    let_go: datetime | None
    kept: bool
    upstream_job: str
    upstream_number: int | None


class Build(BuildSaid, frozen=True):
    """A build, and how many reports it was read from."""

    reports: int


class Job(msgspec.Struct, frozen=True):
    """A job with its newest judged build; `error` is what is wrong with reading it, and since when.

    `standing` is `disabled` or `deleted` where Jenkins has it so, `retired` where people said so
    here; `former` are names it had. While it is `judged_again`, the counts of a build are as before
    and its verdicts may not be there yet.
    """

    name: str
    url: str
    jenkins_url: str
    latest: Build | None
    standing: str
    server: str
    kind: str
    release: str
    module: str
    platform: str
    branch: str
    former: tuple[str, ...]
    error: str
    error_since: datetime | None
    judged_again: bool


def said(kind: type[Said], row: object, **more: Any) -> Said:
    """What is said of a row: the fields of its names as they are there, and `more`."""
    taken = {name: getattr(row, name) for name in kind.__struct_fields__ if name not in more}
    return kind(**taken, **more)


def jobs_of(rows: Sequence[JobRow]) -> Callable[[JobRow], Job]:
    """What is said of each of some jobs."""
    build = builds_of([row.latest for row in rows if row.latest])
    return lambda row: _job(row, build)


def builds_of(rows: Sequence[BuildRow]) -> Callable[[BuildRow], Build]:
    """What is said of each of some builds: the reports of all of them are counted at once."""
    counts = builds.report_counts(rows)
    return lambda row: build_as(Build, row, reports=counts[row.job, row.epoch, row.number])


def _job(row: JobRow, build: Callable[[BuildRow], Build]) -> Job:
    parts = row.parts
    return said(
        Job,
        row,
        url=page_url("job", job=row.name),
        jenkins_url=row.url,
        latest=build(row.latest) if row.latest else None,
        release=parts.release,
        module=parts.module,
        platform=parts.platform,
        branch=parts.branch,
    )


def build_as(kind: type[Said], row: BuildRow, **more: Any) -> Said:
    """A kind of BuildSaid, with what it has beyond the build itself."""
    url = page_url("build", job=row.job, build=row.label)
    expected = row.expected or None
    return said(kind, row, url=url, jenkins_url=row.url, expected=expected, **more)


def case_as(kind: type[Said], row: Any, **more: Any) -> Said:
    """What is said of a case or of its result: the suites around it are one text."""
    return said(kind, row, suite=SUITE_JOINT.join(row.suite), **more)


def case_url(job: str, key: str) -> str:
    """The page of a case."""
    return page_url("case", job=job, case=key)
