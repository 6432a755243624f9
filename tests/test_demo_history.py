"""The whole demo read through its Jenkins: the tracker says what is true of every build."""

from __future__ import annotations

import fcntl
import functools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import RunningDemo, running_demo
from tests.examples import examples
from tests.factories import judge_all
from tracker.intake.ingest import Intake
from tracker.jenkins.backfill import fill
from tracker.jenkins.client import Address, Client
from tracker.jenkins.discovery import look
from tracker.jenkins.poll import poll_job
from tracker.jenkins.source import JenkinsJob, Source
from tracker.queries.builds import build
from tracker.queries.case_rows import CaseRow
from tracker.queries.cases import HistoryRow, case, history
from tracker.queries.dump import lines
from tracker.queries.results import results
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.jobs import add_server
from tracker.store.judging import rebuild
from tracker.store.seen import note_look
from tracker.verdicts.states import BEGINNING, OPENED, State, advance

# Fewer are too few for what fails now and then to be called flaky.
BUILDS = examples(28, 40)
JOBS = ("team/nightly", "team/smoke", "platforms")
# The lists of the truth, and those of the tracker that have each failure of a judged build once.
LISTS = ("regressions", "new_failures", "fixed", "failing")
BREAKS = ("regression", "suspect")
FAILURES = ("new", "failing", "suspect", "flaky", "incident")
Id = tuple[str, str, str]


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo, after every job of it was polled once, by one of the test processes."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    settings = Settings.load({}, home=folder / "demo-history")
    with running_demo(BUILDS) as demo:
        open_store(settings.store)
        with (folder / "demo-history.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (settings.home / "polled").exists():
                poll_all(settings, demo)
                (settings.home / "polled").touch()
        yield demo
    close_store()


def poll_all(settings: Settings, demo: RunningDemo) -> None:
    source = Source(Client(Address("main", demo.url)), "main", "")
    add_server("main", demo.url)
    listing = look(source, ["*"])
    note_look("main", listing.jobs, listed=listing.names, now=0)
    for job in listing.jobs:
        reading = JenkinsJob(
            source, Intake.of(settings), job.name, job.jenkins_name, clock=lambda: 0
        )
        poll_job(reading, first_builds=BUILDS)
        while not fill(reading).is_over:
            pass
    judge_all()


def id_of(row: CaseRow) -> Id:
    """A case as the truth names it: the demo's suites are one name deep."""
    return (row.suite[-1], row.name, row.variant)


def said(demo: RunningDemo, job: str, number: int) -> dict[str, Any]:
    """What the tracker says of a build, in the words of the truth.

    A case broke where it began to fail, also where that was called chance at first. Cases that are
    flaky are among the failures alone: the truth takes each of theirs for a break.
    """
    row = build(job, str(number))
    found = {which: results(job, str(number), which, limit=999) for which in FAILURES}
    breaks = [each for each in found["new"] + found["suspect"] if each.verdict in BREAKS]
    totals = {word: getattr(row.totals, word) for word in ("total", "passed", "failed", "error")}
    totals |= {word: getattr(row.totals, word) for word in ("skipped", "unknown")}
    lists: dict[str, list[CaseRow]] = {
        "regressions": [each for each in breaks if each.since == str(number)],
        "new_failures": [each for each in found["new"] if each.verdict == "new failure"],
        "fixed": results(job, str(number), "fixed", limit=999),
        "failing": found["failing"] + [each for each in breaks if each.since != str(number)],
    }
    apart = flaky_cases(demo)
    return {
        "result": row.result,
        "state": row.state,
        "totals": totals,
        "failures": sorted(id_of(each) for rows in found.values() for each in rows),
        **{name: sorted({*map(id_of, rows)} - apart) for name, rows in lists.items()},
    }


def true(demo: RunningDemo, job: str, number: int) -> dict[str, Any]:
    """What is true of a build."""
    told = dict(demo.truth["jobs"][job]["builds"][str(number)])
    lists = {name: set(map(tuple, told[name])) for name in LISTS}
    told["failures"] = sorted(lists["regressions"] | lists["new_failures"] | lists["failing"])
    return told | {name: sorted(cases - flaky_cases(demo)) for name, cases in lists.items()}


def flaky_cases(demo: RunningDemo) -> set[Id]:
    return {wanted for _, wanted, _ in planted(demo, "flaky")}


def planted(demo: RunningDemo, kind: str) -> list[tuple[str, Id, dict[str, Any]]]:
    return [
        (row["job"], tuple(row["case"].values()), row)
        for row in demo.truth["planted"]
        if row["kind"] == kind
    ]


def verdicts(job: str, wanted: Id) -> dict[int, str]:
    """What changed with a case, by build."""
    key = keys(job)[wanted]
    assert case(job, key).name == wanted[1]
    told = history(job, key, limit=BUILDS)
    return {row.build.number: row.verdict for row in told if row.verdict}


@functools.cache
def keys(job: str) -> dict[Id, str]:
    """The keys of the cases of a job, all of which are in one history here."""
    found: dict[Id, str] = {}
    for number in range(1, BUILDS + 1):
        rows = results(job, str(number), "all", limit=9999)
        found.update({id_of(row): row.key for row in rows})
    return found


@pytest.mark.parametrize("job", JOBS)
def test_every_build_is_as_it_is(polled: RunningDemo, job: str) -> None:
    numbers = range(1, BUILDS + 1)
    differing = [
        number for number in numbers if said(polled, job, number) != true(polled, job, number)
    ]
    assert differing == []
    assert len(polled.truth["jobs"][job]["builds"]) == BUILDS


def test_no_build_that_runs_or_was_aborted_is_judged(polled: RunningDemo) -> None:
    rows = [build(job, str(number)) for job in JOBS for number in range(1, BUILDS + 1)]
    unjudged = [row for row in rows if row.state == "running" or row.result == "ABORTED"]
    assert len(unjudged) == 2
    assert all(not row.judged and row.newly_broken + row.fixed == 0 for row in unjudged)


def test_a_renamed_case_ends_and_another_begins_without_a_verdict(polled: RunningDemo) -> None:
    [(job, old, row)] = planted(polled, "renamed")
    new: Id = tuple(row["new_case"].values())
    assert verdicts(job, old) == verdicts(job, new) == {}
    told = history(job, keys(job)[old], limit=BUILDS)
    assert max(each.build.number for each in told if each.status) == row["build"]


def test_a_vanished_case_is_neither_fixed_nor_broken(polled: RunningDemo) -> None:
    found = planted(polled, "vanished")
    assert len(found) == 3
    assert [verdicts(job, gone) for job, gone, _ in found] == [{}, {}, {}]


def test_a_case_born_failing_is_a_new_failure(polled: RunningDemo) -> None:
    [(job, wanted, row)] = planted(polled, "new_failing")
    assert verdicts(job, wanted) == {row["build"]: "new failure"}


def test_a_skip_in_a_break_neither_ends_nor_renews_it(polled: RunningDemo) -> None:
    [(job, wanted, row)] = planted(polled, "skipped_in_streak")
    assert verdicts(job, wanted) == {row["build"]: "regression"}


def test_what_always_failed_is_new_once(polled: RunningDemo) -> None:
    [(job, wanted, _)] = planted(polled, "always_failing")
    assert verdicts(job, wanted) == {1: "new failure"}


@pytest.mark.parametrize("kind", ["regression", "windows_only", "skipped_in_streak"])
def test_a_break_of_a_known_case_is_told_in_the_build_that_brought_it(
    polled: RunningDemo, kind: str
) -> None:
    found = planted(polled, kind)
    assert found
    for job, wanted, row in found:
        assert verdicts(job, wanted) == {row["build"]: "regression"}


def test_a_fix_is_told_in_the_build_that_brought_it(polled: RunningDemo) -> None:
    found = planted(polled, "fix")
    assert len(found) == 2
    for job, broken, row in found:
        told = verdicts(job, broken)
        assert told.pop(row["build"]) == "fixed"
        # In the first nights of a job it may take a second failure.
        assert set(told) <= {row["broken_in"], row["broken_in"] + 1}
        assert told[max(told)] == "regression"


def test_what_failed_in_an_aborted_build_alone_never_broke(polled: RunningDemo) -> None:
    [(job, wanted, _)] = planted(polled, "failed_in_aborted")
    assert verdicts(job, wanted) == {}


def test_what_breaks_on_windows_is_told_for_windows_alone(polled: RunningDemo) -> None:
    [(job, wanted, row)] = planted(polled, "windows_only")
    assert wanted[2] == "PLATFORM=windows"
    assert verdicts(job, wanted) == {row["build"]: "regression"}
    assert verdicts(job, (*wanted[:2], "PLATFORM=linux")) == {}


@pytest.mark.parametrize("kind", ["flaky", "fix", "regression", "always_failing"])
def test_every_history_is_what_the_rule_makes_of_its_outcomes(
    polled: RunningDemo, kind: str
) -> None:
    for job, wanted, _ in planted(polled, kind):
        told = history(job, keys(job)[wanted], limit=BUILDS)
        assert verdicts(job, wanted) == news_of(told)


def news_of(told: list[HistoryRow]) -> dict[int, str]:
    """The states that begin in each build, or are said anew, by the rule alone."""
    found: dict[int, str] = {}
    course = BEGINNING
    for row in reversed(told):
        if not row.build.judged or row.status not in ("passed", "failed", "error"):
            continue
        assert row.build.judging is not None
        before, failed = course.standing.state, row.status != "passed"
        course = advance(course, "F" if failed else "P", row.build.judging.limits)
        now = course.standing.state
        is_said_anew = failed and now in (State.SUSPECT, State.FLAKY)
        goes_on = now is before or (before in OPENED and now is State.FAILING)
        if now is not State.HEALTHY and (is_said_anew or not goes_on):
            found[row.build.number] = now.value
    return found


def test_what_fails_now_and_then_is_flaky_in_the_end(polled: RunningDemo) -> None:
    found = planted(polled, "flaky")
    states = {wanted: set(verdicts(job, wanted).values()) for job, wanted, _ in found}
    assert [wanted for wanted, seen in states.items() if "flaky" not in seen] == []


def test_judging_it_all_again_changes_nothing(polled: RunningDemo) -> None:
    before = list(lines())
    rebuild()
    assert list(lines()) == before
