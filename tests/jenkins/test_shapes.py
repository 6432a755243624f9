"""Jobs of every kind, on controllers of every age, read as the worker reads them: what is true."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunningDemo, running_demo
from tests.jenkins.stub import source_of
from tracker.intake.ingest import Intake
from tracker.jenkins.backfill import fill
from tracker.jenkins.discovery import look
from tracker.jenkins.poll import poll_job
from tracker.jenkins.source import JenkinsJob
from tracker.queries import jobs
from tracker.queries.builds import build, count_builds
from tracker.queries.results import results
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.jobs import add_server
from tracker.store.rules import ResultsRule, add_results_rule
from tracker.store.seen import note_look

BUILDS = 20


def read_all(settings: Settings, url: str, *patterns: str) -> None:
    """All builds of a controller's jobs."""
    add_server("main", url)
    source = source_of(url)
    listing = look(source, patterns)
    note_look("main", listing.jobs, listed=listing.names, now=0)
    for job in listing.jobs:
        intake = Intake.of(settings)
        reading = JenkinsJob(source, intake, job.name, job.jenkins_name, clock=lambda: 0)
        poll_job(reading, first_builds=60)
        while not fill(reading).is_over:
            pass


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A controller with jobs of every kind, all of it read."""
    settings = Settings.load({}, home=tmp_path_factory.mktemp("more"))
    with running_demo(BUILDS, more=True) as demo:
        open_store(settings.store)
        add_results_rule("firmware", ResultsRule(console="tap"))
        # Those of every demo are read in tests/test_demo_history.py.
        read_all(settings, demo.url, "*", "!team/*", "!platforms")
        yield demo
    close_store()


def differences(truth: dict[str, Any]) -> list[str]:
    """Builds whose totals are not as they are."""
    found = []
    for job, told in truth["jobs"].items():
        for number, true in told["builds"].items() if count_builds(job) else ():
            row = build(job, number)
            said = {word: getattr(row.totals, word) for word in true["totals"]}
            if (row.result, row.state, said) != (true["result"], true["state"], true["totals"]):
                found.append(f"{job} #{number}: {said} instead of {true['totals']}")
    return found


def test_every_build_of_every_kind_of_job_is_as_it_is(more: RunningDemo) -> None:
    assert differences(more.server.truth()) == []
    assert sum(count_builds(row.name) for row in jobs.jobs()) > 30


def test_kinds_of_jobs_are_told_apart(more: RunningDemo) -> None:
    kinds = {row.name: row.kind for row in jobs.jobs()}
    assert kinds["acme/shop/feature%2Flogin"] == "branch"
    assert kinds["shop-maven"] == "maven"
    assert kinds["lab/tools/links"] == "freestyle"
    assert jobs.job("acme/shop/feature%2Flogin").parts.branch == "feature/login"
    assert jobs.job("retired").standing == "disabled"


def test_parallel_branches_of_a_pipeline_are_told_apart(more: RunningDemo) -> None:
    rows = results("acme/shop/main", "1", "all", limit=999)
    stages = collections.Counter(row.variant for row in rows)
    assert set(stages) == {"stage=Test / linux", "stage=Test / windows"}


def test_modules_of_maven_are_told_apart_and_count_where_they_ran(more: RunningDemo) -> None:
    [row] = [r for r in more.server.truth()["planted"] if r["kind"] == "module_not_rebuilt"]
    last = results("shop-maven", str(row["build"]), "all", limit=999)
    assert {each.variant for each in last} < {
        each.variant for each in results("shop-maven", "1", "all", limit=999)
    }


def test_a_controller_of_before_jenkins_is_read_as_well(settings: Settings, store: Path) -> None:
    with running_demo(BUILDS, dialect="hudson") as demo:
        read_all(settings, demo.url, "platforms", "team-smoke")
        truth = {job.replace("/", "-"): told for job, told in demo.truth["jobs"].items()}
        del truth["team-nightly"]
    for told in truth.values():
        for each in told["builds"].values():
            # Its matrix builds have a testReport alone, which tells no error from a failure.
            each["totals"] = {word: each["totals"][word] for word in ("total", "passed", "skipped")}
    assert differences({"jobs": truth}) == []
    assert {count_builds(job) for job in truth} == {BUILDS}


def test_the_words_of_older_junit_plugins_are_understood(settings: Settings, store: Path) -> None:
    with running_demo(BUILDS, words="five") as demo:
        read_all(settings, demo.url, "team/smoke")
        smoke = {"team/smoke": demo.truth["jobs"]["team/smoke"]}
    assert differences({"jobs": smoke}) == []
