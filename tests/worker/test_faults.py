"""A Jenkins that goes wrong harms only itself: the poll ends, others go on, nothing is half."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from tests.conftest import free_port, junit
from tests.counts import RecordCount
from tests.jenkins.misbehaving import FAULTS, Misbehaving, no_tls, says
from tests.jenkins.stub import BEGAN, DAY, a_build, artifacts
from tracker.clock import now_ms
from tracker.queries import jobs
from tracker.queries.builds import build, builds, count_builds, reports
from tracker.settings import Settings
from tracker.store.backfills import ask_backfill
from tracker.store.jobs import add_server
from tracker.store.sql import run
from tracker.store.work import enqueue
from tracker.worker.loop import Worker
from tracker.worker.tasks import TASKS

# One answer may take a second, reading a job two, where something never answers: that lasts for
# ever, so that a poll that ends at all has ended by its deadline; how soon, `scripts/bench`
# measures. Everywhere else there is time enough, however busy the machine is.
SECONDS, LIMIT = 1, 2
ENOUGH = 20
GROWTH = 20 * 1024  # kB
BUILDS = {"bad": 3, "good": 1}


def answers() -> dict[str, object]:
    """A job `bad` of three builds and a job `good` of one, each build with one report."""
    told: dict[str, object] = {}
    listed = []
    for name, count in BUILDS.items():
        path = f"job/{name}/"
        each = [
            a_build(n, artifacts=artifacts("r.xml"), url=f"http://x/{path}{n}/")
            for n in range(count, 0, -1)
        ]
        job = {
            "name": name,
            "nextBuildNumber": count + 1,
            "lastBuild": {"number": count, "timestamp": each[0]["timestamp"]},
            "lastCompletedBuild": {"number": count},
        }
        listed.append(job)
        told[f"{path}api/json"] = {**job, "allBuilds": each}
        told |= {f"{path}{n}/artifact/r.xml": junit(a="P", b="F") for n in range(1, count + 1)}
        told |= {f"{path}{one['number']}/api/json": one for one in each}
    return {**told, "api/json": {"jobs": listed, "mode": "NORMAL"}}


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    made = Misbehaving(answers())
    yield made
    made.close()


@pytest.fixture
def work(settings: Settings, store: Path, server: Misbehaving) -> Callable[[str], None]:
    """Read the server at an address once, as the worker does, until nothing else is due.

    Nothing is published: how a server goes wrong is no matter there.
    """
    kinds = TASKS.keys() - {"publish"}

    def look(url: str) -> None:
        seconds, limit = (SECONDS, LIMIT) if server.is_silent() else (ENOUGH, ENOUGH)
        add_server("main", url, username="ci", rate=1000, seconds=seconds)
        enqueue("watch", "main", due=now_ms())
        quick = msgspec.structs.replace(settings, poll_limit_seconds=limit)
        begun = monotonic()
        Worker(quick, kinds).run(until_idle=True)
        assert monotonic() - begun < 60, "it did not end by its deadline"

    return look


def whole_history(name: str, before: str = "") -> bool:
    """Whether each build of a job, `before` of another name, is there with all of its results."""
    rows = builds(name, limit=9)
    return {(row.complete, row.totals.total) for row in rows} == {(True, 2)} and len(
        rows
    ) == BUILDS[before or name]


def a_third(faults: Iterable[str], place: int) -> list[object]:
    """Every third of the faults, at night all: each is in every run at one of three places."""
    return [
        fault if at % 3 == place else pytest.param(fault, marks=pytest.mark.nightly)
        for at, fault in enumerate(FAULTS)
        if fault in faults
    ]


@pytest.mark.parametrize("fault", a_third(FAULTS, 0))
def test_a_look_at_a_server_that_fails_says_why_on_the_pages_of_its_jobs(
    server: Misbehaving, work: Callable[[str], None], fault: str
) -> None:
    work(server.url)
    assert whole_history("good")
    before = revision_of("good")
    answer, words = FAULTS[fault]
    server.faults[""] = answer
    work(server.url)
    row = jobs.job("good")
    assert re.search(words, row.error), row.error
    assert row.error_since is not None
    assert "tracker server check main" in row.error
    assert revision_of("good") > before  # so that the page is shown anew
    assert whole_history("good")
    server.faults.clear()
    work(server.url)
    assert (jobs.job("good").error, jobs.job("good").error_since) == ("", None)


def revision_of(job: str) -> int:
    return jobs.revision(job)


@pytest.mark.parametrize("fault", a_third(FAULTS, 1))
def test_a_job_that_fails_keeps_no_other_from_being_read(
    server: Misbehaving, work: Callable[[str], None], fault: str, record_count: RecordCount
) -> None:
    answer, words = FAULTS[fault]
    server.faults["job/bad/api"] = answer
    work(server.url)
    record_count("P14", faults=1, other_jobs_read_whole=int(whole_history("good")))
    assert whole_history("good")
    assert count_builds("bad") == 0
    assert re.search(words, jobs.job("bad").error), jobs.job("bad").error
    server.faults.clear()
    run("UPDATE work SET due = 0")
    work(server.url)
    assert whole_history("bad")
    assert jobs.job("bad").error == ""


# Bytes that are not what they should be, whole, are a report that nobody recognises.
OF_FILES = FAULTS.keys() - {"garbage", "login page"}


@pytest.mark.parametrize("fault", a_third(OF_FILES, 2))
def test_a_report_that_cannot_be_had_is_told_and_nothing_is_half(
    server: Misbehaving, work: Callable[[str], None], fault: str
) -> None:
    answer, words = FAULTS[fault]
    server.faults["job/bad/2/artifact"] = answer
    work(server.url)
    assert whole_history("good")
    for row in builds("bad", limit=9):
        lost = [each for each in reports("bad", row.label) if each.failure]
        assert row.totals.total in ((0,) if row.number == 2 else (2,))
        assert row.damaged == len(lost)
    said = " ".join(
        [jobs.job("bad").error, *(each.failure for each in reports_of("bad", "2"))]
        + [error for (error,) in run("SELECT error FROM backfill")]
    )
    assert re.search(words, said), said


def reports_of(job: str, label: str) -> list[object]:
    known = {row.label for row in builds(job, limit=9)}
    return list(reports(job, label)) if label in known else []


@pytest.mark.parametrize("place", ["", "job/bad/api", "job/bad/3/artifact"])
def test_a_huge_answer_costs_at_most_20_megabytes_of_memory(
    server: Misbehaving, work: Callable[[str], None], place: str, record_count: RecordCount
) -> None:
    work(server.url)
    run("DELETE FROM build")
    run("UPDATE job SET polled_to = NULL, seen = ''")
    server.faults[place] = FAULTS["300 MB"][0]
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins here
    before = memory("VmRSS")
    work(server.url)
    growth = memory("VmHWM") - before
    record_count("P14", MB_of_an_answer=300, MB_of_memory=growth / 1024)
    assert growth < GROWTH


def memory(what: str) -> int:
    """A figure of this process in kB."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def test_a_server_that_is_down_is_told(work: Callable[[str], None]) -> None:
    work(f"http://127.0.0.1:{free_port()}/")
    assert "the connection is refused" in jobs.server("main").error


def test_a_name_that_nobody_knows_is_told(work: Callable[[str], None]) -> None:
    work("http://no-such-host.invalid/")
    assert re.search(
        r"name is not known|cannot be looked up|takes too long|within", jobs.server("main").error
    )


def test_a_server_without_tls_is_told(server: Misbehaving, work: Callable[[str], None]) -> None:
    server.faults["\x16"] = no_tls
    work(server.url.replace("http:", "https:"))
    assert re.search(
        r"cannot be reached: (it does not speak|no safe|it closed|SSLError)",
        jobs.server("main").error,
    )


def test_refused_credentials_are_not_tried_again_for_ten_minutes(
    server: Misbehaving, work: Callable[[str], None]
) -> None:
    server.faults[""] = says("401 Unauthorized")
    work(server.url)
    [(due,)] = run("SELECT due FROM work WHERE kind = 'watch'")
    assert due - now_ms() > 500_000


def test_a_clock_that_is_off_by_days_is_told_and_nothing_is_lost(
    server: Misbehaving, work: Callable[[str], None]
) -> None:
    server.headers = ["Date: Thu, 01 Jan 2026 00:00:00 GMT"]
    work(server.url)
    assert whole_history("good")
    assert re.search(r"clock is [\d,.]+ hours behind ours", jobs.server("main").notice)
    assert jobs.server("main").error == ""
    server.headers = []
    work(server.url)
    assert jobs.server("main").notice == ""


def test_a_job_that_vanishes_in_mid_poll_keeps_what_was_stored(
    server: Misbehaving, work: Callable[[str], None]
) -> None:
    work(server.url)
    server.faults["job/bad/"] = says("404 Not Found")
    newest = dict(server.answers["api/json"]["jobs"][0])
    newest["nextBuildNumber"] = 99
    server.answers["api/json"]["jobs"][0] = newest
    work(server.url)
    assert "has no job 'bad' now (404)" in jobs.job("bad").error
    assert whole_history("bad")
    assert whole_history("good")


def test_a_restart_that_loses_the_last_builds_loses_none_of_ours(
    server: Misbehaving, work: Callable[[str], None]
) -> None:
    work(server.url)
    rewind(server, a_build(1))
    work(server.url)
    assert whole_history("bad")
    assert jobs.job("bad").error == ""


def test_a_controller_that_begins_its_numbers_again_adds_to_the_history(
    server: Misbehaving, work: Callable[[str], None]
) -> None:
    work(server.url)
    anew = a_build(1, timestamp=BEGAN + 300 * DAY)
    rewind(server, anew)
    server.answers["job/bad/1/api/json"] = anew
    work(server.url)
    assert [row.label for row in builds("bad", limit=9)] == ["1", "3", "2", "1~0"]
    assert build("bad", "1~0").totals.total == 2


def rewind(server: Misbehaving, *told: dict[str, object]) -> None:
    """The job `bad` has only these builds any more, and its next number follows them."""
    newest = told[-1]
    job = {
        "name": "bad",
        "nextBuildNumber": int(str(newest["number"])) + 1,
        "lastBuild": {"number": newest["number"], "timestamp": newest["timestamp"]},
        "lastCompletedBuild": {"number": newest["number"]},
    }
    server.answers["api/json"]["jobs"][0] = job
    server.answers["job/bad/api/json"] = {**job, "allBuilds": list(told[::-1])}


def test_a_job_renamed_in_mid_backfill_goes_on_under_its_new_name(
    server: Misbehaving, work: Callable[[str], None]
) -> None:
    work(server.url)
    ask_backfill("bad", builds=9, now=now_ms())
    run("DELETE FROM build WHERE number < 3 AND job_id = (SELECT id FROM job WHERE name = 'bad')")
    run("DELETE FROM result WHERE build_id NOT IN (SELECT id FROM build)")
    for path in [path for path in server.answers if path.startswith("job/bad/")]:
        server.answers[path.replace("/bad/", "/worse/")] = server.answers.pop(path)
    listed = server.answers["api/json"]["jobs"]
    listed[0] = {**listed[0], "name": "worse"}
    server.answers["job/worse/api/json"]["name"] = "worse"
    work(server.url)
    assert [row.name for row in jobs.jobs()] == ["good", "worse"]
    assert jobs.job("worse").former == ("bad",)
    assert whole_history("worse", before="bad")
