"""Regression runs: a build that nothing started, with all that it started in turn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tracker.queries import builds
from tracker.queries.build_labels import label_of, started
from tracker.queries.build_rows import BuildRow, Totals, select_builds
from tracker.queries.columns import at
from tracker.queries.select import select, snapshot
from tracker.store.outcomes import JUDGED
from tracker.store.sql import IN, IN_TEXTS, listed
from tracker.store.state_words import BuildState

# So many builds of a run are shown at most; a chain of builds is followed up so many steps.
MOST_BUILDS = 2000
MOST_STEPS = 100
# What a job started in at least half of so many runs is expected of it, within the hour.
PAST_RUNS = 10
PATIENCE = timedelta(hours=1)

RECORDED = "recorded"
FAILED_EARLY = "failed before its tests"
NOT_YET = "not started yet"
MISSING = "missing"
STANDINGS = (
    RECORDED,
    BuildState.RUNNING,
    FAILED_EARLY,
    "aborted",
    "not built",
    BuildState.LOST,
    "incomplete",
    NOT_YET,
    MISSING,
)
_UNTOLD = {"ABORTED": "aborted", "NOT_BUILT": "not built"}
_RAN_ITS_TESTS = (None, "SUCCESS", "UNSTABLE")


@dataclass(frozen=True)
class RunBuild:
    """A build of a run: how many builds are above it, and how it stands (one of STANDINGS)."""

    build: BuildRow
    depth: int
    standing: str


@dataclass(frozen=True)
class AbsentJob:
    """A job that a build of the run usually starts, and did not.

    parent      the build that was to start it
    ran         it was started in so many of the parent job's last `runs` finished runs
    standing    `not started yet`, or `missing` where it will not come any more
    in_jenkins  `disabled` or `deleted` where Jenkins has the job so
    """

    job: str
    parent_job: str
    parent_label: str
    ran: int
    runs: int
    standing: str
    in_jenkins: str


@dataclass(frozen=True)
class Run:
    """A regression run, its first build being the one that nothing recorded started.

    `builds` are in reading order, each before those that it started; `is_cut` tells that there
    may be more. The counts are sums over these builds.
    """

    complete: bool
    totals: Totals
    regressions: int
    new_failures: int
    fixed: int
    builds: tuple[RunBuild, ...]
    absent: tuple[AbsentJob, ...]
    is_cut: bool

    @property
    def root(self) -> BuildRow:
        """The build that it began with."""
        return self.builds[0].build

    @property
    def newly_broken(self) -> int:
        """Regressions and new failures together."""
        return self.regressions + self.new_failures

    @property
    def open(self) -> tuple[tuple[str, int], ...]:
        """How many builds and jobs stand otherwise than recorded, by the word for it."""
        counts = Counter(row.standing for row in self.builds)
        counts.update(row.standing for row in self.absent)
        return tuple((word, counts[word]) for word in STANDINGS[1:] if counts[word])


class _Member(NamedTuple):
    """A build of the tree with its id and that of the build that started it."""

    row: BuildRow
    build_id: int
    parent: int | None


def run(job: str, label: str) -> Run:
    """The run that the build belongs to, whichever of its builds that is."""
    with snapshot():
        root = _root(builds.build(job, label))
        members = _members(root)
        tested = _with_results(members)
        is_cut = len(members) >= MOST_BUILDS
        absent = () if is_cut else tuple(_absent(members))
    placed = tuple(_in_order(members, tested))
    rows = [member.build for member in placed]
    return Run(
        complete=not absent and not is_cut and all(row.standing == RECORDED for row in placed),
        totals=_sum([row.totals for row in rows]),
        regressions=sum(row.regressions for row in rows),
        new_failures=sum(row.new_failures for row in rows),
        fixed=sum(row.fixed for row in rows),
        builds=placed,
        absent=absent,
        is_cut=is_cut,
    )


def roots(job: str, newest: int) -> list[str]:
    """Labels of those of the job's newest builds that nothing started, and that started others."""
    with snapshot():
        starters = select(
            "SELECT b.id FROM (SELECT n.id FROM build n JOIN job o ON o.id = n.job_id"
            " WHERE o.name = ? ORDER BY n.epoch DESC, n.number DESC LIMIT ?) newest"
            " JOIN build b ON b.id = newest.id JOIN job j ON j.id = b.job_id"
            " WHERE EXISTS (SELECT 1 FROM build c WHERE c.upstream_job = j.name"
            f" AND {started('b', 'c')})",
            job,
            newest,
        )
        if not starters:  # as of most jobs
            return []
        rows = select(
            f"SELECT {label_of('b')} FROM build b WHERE b.id IN {IN}"
            " AND NOT EXISTS (SELECT 1 FROM job pj JOIN build p ON p.job_id = pj.id"
            f" WHERE pj.name = b.upstream_job AND {started('p', 'b')})"
            " ORDER BY b.epoch DESC, b.number DESC",
            listed([row[0] for row in starters]),
        )
    return [row[0] for row in rows]


def _root(row: BuildRow) -> int:
    """The id of the topmost recorded build; of builds that started one another, the first."""
    rows = select(
        "WITH RECURSIVE up(id, steps) AS ("
        " SELECT b.id, 0 FROM build b JOIN job j ON j.id = b.job_id"
        " WHERE j.name = ? AND b.epoch = ? AND b.number = ?"
        " UNION ALL SELECT p.id, up.steps + 1 FROM up JOIN build c ON c.id = up.id"
        " JOIN job pj ON pj.name = c.upstream_job"
        f" JOIN build p ON p.job_id = pj.id AND {started('p', 'c')} WHERE up.steps < ?)"
        " SELECT up.id, b.started, j.name, b.epoch, b.number FROM up"
        " JOIN build b ON b.id = up.id JOIN job j ON j.id = b.job_id ORDER BY up.steps",
        row.job,
        row.epoch,
        row.number,
        MOST_STEPS,
    )
    ids = [found[0] for found in rows]
    if ids.count(ids[-1]) == 1:
        return int(ids[-1])
    circle = rows[ids.index(ids[-1]) :]
    return int(min(circle, key=lambda found: (found[1] is None, *found[1:]))[0])


def _members(root: int) -> list[_Member]:
    """The build and all that it started, the nearest MOST_BUILDS of them."""
    rows = select_builds(
        "JOIN (WITH RECURSIVE down(id, parent) AS (SELECT CAST(? AS bigint), CAST(NULL AS bigint)"
        " UNION SELECT c.id, p.id FROM down JOIN build p ON p.id = down.id"
        " JOIN job pj ON pj.id = p.job_id"
        f" JOIN build c ON c.upstream_job = pj.name AND {started('p', 'c')})"
        " SELECT id, parent FROM down LIMIT ?) d ON d.id = b.id"
        " ORDER BY j.name, b.epoch, b.number, d.parent",
        root,
        MOST_BUILDS,
        more="b.id, d.parent",
    )
    members = (_Member(*row) for row in rows)
    # In a circle of builds the first has one above it, too.
    return [each for each in members if each.build_id != root or each.parent is None]


def _in_order(members: Sequence[_Member], tested: frozenset[str]) -> Iterator[RunBuild]:
    """Each build before those that it started, these by job and number."""
    started_by: dict[int | None, list[_Member]] = defaultdict(list)
    for member in members:
        started_by[member.parent].append(member)
    waiting = [(member, 0) for member in started_by[None]]
    while waiting:
        member, depth = waiting.pop()
        children = started_by[member.build_id]
        is_starter = bool(children) and member.row.job not in tested
        yield RunBuild(member.row, depth, _standing(member.row, is_starter))
        waiting += [(child, depth + 1) for child in reversed(children)]


def _standing(row: BuildRow, is_starter: bool) -> str:
    """How a build stands; one that only starts others has no tests that it could fail before."""
    if row.state in (BuildState.RUNNING, BuildState.LOST):
        return row.state
    if row.result in _UNTOLD:
        return _UNTOLD[row.result]
    if not row.complete or row.damaged:
        return "incomplete"
    if row.totals.total or row.result in _RAN_ITS_TESTS or is_starter:
        return RECORDED
    return FAILED_EARLY


def _with_results(members: Sequence[_Member]) -> frozenset[str]:
    """Of the jobs whose builds have no results here: those that had some in another build."""
    empty = {member.row.job for member in members if not member.row.totals.total}
    if not empty:
        return frozenset()
    rows = select(
        f"SELECT name FROM job WHERE name IN {IN_TEXTS}"
        " AND EXISTS (SELECT 1 FROM build WHERE job_id = job.id AND total > 0)",
        listed(sorted(empty)),
    )
    return frozenset(row[0] for row in rows)


def _absent(members: Sequence[_Member]) -> Iterator[AbsentJob]:
    """The jobs that builds of a run usually start, and did not, by the build and the job."""
    present = {(member.parent, member.row.job) for member in members}
    by_id = {member.build_id: member.row for member in members}
    expected = [
        (by_id[build_id], job, *rest)
        for build_id, job, *rest in _expected(list(by_id))
        if (build_id, job) not in present
    ]
    newest = _newest_of_servers() if expected else {}
    expected.sort(key=lambda row: (row[0].job, row[0].epoch, row[0].number, row[1]))
    for parent, job, in_jenkins, ran, past, server in expected:
        yield AbsentJob(
            job=job,
            parent_job=parent.job,
            parent_label=parent.label,
            ran=ran,
            runs=past,
            standing=NOT_YET if _may_start(parent, newest.get(server)) else MISSING,
            in_jenkins=in_jenkins,
        )


def _expected(ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """For each build the jobs that at least half of the builds of its job before it started.

    Rows of (build id, job, its standing, in how many of the runs, how many runs, server id).
    """
    return select(
        "WITH past(here, id, job_id, epoch, number, started) AS MATERIALIZED ("
        " SELECT here.id, b.id, b.job_id, b.epoch, b.number, b.started"
        " FROM json_each(?) wanted JOIN build here ON here.id = wanted.value"
        " JOIN build b ON b.id IN (SELECT id FROM build WHERE job_id = here.job_id"
        f" AND (epoch, number) < (here.epoch, here.number) AND {JUDGED}"
        " AND (state = 'finished' OR complete) ORDER BY epoch DESC, number DESC LIMIT ?)),"
        " runs(here, n) AS (SELECT here, count(*) FROM past GROUP BY here)"
        " SELECT past.here, cj.name, cj.standing, count(DISTINCT past.id), runs.n, pj.server_id"
        " FROM past JOIN job pj ON pj.id = past.job_id JOIN runs ON runs.here = past.here"
        f" JOIN build c ON c.upstream_job = pj.name AND {started('past', 'c')}"
        " JOIN job cj ON cj.id = c.job_id GROUP BY past.here, cj.id, runs.n, pj.server_id"
        " HAVING 2 * count(DISTINCT past.id) >= runs.n",
        listed(list(ids)),
        PAST_RUNS,
    )


def _newest_of_servers() -> dict[int | None, datetime | None]:
    """By server id: when the last thing happened that the newest builds of its jobs tell of."""
    rows = select(
        "SELECT j.server_id, max((SELECT b.started + coalesce(b.duration, 0) FROM build b"
        " WHERE b.job_id = j.id ORDER BY b.epoch DESC, b.number DESC LIMIT 1))"
        " FROM job j GROUP BY j.server_id"
    )
    return {server: at(newest) for server, newest in rows}


def _may_start(parent: BuildRow, newest: datetime | None) -> bool:
    """Whether a build that the parent starts may still come."""
    if parent.state == BuildState.RUNNING:
        return True
    if parent.started is None or newest is None:
        return False
    return newest - (parent.started + timedelta(seconds=parent.duration or 0)) < PATIENCE


def _sum(totals: Sequence[Totals]) -> Totals:
    return Totals(
        total=sum(each.total for each in totals),
        passed=sum(each.passed for each in totals),
        failed=sum(each.failed for each in totals),
        error=sum(each.error for each in totals),
        skipped=sum(each.skipped for each in totals),
        unknown=sum(each.unknown for each in totals),
    )
