"""Polling a job: builds recorded once, and what is read of each."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunningDemo, junit
from tests.factories import NOW, record, report, upload
from tests.jenkins.stub import BEGAN, DAY, Stub, a_build, artifacts, known_as, reading_of, unfetched
from tracker.errors import JenkinsError
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.spool import SpooledReport
from tracker.jenkins import poll, recording
from tracker.jenkins.backfill import fill
from tracker.jenkins.client import TooSlow, Unusable
from tracker.jenkins.poll import PartlyRead
from tracker.jenkins.recording import Vanished
from tracker.queries.builds import about, build, builds, count_builds, reports
from tracker.queries.results import results
from tracker.settings import Settings
from tracker.store.records import BuildFacts
from tracker.store.sql import run

FUTURE = BEGAN + 36_500 * DAY


@pytest.fixture
def look(settings: Settings, store: Path) -> Callable[..., int]:
    """Poll a job and fill it: `look(url, "team/nightly", first=3)`; how many builds were news.

    Reads what the first look at the server would have made of it, which is a job of a Jenkins.
    """

    def poll_job(url: str, job: str = "nightly", first: int = 60) -> int:
        known_as(url, job)
        reading = reading_of(url, settings, job)
        polled = poll.poll_job(reading, first_builds=first)
        before = count_builds(job)
        while not fill(reading).is_over:
            pass
        return polled.news + count_builds(job) - before

    return poll_job


# What is read of the demo's builds.


def test_artifacts_are_read_and_then_the_test_report_is_not(
    demo: RunningDemo, look: Callable[..., int]
) -> None:
    assert look(demo.url, "team/nightly", first=2) == 2
    names = [row.name for row in reports("team/nightly", "19")]
    assert names
    assert all(name.startswith("results/TEST-") for name in names)
    assert not demo.server.requests["/job/team/job/nightly/19/testReport/api/json"]


def test_the_test_report_is_read_where_there_are_no_artifacts(
    demo: RunningDemo, look: Callable[..., int]
) -> None:
    look(demo.url, "team/smoke", first=1)
    assert [(row.name, row.format) for row in reports("team/smoke", "20")] == [
        ("testReport", "jenkins_testreport")
    ]
    row = build("team/smoke", "20")
    assert (row.upstream_job, row.upstream_number) == ("team/nightly", 19)


def test_the_cells_of_a_matrix_are_variants(demo: RunningDemo, look: Callable[..., int]) -> None:
    look(demo.url, "platforms", first=1)
    variants = {row.variant for row in results("platforms", "20", "all", limit=999)}
    assert variants == {"PLATFORM=linux", "PLATFORM=windows"}


def test_a_running_build_is_shown_and_not_judged(
    demo: RunningDemo, look: Callable[..., int]
) -> None:
    look(demo.url, "team/nightly", first=1)
    row = build("team/nightly", "20")
    assert (row.state, row.judged, row.totals.total) == ("running", False, 0)


def test_an_aborted_build_is_recorded_and_not_judged(
    demo: RunningDemo, look: Callable[..., int]
) -> None:
    look(demo.url, "team/smoke", first=10)
    row = build("team/smoke", "11")
    assert (row.result, row.judged, row.newly_broken) == ("ABORTED", False, 0)
    assert row.totals.total > 0


def test_a_second_poll_finds_nothing_new_and_asks_for_no_build(
    demo: RunningDemo, look: Callable[..., int]
) -> None:
    look(demo.url, "team/smoke", first=2)
    path = "/job/team/job/smoke/api/json"
    before, listed = demo.server.requests.total(), demo.server.requests[path]
    assert look(demo.url, "team/smoke", first=2) == 0
    assert demo.server.requests[path] == listed + 1
    # Each of our clients finds out once whether the server knows ranges.
    assert demo.server.requests.total() == before + 2


# What a Jenkins may do.


def test_a_running_build_is_read_again_when_it_has_finished(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1, building=True, result=None))
    assert look(stub.url) == 1
    assert look(stub.url) == 0
    stub.has(a_build(1, artifacts=artifacts("r.xml")))
    stub.answers["job/nightly/1/artifact/r.xml"] = junit(login="F")
    assert look(stub.url) == 1
    row = build("nightly", "1")
    assert (row.state, row.complete, row.new_failures) == ("finished", True, 1)


def test_a_build_that_is_gone_is_no_deletion(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1), a_build(2))
    look(stub.url)
    del stub.answers["job/nightly/1/api/json"]
    stub.has(a_build(2), a_build(3))
    assert look(stub.url) == 1
    assert count_builds("nightly") == 3


def test_a_build_that_vanishes_between_list_and_look_is_left_out(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(unfetched(1), a_build(2))
    del stub.answers["job/nightly/1/api/json"]
    look(stub.url)
    assert [row.number for row in builds("nightly", limit=9)] == [2]


def test_a_job_that_is_gone_says_so_and_keeps_its_builds(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.answers.clear()
    with pytest.raises(Vanished, match="no job 'nightly'"):
        look(stub.url)
    assert count_builds("nightly") == 1


def test_a_restarting_jenkins_deletes_nothing(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1), a_build(2))
    look(stub.url)
    stub.answers["job/nightly/api/json"] = 503
    with pytest.raises(JenkinsError, match="503"):
        look(stub.url)
    assert count_builds("nightly") == 2


def test_what_was_recorded_before_an_error_stays_and_the_next_poll_goes_on(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = 500
    with pytest.raises(JenkinsError):
        look(stub.url)
    assert _complete() == {3: True, 2: False, 1: True}
    stub.answers["job/nightly/2/api/json"] = a_build(2)
    assert look(stub.url) == 1


def test_an_artifact_that_cannot_be_had_is_a_report_that_could_not_be_read(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1, artifacts=artifacts("a.xml", "b.xml")))
    stub.answers["job/nightly/1/artifact/a.xml"] = junit(login="P")
    look(stub.url)
    assert [(row.name, bool(row.failure)) for row in reports("nightly", "1")] == [
        ("a.xml", False),
        ("b.xml", True),
    ]
    assert build("nightly", "1").damaged == 1


def test_a_build_that_cannot_be_read_does_not_keep_later_ones_waiting(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = {"error": "try later"}
    with pytest.raises(PartlyRead, match=r"^#2: .*nightly #2"):
        look(stub.url)
    assert _complete() == {3: True, 2: False, 1: True}


def _complete() -> dict[int, bool]:
    return {row.number: row.complete for row in builds("nightly", limit=99)}


def test_builds_that_came_since_the_last_look_are_read_however_many(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(*(a_build(number) for number in range(1, 4)))
    look(stub.url, first=2)
    stub.has(*(a_build(number) for number in range(1, 9)))
    look(stub.url, first=2)
    assert [row.number for row in builds("nightly", limit=9)] == [8, 7, 6, 5, 4, 3, 2]


def test_a_running_build_that_jenkins_lost_is_shown_as_lost(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1), a_build(2, building=True, result=None))
    look(stub.url)
    assert build("nightly", "2").state == "running"
    stub.has(a_build(1), after=3)
    del stub.answers["job/nightly/2/api/json"]
    look(stub.url)
    assert (build("nightly", "2").state, build("nightly", "2").judged) == ("lost", False)


def test_a_list_of_builds_of_another_shape_is_told_in_words(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.answers["job/nightly/api/json"] = {"builds": [1]}
    with pytest.raises(Unusable, match="another shape"):
        look(stub.url)


def test_an_artifact_that_is_no_report_is_none(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1, artifacts=artifacts("pom.xml", "r.xml", "log.txt")))
    stub.answers["job/nightly/1/artifact/pom.xml"] = b"<project/>"
    stub.answers["job/nightly/1/artifact/r.xml"] = junit(login="P")
    look(stub.url)
    assert [row.name for row in reports("nightly", "1")] == ["r.xml"]
    assert "job/nightly/1/artifact/log.txt" not in stub.asked


def test_an_artifact_that_is_damaged_is_recorded_as_such(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1, artifacts=artifacts("r.xml")))
    stub.answers["job/nightly/1/artifact/r.xml"] = junit(login="P", logout="P")[:-30]
    look(stub.url)
    assert build("nightly", "1").damaged == 1


def test_an_artifact_whose_name_an_upload_took_stands_beside_it(
    stub: Stub, look: Callable[..., int], settings: Settings
) -> None:
    kept = spool.store(settings.spool, [junit(login="P")])
    uploaded = SpooledReport(kept.path, "r.xml", kept.sha256, kept.size)
    ingest(Intake.of(settings), BuildFacts("nightly", 1), [uploaded], now=NOW)
    stub.has(a_build(1, artifacts=artifacts("r.xml"), result="UNSTABLE"))
    stub.answers["job/nightly/1/artifact/r.xml"] = junit(login="F")
    look(stub.url)
    row = build("nightly", "1")
    assert (row.totals.failed, row.totals.total) == (1, 1)
    assert [each.name for each in reports("nightly", "1")] == [
        "r.xml",
        "r.xml (archived by Jenkins)",
    ]


def test_a_build_with_a_report_of_its_own_needs_no_test_report(
    stub: Stub, look: Callable[..., int]
) -> None:
    upload("nightly", 1, report("r.xml", login="P"))
    stub.has(a_build(1, actions=[{"urlName": "testReport", "totalCount": 1}]))
    look(stub.url)
    assert "job/nightly/1/testReport/api/json" not in stub.asked


def test_a_test_report_that_cannot_be_had_now_is_read_by_the_next_poll(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1, actions=[{"urlName": "testReport", "totalCount": 1}]))
    where = "job/nightly/1/testReport/api/json"
    stub.answers[where] = 503
    with pytest.raises(JenkinsError, match="503"):
        look(stub.url)
    assert not build("nightly", "1").complete
    case = {"className": "s", "name": "login", "status": "FAILED"}
    stub.answers[where] = {"suites": [{"name": "s", "cases": [case]}]}
    assert look(stub.url) == 1
    row = build("nightly", "1")
    assert (row.complete, row.totals.failed) == (True, 1)


def raw(answer: object) -> bytes:
    """An answer as Jenkins writes it, which leaves control characters as they are."""
    return json.dumps(answer, ensure_ascii=False).replace("\\u001b", "\x1b").encode()


def test_control_characters_in_the_texts_of_a_jenkins_are_read(
    stub: Stub, look: Callable[..., int]
) -> None:
    told = {"description": "\x1b[1mred\x1b[0m", "actions": [{"urlName": "testReport"}]}
    stub.has(a_build(1, **told))
    stub.answers["job/nightly/api/json"] = raw(stub.answers["job/nightly/api/json"])
    suites = [
        {
            "name": "s",
            "enclosingBlockNames": [stage],
            "cases": [{"className": "s", "name": "a", "status": "FAILED", "errorDetails": "\x1b!"}],
        }
        for stage in ("one", "two")
    ]
    stub.answers["job/nightly/1/testReport/api/json"] = raw({"suites": suites})
    look(stub.url)
    row = build("nightly", "1")
    assert (row.complete, row.totals.failed) == (True, 2)
    assert about("nightly", "1").description == told["description"]


def test_a_build_that_spoils_the_list_is_its_own_trouble(
    stub: Stub, look: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.has(a_build(1), a_build(2))
    slim = stub.answer

    def answer(path: str, tree: str) -> object:
        spoilt = path == "job/nightly/api/json" and "description" in tree
        return b'{"broken' if spoilt else slim(path, tree)

    monkeypatch.setattr(stub, "answer", answer)
    look(stub.url)
    assert [row.number for row in builds("nightly", limit=9)] == [2, 1]


def test_a_test_report_that_is_gone_does_not_hold_a_build_up(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1, actions=[{"urlName": "testReport", "totalCount": 1}]))
    look(stub.url)
    assert build("nightly", "1").complete
    assert look(stub.url) == 0


def test_numbers_that_begin_again_are_read_again(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1), a_build(2))
    look(stub.url)
    stub.has(a_build(1, timestamp=BEGAN + 300 * DAY))
    assert look(stub.url) == 1
    assert [row.label for row in builds("nightly", limit=9)] == ["1", "2", "1~0"]


def test_a_start_in_the_future_is_left_out_and_makes_no_other_build(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1), unfetched(2) | {"timestamp": FUTURE})
    stub.answers["job/nightly/2/api/json"] = a_build(2, timestamp=FUTURE)
    look(stub.url)
    assert build("nightly", "2").started is None
    stub.has(a_build(1, timestamp=FUTURE), a_build(2, timestamp=FUTURE))
    assert look(stub.url) == 0
    assert [row.label for row in builds("nightly", limit=9)] == ["2", "1"]


def test_what_is_no_build_is_told_in_words(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(unfetched(1))
    stub.answers["job/nightly/1/api/json"] = {"error": "try later"}
    with pytest.raises(PartlyRead, match=r"'main' tells of nightly #1 has another shape.*no build"):
        look(stub.url)


def test_the_oldest_of_many_builds_are_left_out_at_first(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(*(a_build(number) for number in range(1, 6)))
    assert look(stub.url, first=2) == 2
    assert [row.number for row in builds("nightly", limit=9)] == [5, 4]


def test_a_poll_of_jenkins_has_its_jobs_site_published(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    assert run("SELECT kind FROM work") == [("publish",)]


def test_a_build_that_was_uploaded_whole_while_it_ran_is_judged_when_it_ends(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1, building=True, result=None))
    look(stub.url)
    record(BuildFacts("nightly", 1, complete=True), report("r.xml", login="F"), now=NOW)
    stub.has(a_build(1, result="UNSTABLE"))
    look(stub.url)
    row = build("nightly", "1")
    assert (row.state, row.judged, row.new_failures) == ("finished", True, 1)


def test_a_build_read_for_a_hook_does_not_hide_older_ones(
    stub: Stub, look: Callable[..., int], settings: Settings
) -> None:
    stub.has(*(a_build(number) for number in range(1, 6)))
    look(stub.url)
    stub.has(*(a_build(number) for number in range(1, 9)))
    recording.read_build(reading_of(stub.url, settings), 8)
    look(stub.url)
    assert [row.number for row in builds("nightly", limit=9)] == [8, 7, 6, 5, 4, 3, 2, 1]


def test_a_build_that_could_not_be_read_is_tried_again_by_the_next_poll(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = {"error": "try later"}
    with pytest.raises(PartlyRead):
        look(stub.url)
    stub.has(*(a_build(number) for number in range(1, 20)))
    look(stub.url)
    assert [row.number for row in builds("nightly", limit=99)] == list(range(19, 0, -1))


def test_a_build_that_answers_503_does_not_keep_later_ones_waiting(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = 503
    with pytest.raises(PartlyRead, match="503"):
        look(stub.url)
    assert _complete() == {3: True, 2: False, 1: True}


def test_every_artifact_that_cannot_be_had_is_told(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1, artifacts=artifacts("a.xml", "b.xml")))
    look(stub.url)
    assert [(row.name, "404" in row.failure) for row in reports("nightly", "1")] == [
        ("a.xml", True),
        ("b.xml", True),
    ]


def test_a_poll_that_finds_nothing_new_writes_nothing(
    stub: Stub, look: Callable[..., int], settings: Settings, store: Path
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    other = sqlite3.connect(store)
    before = other.execute("PRAGMA data_version").fetchone()
    assert poll.poll_job(reading_of(stub.url, settings), first_builds=60).news == 0
    assert other.execute("PRAGMA data_version").fetchone() == before
    other.close()


def test_a_first_poll_reads_the_newest_build_and_asks_for_the_others(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(*(a_build(number) for number in range(1, 9)), a_build(9, building=True, result=None))
    known_as(stub.url, "nightly")
    poll.poll_job(reading_of(stub.url, settings), first_builds=60)
    assert [row.number for row in builds("nightly", limit=9)] == [9, 8]
    assert ("backfill", "nightly", "nightly") in run("SELECT kind, key, subject FROM work")


def test_a_poll_that_took_long_enough_goes_on_in_its_next_turn(
    stub: Stub, look: Callable[..., int], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(*(a_build(number) for number in range(1, 6)))
    minutes = iter(range(0, 10_000, 60))
    monkeypatch.setattr(poll, "monotonic", lambda: float(next(minutes)))
    polled = poll.poll_job(reading_of(stub.url, settings, seconds=225), first_builds=60)
    assert (polled.news, polled.is_done) == (3, False)
    assert [row.number for row in builds("nightly", limit=9)] == [4, 3, 2, 1]
    monkeypatch.undo()
    assert poll.poll_job(reading_of(stub.url, settings), first_builds=60).is_done
    assert count_builds("nightly") == 5


def test_builds_that_jenkins_deleted_are_marked_and_keep_their_results(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1), a_build(2), a_build(3))
    look(stub.url)
    stub.has(a_build(1), a_build(3), a_build(4))
    look(stub.url)
    assert run("SELECT number FROM build WHERE gone ORDER BY number") == [(2,)]
    assert count_builds("nightly") == 4


def test_builds_that_the_discarder_took_are_marked_however_many_there_are(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(*(a_build(number) for number in range(1, 31)))
    look(stub.url)
    stub.has(*(a_build(number) for number in range(3, 32)))
    stub.answers["job/nightly/api/json"]["firstBuild"] = {"number": 3}
    look(stub.url)
    assert run("SELECT number FROM build WHERE gone ORDER BY number") == [(1,), (2,)]


def test_a_newest_build_that_was_deleted_is_marked(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1), a_build(2), a_build(3))
    look(stub.url)
    stub.has(a_build(1), a_build(2), after=4)
    look(stub.url)
    assert run("SELECT number FROM build WHERE gone") == [(3,)]


def test_a_deleted_newest_build_does_not_make_numbers_begin_again(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1), a_build(2), a_build(3))
    look(stub.url)
    stub.has(a_build(1), a_build(2), after=4)
    assert look(stub.url) == 0
    stub.has(a_build(1), a_build(2), a_build(4))
    assert look(stub.url) == 1
    assert [row.label for row in builds("nightly", limit=9)] == ["4", "3", "2", "1"]


def test_a_controller_that_was_set_back_loses_what_ran_and_begins_an_epoch(
    stub: Stub, look: Callable[..., int]
) -> None:
    stub.has(a_build(1), a_build(2, building=True, result=None))
    look(stub.url)
    stub.has(a_build(1, timestamp=BEGAN + 30 * DAY), a_build(2, timestamp=BEGAN + 31 * DAY))
    look(stub.url)
    rows = {row.label: row.state for row in builds("nightly", limit=9)}
    assert rows == {"2": "finished", "1": "finished", "2~0": "lost", "1~0": "finished"}


def test_a_build_that_was_lost_and_comes_back_is_read(stub: Stub, look: Callable[..., int]) -> None:
    stub.has(a_build(1), a_build(2, building=True, result=None))
    look(stub.url)
    stub.has(a_build(1), after=3)
    del stub.answers["job/nightly/2/api/json"]
    look(stub.url)
    assert build("nightly", "2").state == "lost"
    stub.has(a_build(1), a_build(2, result="FAILURE"))
    look(stub.url)
    row = build("nightly", "2")
    assert (row.state, row.result, row.gone) == ("finished", "FAILURE", False)


def test_older_builds_are_asked_for_also_where_the_newest_all_run(
    stub: Stub, settings: Settings, store: Path
) -> None:
    running = [a_build(number, building=True, result=None) for number in range(11, 17)]
    stub.has(*(a_build(number) for number in range(1, 11)), *running)
    known_as(stub.url, "nightly")
    poll.poll_job(reading_of(stub.url, settings), first_builds=60)
    assert ("backfill",) in run("SELECT kind FROM work")


def test_older_builds_are_asked_for_before_a_first_poll_runs_out_of_time(
    stub: Stub, settings: Settings, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.has(*(a_build(number) for number in range(1, 9)))
    known_as(stub.url, "nightly")
    minutes = iter(range(0, 10_000, 600))
    monkeypatch.setattr(poll, "monotonic", lambda: float(next(minutes)))
    assert not poll.poll_job(reading_of(stub.url, settings), first_builds=60).is_done
    assert ("backfill",) in run("SELECT kind FROM work")
    monkeypatch.undo()
    poll.poll_job(reading_of(stub.url, settings), first_builds=60)
    assert [row.number for row in builds("nightly", limit=9)] == [8]


def test_a_build_that_takes_all_the_time_is_laid_aside_for_the_later_ones(
    stub: Stub, look: Callable[..., int], settings: Settings
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), a_build(2, artifacts=artifacts("r.xml")), a_build(3))
    slow = threading.Event()

    def answer(path: str, tree: str) -> object:
        if path.endswith("r.xml"):
            slow.wait(30)
        return Stub.answer(stub, path, tree)

    stub.answer = answer  # type: ignore[method-assign]
    for _ in range(2):
        with contextlib.suppress(PartlyRead, TooSlow):
            poll.poll_job(reading_of(stub.url, settings, seconds=1), first_builds=60)
    slow.set()
    assert build("nightly", "3").complete
    assert not build("nightly", "2").complete


def test_a_running_build_of_an_older_epoch_ends_as_lost(
    stub: Stub, look: Callable[..., int], settings: Settings
) -> None:
    stub.has(a_build(1), a_build(2, building=True, result=None))
    look(stub.url)
    stub.has(a_build(1, timestamp=BEGAN + 90 * DAY), a_build(2, timestamp=BEGAN + 91 * DAY))
    recording.read_build(reading_of(stub.url, settings), 2)  # a knock comes before the next look
    look(stub.url)
    assert "running" not in {row.state for row in builds("nightly", limit=9)}
    assert build("nightly", "2~0").state == "lost"


ODD: list[dict[str, object]] = [
    {"timestamp": "x"},
    {"timestamp": 2**70},
    {"duration": 2**70},
    {"runs": [None]},
    {"runs": 5},
    {"artifacts": [{"relativePath": 5}]},
    {"actions": [{"causes": [{"upstreamProject": "a", "upstreamBuild": 2**70}]}]},
    {"culprits": [5]},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_build_of_an_odd_shape_is_its_own_trouble_and_no_bug(
    stub: Stub, look: Callable[..., int], odd: dict[str, object]
) -> None:
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), a_build(2, **odd), a_build(3))
    with pytest.raises(PartlyRead, match=r"#2.*another shape"):
        look(stub.url)
    assert _complete() == {3: True, 2: False, 1: True}


def test_a_build_that_can_never_be_read_is_shown_as_incomplete_when_it_is_tried_no_more(
    stub: Stub, look: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "MOST_BEHIND", 5)
    stub.has(a_build(1))
    look(stub.url)
    stub.has(a_build(1), unfetched(2), *(a_build(number) for number in range(3, 9)))
    stub.answers["job/nightly/2/api/json"] = b"<html>"
    with pytest.raises(PartlyRead, match="#2"):
        look(stub.url)
    stub.has(a_build(1), unfetched(2), *(a_build(number) for number in range(3, 10)))
    stub.answers["job/nightly/2/api/json"] = b"<html>"
    look(stub.url)
    assert _complete() == {number: number != 2 for number in range(1, 10)}
