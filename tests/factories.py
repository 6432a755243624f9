"""Recorded histories from pictures: history("nightly", login="P P F S ."), one letter a build.

P passed, F failed, E error, S skipped, U unknown, `.` did not run. Nothing is parsed here: the
rows are made as a parser's would be, with the same ids.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable

from tracker.store import identity
from tracker.store.families import cluster_waiting
from tracker.store.judging import judge_waiting
from tracker.store.record import NeedsAllReports, record_build
from tracker.store.records import BuildFacts, Contents, FactSource, ReadReport, Recorded
from tracker.store.rejudging import waiting_jobs
from tracker.store.sql import run
from tracker.verdicts.outcomes import Status

NOW = 1_795_000_000_000
DAY = 24 * 3600 * 1000
STATUS = {
    "P": Status.PASSED,
    "F": Status.FAILED,
    "E": Status.ERROR,
    "S": Status.SKIPPED,
    "U": Status.UNKNOWN,
}

# Every report that was made, by its digest: the tests' spool, for builds that are read again.
SPOOL: dict[str, ReadReport] = {}


def report(
    name: str = "r.xml",
    *,
    suite: str = "s",
    variant: str = "",
    failure: str = "",
    message: str = "it failed",
    warnings: tuple[str, ...] = (),
    **cases: str,
) -> ReadReport:
    """A report as the parsing child hands it over; each case by its letter."""
    suite_id = identity.suite_id((suite,))
    ids = {case: identity.case_id(suite_id, case, variant) for case in cases}
    text = identity.number(message)
    broken = [case for case, letter in cases.items() if letter in "FE"]
    contents = Contents(
        suites={suite_id: suite},
        cases={ids[case]: (suite_id, case) for case in cases},
        results=[
            (ids[case], int(STATUS[letter]), 500, text if case in broken else None, None)
            for case, letter in cases.items()
        ],
        failures={text: ("", message, "at a.b.c")} if broken else {},
        outputs={ids[case]: (f"output of {case}", "") for case in broken},
        variant=variant,
    )
    content = repr((suite, variant, failure, message, sorted(cases.items())))
    made = ReadReport(
        name=name,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        size=len(content),
        variant=variant,
        format="" if failure else "junit",
        parser_version=1,
        failure=failure,
        warnings=warnings,
        contents=Contents() if failure else contents,
    )
    SPOOL[made.sha256] = made
    return made


def record(
    facts: BuildFacts, *reports: ReadReport, now: int = NOW, replace: bool = False
) -> Recorded:
    """Record a build, reading its older reports again where that is asked for."""
    reread: list[ReadReport] | None = None
    while True:
        try:
            return record_build(facts, reports, now=now, replace_reports=replace, reread=reread)
        except NeedsAllReports as need:
            reread = [_read_again(stored.sha256, stored.name) for stored in need.stored]


def upload(job: str, number: int, *reports: ReadReport, **facts: object) -> Recorded:
    """Record what an upload says of a build."""
    return record(BuildFacts(job, number, **facts), *reports)  # type: ignore[arg-type]


def jenkins(
    job: str, number: int, *reports: ReadReport, result: str | None = "SUCCESS", **facts: object
) -> Recorded:
    """Record what Jenkins says of a build: finished, or running where `result` is None."""
    return record(jenkins_facts(job, number, result=result, **facts), *reports)


def jenkins_facts(
    job: str, number: int, *, result: str | None = "SUCCESS", **facts: object
) -> BuildFacts:
    """The facts of a build as Jenkins tells them."""
    told: dict[str, object] = {
        "source": FactSource.JENKINS,
        "state": "running" if result is None else "finished",
        "result": result,
        "complete": result is not None,
        **facts,
    }
    return BuildFacts(job, number, **told)  # type: ignore[arg-type]


def history(job: str, *, first: int = 1, suite: str = "s", **pictures: str) -> None:
    """Record one build for each letter of the pictures, oldest first."""
    for number, reports in builds_of(first=first, suite=suite, **pictures):
        upload(job, number, *reports, complete=True)


def polled_jobs() -> list[str]:
    """The names of the jobs that are read from a Jenkins, and are there."""
    rows = run(
        "SELECT name FROM job WHERE server_id IS NOT NULL AND standing <> 'deleted' ORDER BY name"
    )
    return [name for (name,) in rows]


def judge_all() -> None:
    """Judge again what waits for it since older builds arrived, as the worker does."""
    for job in waiting_jobs():
        while judge_waiting(job, now=NOW):
            pass


def cluster_all(*own: str) -> None:
    """Put what failed into families, as the worker does."""
    while cluster_waiting(own, now=NOW):
        pass


def builds_of(
    *, first: int = 1, suite: str = "s", **pictures: str
) -> Iterable[tuple[int, list[ReadReport]]]:
    """The builds that pictures show: number and reports, none where no case ran."""
    rows = {case: picture.split() for case, picture in pictures.items()}
    width = {len(letters) for letters in rows.values()}
    assert len(width) == 1, "pictures of one history have one length"
    for place in range(width.pop()):
        ran = {case: letters[place] for case, letters in rows.items() if letters[place] != "."}
        yield first + place, [report(suite=suite, message="it failed", **ran)] if ran else []


def age(days: int) -> None:
    """Make all builds so many days older."""
    run(
        "UPDATE build SET heard = heard - ?, started = started - ?",
        days * DAY,
        days * DAY,
    )


def key_of(case: str, suite: str = "s", variant: str = "") -> str:
    """The key of a case of these histories."""
    return identity.key(identity.case_id(identity.suite_id((suite,)), case, variant))


def _read_again(sha256: str, name: str) -> ReadReport:
    return dataclasses.replace(SPOOL[sha256], name=name)
