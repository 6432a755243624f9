"""Watching a controller: one question a look, and then only what changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.conftest import RunningDemo, running_demo
from tests.factories import polled_jobs
from tests.jenkins.stub import Stub, a_build, source_of
from tracker.clock import now_ms
from tracker.jenkins import discovery
from tracker.jenkins.client import Refused
from tracker.queries import jobs
from tracker.queries.builds import build, count_builds
from tracker.queries.jobs import name_now
from tracker.settings import Settings
from tracker.store.jobs import add_server, track_job
from tracker.store.seen import note_look
from tracker.store.sql import run
from tracker.store.work import Task, enqueue
from tracker.worker import context
from tracker.worker.context import Context
from tracker.worker.loop import Worker
from tracker.worker.tasks import TASKS

JOBS = 500


def look(settings: Settings, url: str) -> None:
    """One look of the worker, and all that follows from it but a publish."""
    add_server("main", url, rate=1000)
    enqueue("watch", "main", due=now_ms())
    run("UPDATE work SET due = 0 WHERE kind IN ('watch', 'poll', 'poll_build', 'backfill')")
    few = msgspec.structs.replace(settings, first_builds=2)
    Worker(few, TASKS.keys() - {"publish"}).run(until_idle=True)


def listed(stub: Stub, *names: str) -> None:
    """The server lists these jobs, each as it was given to `stub.has`."""
    rows = [dict(stub.answers[f"job/{name}/api/json"]) for name in names]
    for row in rows:
        row.pop("allBuilds")
    stub.answers["api/json"] = {"jobs": rows, "mode": "NORMAL"}


@pytest.mark.sqlite
def test_a_controller_of_500_idle_jobs_is_watched_with_one_request_and_no_write(
    stub: Stub, settings: Settings, store: Path
) -> None:
    names = [f"job-{number}" for number in range(JOBS)]
    for name in names:
        stub.has(a_build(1), job=f"job/{name}/")
    listed(stub, *names)
    add_server("main", stub.url, rate=1000)
    listing = discovery.look(source_of(stub.url), ["*"])
    note_look("main", listing.jobs, listed=listing.names, now=0)
    run("DELETE FROM work")  # as if all had been polled
    assert len(polled_jobs()) == JOBS
    for _ in range(2):
        stub.asked.clear()
        other = sqlite3.connect(store)
        revision = jobs.revision()
        look(settings, stub.url)
        assert stub.asked == ["api/json"]
        assert jobs.revision() == revision
        other.close()


def test_only_the_job_that_changed_is_asked_for(
    stub: Stub, settings: Settings, store: Path
) -> None:
    for name in ("one", "two"):
        stub.has(a_build(1), job=f"job/{name}/")
    listed(stub, "one", "two")
    look(settings, stub.url)
    stub.has(a_build(1), a_build(2), job="job/two/")
    listed(stub, "one", "two")
    stub.asked.clear()
    look(settings, stub.url)
    assert [path for path in stub.asked if "one" in path] == []
    assert (count_builds("one"), count_builds("two")) == (1, 2)


def test_a_running_build_is_looked_at_until_it_has_ended(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1, building=True, result=None), a_build(2))
    listed(stub, "nightly")
    look(settings, stub.url)
    assert build("nightly", "1").state == "running"
    stub.has(a_build(1), a_build(2))  # which a look at the server does not tell
    look(settings, stub.url)
    assert build("nightly", "1").state == "finished"


@pytest.fixture
def demo() -> Iterator[RunningDemo]:
    """One of its own for each test: they rename and disable its jobs."""
    with running_demo(20) as running:
        yield running


def test_a_renamed_job_keeps_its_history_under_its_new_name(
    demo: RunningDemo, settings: Settings, store: Path
) -> None:
    look(settings, demo.url)
    demo.server.rename("team/smoke", "team/sanity")
    demo.server.add_build("team/sanity")
    look(settings, demo.url)
    assert [row.name for row in jobs.jobs()] == ["platforms", "team/nightly", "team/sanity"]
    assert name_now("team/smoke") == "team/sanity"
    assert jobs.job("team/sanity").former == ("team/smoke",)
    assert count_builds("team/sanity") == 3


def test_a_job_is_deleted_after_two_looks_and_may_come_back(
    stub: Stub, settings: Settings, store: Path
) -> None:
    for name in ("one", "two"):
        stub.has(a_build(1), job=f"job/{name}/")
    listed(stub, "one", "two")
    look(settings, stub.url)
    listed(stub, "one")
    look(settings, stub.url)
    assert jobs.job("two").standing == ""
    look(settings, stub.url)
    assert jobs.job("two").standing == "deleted"
    assert count_builds("two") == 1
    stub.asked.clear()
    for kind in ("poll", "backfill"):
        enqueue(kind, "two", due=0, subject="two")
    Worker(settings).run(until_idle=True)
    assert (stub.asked, run("SELECT kind FROM work WHERE key = 'two'")) == ([], [])
    listed(stub, "one", "two")
    look(settings, stub.url)
    assert jobs.job("two").standing == ""


def test_a_disabled_job_is_marked(demo: RunningDemo, settings: Settings, store: Path) -> None:
    demo.server.disable("platforms")
    look(settings, demo.url)
    assert jobs.job("platforms").standing == "disabled"
    demo.server.disable("platforms", disabled=False)
    look(settings, demo.url)
    assert jobs.job("platforms").standing == ""


def test_a_new_job_that_may_not_be_read_keeps_no_other_from_being_known(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1), job="job/gone/")
    listed(stub, "gone")
    look(settings, stub.url)
    stub.has(a_build(1, timestamp=1), job="job/good/")
    stub.has(job="job/closed/")
    listed(stub, "good", "closed")
    stub.answers["job/closed/api/json"] = 403
    look(settings, stub.url)
    assert {row.name for row in jobs.jobs()} == {"gone", "good", "closed"}
    assert count_builds("good") == 1
    assert "403" in jobs.job("closed").error
    assert jobs.server("main").error == ""


def test_a_server_that_does_not_know_us_is_asked_no_more_for_a_while(
    stub: Stub, settings: Settings, store: Path
) -> None:
    names = ["one", "two", "three"]
    for name in names:
        stub.has(a_build(1), job=f"job/{name}/")
    listed(stub, *names)
    look(settings, stub.url)
    for name in names:
        stub.has(a_build(1), a_build(2), job=f"job/{name}/")
    listed(stub, *names)
    for name in names:
        enqueue("poll", name, due=0, subject=name)
    stub.answers = dict.fromkeys(stub.answers, 401)
    stub.asked.clear()
    Worker(settings).run(until_idle=True)
    assert len([path for path in stub.asked if path != "api/json"]) <= 1


def test_a_server_that_refused_us_is_asked_again_with_the_token_of_then(
    stub: Stub, settings: Settings, store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(context, "monotonic", lambda: clock[0])
    token = tmp_path / "token"
    token.write_text("old")
    token.chmod(0o400)
    add_server("main", stub.url, rate=1000, username="ann", token_file=str(token))
    stub.has(a_build(1))
    listed(stub, "nightly")
    track_job("nightly", server="main", jenkins_name="nightly")
    answers = stub.answers
    stub.answers = dict.fromkeys(answers, 401)
    shared = Context.of(settings)
    refused = [_refusal(shared, kind) for kind in ("watch", "poll", "watch", "poll")]
    assert all("401" in str(error) for error in refused)
    assert len({id(error) for error in refused}) == 4
    assert stub.asked == ["api/json"]
    for clock[0] in range(1060, 1600, 60):  # each of them asks nobody
        assert [_refusal(shared, kind).pause for kind in ("poll", "watch")] == [1600 - clock[0]] * 2
    assert stub.asked == ["api/json"]
    token.chmod(0o600)
    token.write_text("new")
    stub.answers = answers
    clock[0] = 1600
    TASKS["watch"](shared, a_task("watch", "main"))
    assert shared.source("main").client.address.token == "new"


def _refusal(shared: Context, kind: str) -> Refused:
    with pytest.raises(Refused) as caught:
        TASKS[kind](shared, a_task(kind, {"watch": "main", "poll": "nightly"}[kind]))
    return caught.value


def a_task(kind: str, key: str) -> Task:
    return Task(id=0, kind=kind, key=key, payload={}, tries=1, asked=1, fence=1)


def test_a_job_that_is_deleted_while_a_build_runs_has_lost_it(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1), job="job/other/")
    stub.has(a_build(1, building=True, result=None), job="job/gone/")
    listed(stub, "other", "gone")
    look(settings, stub.url)
    listed(stub, "other")
    for _ in range(2):
        look(settings, stub.url)
    assert build("gone", "1").state == "lost"
