"""Cases that fail now and then, over all jobs, with the rate that they last showed.

A verdict lasts until a result says otherwise: of a case that was removed or renamed, for ever. So
only those are flaky now that ran lately.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.queries.build_labels import label_of
from tracker.queries.columns import suite_names
from tracker.queries.idle import IS_BUILT, idle_ids
from tracker.queries.select import select
from tracker.queries.silent import TELLING
from tracker.store.episodes import verdict_of
from tracker.store.identity import key


@dataclass(frozen=True)
class FlakyRow:
    """A flaky case of a job: flaky since one build, its numbers as of another.

    `bad` of the newest `runs` results failed or passed only when tried again (`retried`); with 95 %
    the rate is between `low` and `high`.
    """

    job: str
    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    since: str
    as_of: str
    bad: int
    retried: int
    runs: int
    low: float
    high: float
    sentence: str

    @property
    def rate(self) -> float:
        """The share of results that were bad."""
        return self.bad / self.runs if self.runs else 0.0


# A case that ran in none of so many newest judged builds with results is taken to be gone.
LATELY = 10
_LASTS = (
    f"e.until_build IS NULL AND e.state = 'flaky' AND {IS_BUILT}"
    f" AND EXISTS (SELECT 1 FROM (SELECT id FROM {TELLING} AND job_id = e.job_id"
    f" ORDER BY epoch DESC, number DESC LIMIT {LATELY}) newest"
    " CROSS JOIN result r ON r.build_id = newest.id AND r.case_id = e.case_id)"
)
_ROWS = (
    f"SELECT j.name, c.id, s.path, c.name, c.variant, {label_of('n')}, {label_of('a')}, e.evidence"
    " FROM episode e JOIN job j ON j.id = e.job_id JOIN test_case c ON c.id = e.case_id"
    " JOIN suite s ON s.id = c.suite_id JOIN build a ON a.id = e.from_build"
    " JOIN build n ON n.id = coalesce(e.since_build, e.from_build)"
    f" WHERE {_LASTS}"
)


def count_flaky() -> int:
    """How many cases of jobs that are built are flaky."""
    rows = select(
        f"SELECT count(*) FROM episode e JOIN job j ON j.id = e.job_id WHERE {_LASTS}", idle_ids()
    )
    return int(rows[0][0])


def flaky(*, limit: int, offset: int = 0) -> list[FlakyRow]:
    """Flaky cases of jobs that are built, those first that surely fail most often."""
    rows = select(
        f"{_ROWS} ORDER BY CAST(json_extract(e.evidence, '$.low') AS double precision)"
        " DESC NULLS LAST, j.name, s.path, c.name, c.variant LIMIT ? OFFSET ?",
        idle_ids(),
        limit,
        offset,
    )
    return [_row(row) for row in rows]


def flaky_after(job: str, case: int, limit: int) -> list[FlakyRow]:
    """Flaky cases by job and case id, those behind this one."""
    rows = select(
        f"{_ROWS} AND (j.name, c.id) > (?, ?) ORDER BY j.name, c.id LIMIT ?",
        idle_ids(),
        job,
        case,
        limit,
    )
    return [_row(row) for row in rows]


def _row(row: tuple[Any, ...]) -> FlakyRow:
    job, case, path, name, variant, since, as_of, evidence = row
    said = verdict_of(evidence)
    return FlakyRow(
        job=job,
        key=key(case),
        suite=suite_names(path),
        name=name,
        variant=variant,
        since=since,
        as_of=as_of,
        bad=said.bad,
        retried=said.retried,
        runs=said.counted,
        low=said.low,
        high=said.high,
        sentence=said.sentence,
    )
