"""What each task does, and what becomes of one that goes wrong."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from pathlib import Path

import msgspec
import pytest

from tests.conftest import RunningDemo, free_port, junit
from tests.factories import NOW, history, jenkins, polled_jobs, record, report, upload
from tracker.clock import SECOND, now_ms
from tracker.errors import JenkinsError, StorageError
from tracker.intake import spool
from tracker.intake.queued import enqueue_upload
from tracker.intake.spool import SpooledReport
from tracker.jenkins.recording import Vanished
from tracker.published import read_manifest
from tracker.queries import jobs
from tracker.queries.builds import build
from tracker.queries.dump import lines
from tracker.queries.figures import waiting
from tracker.queries.results import results
from tracker.queries.select import snapshot
from tracker.queries.system import queued_upload, workers
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.backfills import ask_backfill
from tracker.store.jobs import add_server, note_server_trouble, track_job
from tracker.store.judging import AT_ONCE, rebuild
from tracker.store.records import BuildFacts
from tracker.store.rejudging import waiting_jobs
from tracker.store.sql import run
from tracker.store.work import MAX_TRIES, Task, claim, enqueue, fail
from tracker.worker import loop, tasks
from tracker.worker.context import Context
from tracker.worker.loop import Worker
from tracker.worker.tasks import TASKS, TOO_LATE, Done, NotYet

Patch = pytest.MonkeyPatch


def task(kind: str, key: str, **payload: object) -> Task:
    return Task(id=0, kind=kind, key=key, payload=payload, tries=1, asked=1, fence=1)


def server_at(url: str) -> None:
    add_server("main", url, rate=1000)


@pytest.fixture
def context(settings: Settings, store: Path) -> Context:
    return Context.of(settings)


# The loop.


def test_a_bug_in_a_task_pushes_it_ahead_and_the_loop_goes_on(
    settings: Settings, store: Path, monkeypatch: Patch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def broken(_context: Context, task: Task) -> Done:
        done.append(task.key)
        if task.key == "bad":
            raise ZeroDivisionError("no number")
        return Done()

    monkeypatch.setitem(TASKS, "poll", broken)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("poll", "bad", due=0)
    enqueue("poll", "good", due=1)
    Worker(settings).run(until_idle=True)
    assert done == ["bad", "good"]
    [(key, error, due)] = run("SELECT key, error, due FROM work")
    assert key == "bad"
    assert error.startswith("A fault of the tracker")
    assert "ZeroDivisionError: no number" in error
    assert due > now_ms()
    assert "Traceback" in caplog.text


@pytest.mark.sqlite
def test_a_worker_does_nothing_in_a_file_that_is_gone(
    settings: Settings, store: Path, monkeypatch: Patch
) -> None:
    done: list[str] = []

    def lose(_context: Context, task: Task) -> Done:
        done.append(task.key)
        store.rename(store.with_name("away.db"))
        return Done()

    monkeypatch.setitem(TASKS, "poll", lose)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("poll", "first", due=0)
    enqueue("poll", "second", due=1)
    with pytest.raises(StorageError, match="The database was moved away"):
        Worker(settings).run(until_idle=True)
    assert done == ["first"]


def test_a_refusal_is_noted_without_a_traceback(
    settings: Settings, store: Path, monkeypatch: Patch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_context: Context, _task: Task) -> Done:
        raise JenkinsError("Jenkins is down.", "Wait.")

    monkeypatch.setitem(TASKS, "poll", refuse)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("poll", "nightly", due=0)
    with caplog.at_level(logging.WARNING):
        Worker(settings).run(until_idle=True)
    assert run("SELECT error FROM work") == [("Jenkins is down. Wait.",)]
    assert "Traceback" not in caplog.text


def test_a_worker_stops_between_two_steps_and_gives_the_task_back(
    settings: Settings, store: Path, monkeypatch: Patch
) -> None:
    worker = Worker(settings)
    steps: list[int] = []

    def long(context: Context, _task: Task) -> Done:
        for step in range(3):
            context.beat("working")
            steps.append(step)
            worker._stop(15, None)
        return Done()

    monkeypatch.setitem(TASKS, "poll", long)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("poll", "nightly", due=0)
    worker.run()
    assert steps == [0]
    assert run("SELECT tries, lease_until, state FROM work") == [(0, 0, "due")]
    assert workers() == []


@pytest.mark.parametrize(
    ("kinds", "does"),
    [(TASKS, ("publish", "tasks")), (["publish"], ("publish",)), (["poll"], ("tasks",))],
    ids=["here", "only", "elsewhere"],
)
def test_a_worker_tells_what_it_is_for(
    settings: Settings, store: Path, kinds: list[str], does: tuple[str, ...]
) -> None:
    Worker(settings, kinds).heartbeat._beat()
    assert [each.does for each in workers()] == [does]


def test_a_long_task_keeps_its_lease(settings: Settings, store: Path, monkeypatch: Patch) -> None:
    """Also while it is in one long step, and inside a read snapshot as publishing is."""
    leases: list[int] = []
    worker = Worker(msgspec.structs.replace(settings, lease_seconds=1))

    def long(_context: Context, _task: Task) -> Done:
        before = run("SELECT lease_until FROM work")[0][0]
        for _ in range(200):
            leases.append(run("SELECT lease_until FROM work")[0][0] - before)
            if leases[-1] > 0:
                break
            time.sleep(0.05)
        return Done()

    monkeypatch.setitem(TASKS, "poll", long)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("poll", "nightly", due=0)
    worker.run(until_idle=True)
    assert leases[-1] > 0


def test_a_task_whose_lease_was_lost_is_left_to_who_has_it(
    settings: Settings, store: Path, monkeypatch: Patch
) -> None:
    worker = Worker(msgspec.structs.replace(settings, lease_seconds=1))
    others: list[Task | None] = []

    def long(context: Context, _task: Task) -> Done:
        run("UPDATE work SET lease_until = 0")  # as after a minute without a sign of life
        others.append(claim(["poll"], now=now_ms(), lease_ms=10**6))
        for _ in range(200):
            context.beat("going on")
            time.sleep(0.05)
        return Done()

    monkeypatch.setitem(TASKS, "poll", long)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("poll", "nightly", due=0)
    worker.run(until_idle=True)
    [other] = others
    assert other is not None
    assert run("SELECT fence, tries, lease_until > 0 FROM work") == [(other.fence, 2, True)]


def test_polls_go_on_when_a_clock_that_was_ahead_is_set_right(
    settings: Settings, store: Path, monkeypatch: Patch
) -> None:
    looks: list[int] = []

    def look(_context: Context, _task: Task) -> Done:
        looks.append(loop.now_ms())
        return Done(loop.now_ms() + 60_000)

    monkeypatch.setitem(TASKS, "watch", look)
    server_at("http://ci.example/")
    ahead, steady = [365 * 86_400_000], [0.0]
    for module in (loop, tasks):
        monkeypatch.setattr(module, "now_ms", lambda: NOW + ahead[0])
    monkeypatch.setattr(loop.time, "monotonic", lambda: steady[0])
    worker = Worker(settings, ["watch"])
    worker.run(until_idle=True)
    monkeypatch.setattr("tracker.worker.leases.monotonic", lambda: steady[0])
    ahead[0] = 0
    for steady[0] in (11, 11 + 20 * 60):  # it does not move in between
        worker.stopping, worker.heartbeat = (
            False,
            loop.Heartbeat(worker.name, worker.kinds, worker.lease_ms),
        )
        worker.run(until_idle=True)
    assert looks == [NOW + 365 * 86_400_000, NOW]


def test_the_schedule_has_one_task_for_each_server_and_back_fill(context: Context) -> None:
    server_at("http://ci.example/")
    track_job("nightly", server="main", jenkins_name="nightly")
    track_job("by-hand")
    ask_backfill("nightly", builds=60, now=NOW)
    run("DELETE FROM work")
    for _ in range(2):
        tasks.schedule(context)
    assert sorted(run("SELECT kind, key FROM work")) == [
        ("backfill", "nightly"),
        ("complete_quiet", "all"),
        ("publish", "site"),
        ("tidy", "all"),
        ("watch", "main"),
    ]


# Looks and polls.


def test_a_look_knows_every_job_and_has_it_polled(context: Context, demo: RunningDemo) -> None:
    server_at(demo.url)
    done = TASKS["watch"](context, task("watch", "main"))
    assert polled_jobs() == ["platforms", "team/nightly", "team/smoke"]
    assert run("SELECT count(*) FROM work WHERE kind = 'poll'") == [(3,)]
    assert done.again_at is not None


def test_trouble_of_a_server_is_noted_and_cleared(context: Context, demo: RunningDemo) -> None:
    server_at(f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(JenkinsError):
        TASKS["watch"](context, task("watch", "main"))
    assert "connection is refused" in jobs.server("main").error
    server_at(demo.url)
    TASKS["watch"](context, task("watch", "main"))
    assert jobs.server("main").error == ""


def test_trouble_of_a_job_is_noted_and_cleared(context: Context, demo: RunningDemo) -> None:
    server_at(demo.url)
    track_job("team/smoke", server="main", jenkins_name="team/gone")
    with pytest.raises(Vanished):
        TASKS["poll"](context, task("poll", "team/smoke"))
    assert "has no job 'team/gone' now (404)" in jobs.job("team/smoke").error
    track_job("team/smoke", server="main", jenkins_name="team/smoke")
    few = Context.of(msgspec.structs.replace(context.settings, first_builds=1))
    TASKS["poll"](few, task("poll", "team/smoke"))
    assert jobs.job("team/smoke").error == ""


def test_a_token_file_that_is_gone_is_trouble_of_the_job(context: Context) -> None:
    add_server(
        "main",
        "http://ci.example/",
        prefix="",
        username="ci",
        token_file="/nowhere/token",
        patterns=(),
    )
    track_job("nightly", server="main", jenkins_name="nightly")
    Worker(context.settings).run(until_idle=True)
    assert "No such file" in jobs.server("main").error
    assert "No such file" in jobs.job("nightly").error  # the page of the job tells it too
    assert "/nowhere/token" not in jobs.job("nightly").error


def test_a_home_that_cannot_be_written_is_no_fault_of_the_reading(
    context: Context, demo: RunningDemo, caplog: pytest.LogCaptureFixture
) -> None:
    server_at(demo.url)
    track_job("team/smoke", server="main", jenkins_name="team/smoke")
    enqueue("poll", "team/smoke", due=0)
    (context.settings.home / "jenkins").touch()
    Worker(context.settings, ("watch", "poll")).run(until_idle=True)
    for told in (jobs.server("main").error, jobs.job("team/smoke").error):
        assert "jenkins cannot be written: " in told
    assert run("SELECT tries FROM work WHERE kind IN ('watch', 'poll')") == [(0,), (0,)]
    assert "Traceback" not in caplog.text


def test_a_knock_about_a_running_build_is_looked_at_again_and_then_left_to_the_poll(
    context: Context, demo: RunningDemo
) -> None:
    server_at(demo.url)
    track_job("team/nightly", server="main", jenkins_name="team/nightly")
    knock = task("poll_build", "x", job="team/nightly", number=20)
    with pytest.raises(NotYet, match=r"team/nightly #20 has not finished"):
        TASKS["poll_build"](context, knock)
    assert build("team/nightly", "20").state == "running"
    assert TASKS["poll_build"](context, dataclasses.replace(knock, tries=6)) == Done()


def test_a_knock_about_a_finished_build_records_it(context: Context, demo: RunningDemo) -> None:
    server_at(demo.url)
    track_job("team/smoke", server="main", jenkins_name="team/smoke")
    TASKS["poll_build"](context, task("poll_build", "x", job="team/smoke", number=19))
    assert build("team/smoke", "19").state == "finished"


def test_a_knock_about_a_build_that_takes_too_long_is_left_to_the_poll(
    context: Context, demo: RunningDemo
) -> None:
    server_at(demo.url)
    track_job("team/smoke", server="main", jenkins_name="team/smoke")
    hasty = Context.of(msgspec.structs.replace(context.settings, poll_limit_seconds=0))
    knock = task("poll_build", "x", job="team/smoke", number=19)
    assert TASKS["poll_build"](hasty, knock) == Done()
    assert run("SELECT kind, key FROM work") == [("poll", "team/smoke")]


@pytest.mark.parametrize("kind", ["watch", "poll"])
def test_a_task_of_what_is_no_longer_there_ends(context: Context, kind: str) -> None:
    assert TASKS[kind](context, task(kind, "gone")) == Done()


# Uploads, silence, the site.


def queue_upload(settings: Settings, *bodies: bytes) -> None:
    kept = [spool.store(settings.spool, [body]) for body in bodies]
    reports = [
        {"name": f"{place}.xml", "sha256": each.sha256, "size": each.size, "variant": ""}
        for place, each in enumerate(kept)
    ]
    facts = msgspec.to_builtins(BuildFacts("nightly", 3))
    payload = {"facts": facts, "reports": reports, "replace": False}
    enqueue("ingest", "id", due=0, payload=payload)


def test_a_queued_upload_is_read_and_its_answer_kept(settings: Settings, store: Path) -> None:
    queue_upload(settings, junit(login="P", logout="F"))
    Worker(settings).run(until_idle=True)
    state, error, outcome = queued_upload("id")
    assert (state, error, outcome["status"]) == ("done", "", 201)
    assert outcome["totals"]["failed"] == 1
    assert build("nightly", "3").totals.total == 2


def test_a_queued_upload_whose_bytes_are_not_here_waits_for_them(
    settings: Settings, store: Path
) -> None:
    """On another node, whose spool is not the one that took it, or is not mounted yet."""
    queue_upload(settings, junit(login="P"))
    there = settings.spool.rename(settings.spool.with_name("elsewhere"))
    Worker(settings).run(until_idle=True)
    state, error, _ = queued_upload("id")
    assert state == "due"
    assert "The bytes of 0.xml are not in the spool" in error
    there.rename(settings.spool)
    run("UPDATE work SET due = 0")
    Worker(settings).run(until_idle=True)
    assert build("nightly", "3").totals.total == 1


def test_a_queued_upload_that_cannot_be_read_says_why(settings: Settings, store: Path) -> None:
    queue_upload(settings, b"nothing that anybody reads")
    Worker(settings).run(until_idle=True)
    state, _, outcome = queued_upload("id")
    assert (state, outcome["status"]) == ("done", 415)
    assert "0.xml" in outcome["error"]


def test_a_queued_upload_that_a_later_one_passed_replaces_nothing(
    settings: Settings, store: Path
) -> None:
    facts = BuildFacts("nightly", 3)
    for name, body in (("a.xml", junit(login="F")), ("a.xml", junit(login="P"))):
        kept = spool.store(settings.spool, [body])
        sent = SpooledReport(kept.path, name, kept.sha256, kept.size)
        enqueue_upload(facts, [sent], replace=True, now=0)
    run("UPDATE work SET due = ? WHERE id = (SELECT min(id) FROM work)", now_ms() + 600 * SECOND)
    Worker(settings).run(until_idle=True)
    run("UPDATE work SET due = 0 WHERE state = 'due'")
    Worker(settings).run(until_idle=True)
    assert build("nightly", "3").totals.failed == 0
    rows = run("SELECT outcome FROM work WHERE kind = 'ingest' ORDER BY id")
    first, second = (msgspec.json.decode(outcome) for (outcome,) in rows)
    assert (first["status"], second["status"]) == (409, 201)
    assert first["error"].endswith(TOO_LATE)


def test_new_builds_are_published(settings: Settings, store: Path) -> None:
    upload("nightly", 1, report(login="F"))
    Worker(settings).run(until_idle=True)
    assert "nightly" in (settings.output / "site" / "index.html").read_text()
    assert claim(["publish"], now=now_ms() + 10**6, lease_ms=1) is None


def test_what_was_given_up_is_not_begun_anew_by_the_schedule(context: Context) -> None:
    enqueue("tidy", "all", due=NOW)
    run("UPDATE work SET tries = ?", MAX_TRIES)
    given_up = claim(("tidy",), now=NOW, lease_ms=1)
    assert given_up is not None
    fail(given_up, now=now_ms(), error="no room")
    tasks.schedule(context)
    told = [(row.state, row.error) for row in waiting(now_ms()) if row.kind == "tidy"]
    assert told == [("dead", "no room")]


def test_a_server_that_was_down_for_long_is_looked_at_again(
    settings: Settings, context: Context
) -> None:
    server_at(f"http://127.0.0.1:{free_port()}/")
    tasks.schedule(context)
    run("UPDATE work SET tries = ?", 2 * MAX_TRIES)
    Worker(settings, ["watch"]).run(until_idle=True)
    [(state, error)] = run("SELECT state, error FROM work WHERE kind = 'watch'")
    assert (state, "cannot be reached" in error) == ("due", True)


def test_a_build_that_fell_silent_becomes_complete_and_is_published(context: Context) -> None:
    silent = now_ms() - 601_000
    record(BuildFacts("nightly", 1), report(login="P"), now=silent)
    record(BuildFacts("nightly", 2), report(login="P"), now=now_ms())
    run("DELETE FROM work")
    TASKS["complete_quiet"](context, task("complete_quiet", "all"))
    assert [build("nightly", number).complete for number in "12"] == [True, False]
    tasks.schedule(context)
    assert ("publish",) in run("SELECT kind FROM work")


def test_a_running_build_does_not_become_complete_by_silence(context: Context) -> None:
    jenkins("nightly", 1, result=None)
    TASKS["complete_quiet"](context, task("complete_quiet", "all"))
    assert not build("nightly", "1").complete


def test_the_state_of_the_tasks_can_be_asked(store: Path) -> None:
    enqueue("poll", "nightly", due=NOW - 5000)
    claim(["poll"], now=NOW, lease_ms=1000)
    enqueue("poll", "smoke", due=NOW - 4000)
    assert [(row.state, row.count, row.overdue) for row in waiting(NOW)] == [
        ("due", 1, 4),
        ("running", 1, 0),
    ]


def test_publishing_takes_longer_than_the_lease_and_others_write_meanwhile(
    settings: Settings, store: Path, monkeypatch: Patch
) -> None:
    """The heartbeat writes on a connection of its own, never inside publishing's snapshot."""
    worker = Worker(msgspec.structs.replace(settings, lease_seconds=1))
    beats: list[int] = []
    writer = threading.Thread(target=_write_on, args=(20,))

    def slowly(context: Context, task: Task) -> Done:
        writer.start()
        with snapshot():
            fence = jobs.revision()
            for _ in range(200):
                context.beat("a page")
                beats.append(len(workers()))
                time.sleep(0.01)
            assert jobs.revision() == fence
        return Done()

    monkeypatch.setitem(TASKS, "publish", slowly)
    monkeypatch.setattr(loop, "schedule", lambda _context: None)
    enqueue("publish", "site", due=0)
    worker.run(until_idle=True)
    writer.join()
    assert waiting(now_ms()) == []


def _write_on(times: int) -> None:
    for _ in range(times):
        note_server_trouble("nobody", "", now=NOW)
        time.sleep(0.05)
    connection.close_connection()


def test_the_site_is_published_for_every_change_that_can_be_seen(
    settings: Settings, store: Path
) -> None:
    Worker(settings).run(until_idle=True)
    before = read_manifest(settings.output / "site")
    track_job("nightly")
    Worker(settings).run(until_idle=True)
    after = read_manifest(settings.output / "site")
    assert before is not None
    assert after is not None
    assert after.revision > before.revision


def test_an_acknowledged_upload_is_never_given_up(settings: Settings, store: Path) -> None:
    enqueue("ingest", "abc", due=0)
    run("UPDATE work SET tries = 1000")
    task = claim(["ingest"], now=NOW, lease_ms=1)
    assert task is not None
    fail(task, now=NOW, error="down")
    assert run("SELECT state FROM work") == [("due",)]


def test_trouble_of_the_disk_says_nothing_against_a_task(settings: Settings, store: Path) -> None:
    enqueue("poll", "nightly", due=0)
    task = claim(["poll"], now=NOW, lease_ms=1)
    assert task is not None
    fail(task, now=NOW, error="full", forgive=True)
    assert run("SELECT tries, state FROM work") == [(0, "due")]


# Judging again.


def late(builds: int) -> None:
    """A history of failures whose first build, in which the case passed, arrives last."""
    history("nightly", first=2, login="F" + " F" * (builds - 1))
    upload("nightly", 1, report(login="P"))


def verdict_of_the_second_build() -> list[str]:
    return [row.verdict for row in results("nightly", "2", "new", limit=9)]


def test_what_a_late_build_changes_is_judged_by_the_worker(settings: Settings, store: Path) -> None:
    late(AT_ONCE + 1)
    assert (verdict_of_the_second_build(), waiting_jobs()) == ([], ["nightly"])
    Worker(settings).run(until_idle=True)
    assert verdict_of_the_second_build() == ["regression"]
    assert (waiting_jobs(), run("SELECT 1 FROM work WHERE kind = 'judge'")) == ([], [])
    before = list(lines())
    rebuild()
    assert list(lines()) == before


def test_judging_many_results_takes_several_steps(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.judging.STEP", 0)
    monkeypatch.setattr(tasks, "JUDGE_SECONDS", 0)
    late(60)
    steps = 1
    while tasks.judge(context, task("judge", "nightly")).again_at is not None:
        steps += 1
    assert steps > 2
    assert verdict_of_the_second_build() == ["regression"]


def test_a_judging_that_was_forgotten_is_taken_up_by_the_next_worker(
    settings: Settings, store: Path
) -> None:
    late(AT_ONCE + 1)
    run("DELETE FROM work")
    Worker(settings).run(until_idle=True)
    assert verdict_of_the_second_build() == ["regression"]


def test_a_job_that_is_gone_has_nothing_to_judge(context: Context) -> None:
    assert tasks.judge(context, task("judge", "gone")).again_at is None
