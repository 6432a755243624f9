"""Recording a build of a job that has run for years, beside one of a job that is young.

The old job is the young one with builds put before all of it, and verdicts that ended there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from itertools import islice
from statistics import median

from scripts.bench_figures import data
from scripts.bench_figures.measure import seconds
from scripts.bench_figures.report import Row, ratio, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Sizes
from tracker.store.connection import writing
from tracker.store.models import Build
from tracker.store.record import record_build
from tracker.store.records import ReadReport
from tracker.store.sql import run, save

JOB = "years"
YOUNG = 80  # builds: judging looks back no further for most of what it reads
MEASURED = 30
VERDICTS = 20  # at most, that began in each of the older builds and ended there
_VERDICTS = (
    "INSERT INTO episode (job_id, case_id, from_build, until_build, state, since_build,"
    " was_unsteady, evidence, said) SELECT job_id, case_id, ?1, ?1, state, since_build,"
    " was_unsteady, evidence, said FROM episode WHERE from_build = ?2 LIMIT ?3"
)


def figures(sizes: Sizes) -> Iterator[Row]:
    """The median of recordings before and after the job got its past."""
    older, cases = sizes.years.builds, sizes.years.cases
    say(f"years: {older:,} older builds of {cases} cases")
    with temporary_home():
        history = data.history(JOB, YOUNG + 2 * MEASURED, cases)
        numbered = enumerate((report for _, report in history), older + 1)
        for each in islice(numbered, YOUNG):
            _one(*each)
        young = _record(islice(numbered, MEASURED))
        _grow_old(older, cases)
        old = _record(islice(numbered, MEASURED))
    yield row("years, a build of a young job", 1000 * young)
    yield row("years, a build of an old job", 1000 * old)
    yield ratio("years, old / young", old, young)


def _record(builds: Iterable[tuple[int, ReadReport]]) -> float:
    """How long a recording takes (s), the median of all."""
    return median(seconds(functools.partial(_one, *each)) for each in builds)


def _one(number: int, report: ReadReport) -> None:
    record_build(data.facts(JOB, number), [report], now=number)


def _grow_old(builds: int, cases: int) -> None:
    """Put builds before what is there, each with the verdicts of the build that has most."""
    told = {**Build.select().first().__data__, "id": None, "total": cases}
    [(like,)] = run(
        "SELECT from_build FROM episode GROUP BY from_build ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    with writing():
        for number in range(1, builds + 1):
            build = Build(**{**told, "number": number, "started": data.facts(JOB, number).started})
            save(build)
            run(_VERDICTS, build.id, like, VERDICTS)
