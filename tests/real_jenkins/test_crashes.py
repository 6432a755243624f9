"""What a crash of the controller leaves behind: history stays, and is counted once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import junit
from tests.real_jenkins import jobs
from tests.real_jenkins.conftest import Controller, Tracker, labels, until
from tracker.queries.builds import build, builds, count_builds
from tracker.queries.jobs import job, server
from tracker.queries.jobs import jobs as all_jobs

pytestmark = pytest.mark.real_jenkins

REPORT = jobs.write("out/r.xml", junit(a="P", b="F"), junit(a="P", b="P"))


def test_a_job_that_is_renamed_while_the_controller_starts_again_keeps_its_history(
    controller: Controller, tracker: Tracker
) -> None:
    controller.create("shifting-not", jobs.reporting(REPORT))
    controller.create("shifting-before", jobs.reporting(REPORT))
    controller.run("shifting-before", times=2)
    tracker.knows(controller, "--jobs", "shifting-*")
    tracker.look(controller)
    controller.rename("shifting-before", "shifting-after")
    controller.kill()
    controller.start()  # from now on it tells when builds began in whole seconds
    tracker.look(controller)
    assert [row.name for row in all_jobs()] == ["shifting-after", "shifting-not"]
    assert labels("shifting-after") == ["2", "1"]


def test_a_crash_of_the_controller_in_a_back_fill_loses_and_doubles_nothing(
    controller: Controller, make_tracker: Callable[[str], Tracker]
) -> None:
    names, count = ("crashing-a", "crashing-b"), 5
    for name in names:
        controller.create(name, jobs.reporting(REPORT, jobs.write("out/deep/s.xml", junit(c="S"))))
    for number in range(1, count + 1):
        for name in names:
            controller.begin(name)
        for name in names:
            controller.wait(name, number)

    wild = make_tracker("wild")
    wild.knows(controller, "--jobs", "crashing-*", "--rate", "5")
    with wild.working():
        until(lambda: sum(map(count_builds, names)) >= 3, "some builds are read")
        controller.kill()
        until(lambda: server("main").error or any(job(each).error for each in names), "trouble")
        assert sum(map(count_builds, names)) < 2 * count
        controller.start()
        wild.knows(controller)  # which is how an operator says "look again now"
        until(lambda: all_read(names, count), "all builds are read")
    wild.look(controller)
    assert (server("main").error, [job(name).error for name in names]) == ("", ["", ""])

    calm = make_tracker("calm")
    calm.knows(controller, "--jobs", "crashing-*")
    calm.look(controller)
    assert [count_builds(name) for name in names] == [count, count]
    assert said_by(wild) == said_by(calm)


def said_by(tracker: Tracker) -> list[dict[str, object]]:
    """The dump of a tracker, with whole seconds: after a start this controller knows no others."""
    rows = [json.loads(line) for line in tracker.done("dump").splitlines()]
    return [row | {"started": row["started"] // 1000} if "started" in row else row for row in rows]


def all_read(names: tuple[str, ...], count: int) -> bool:
    """Whether all builds of the jobs are recorded to the end."""
    rows = [row for name in names for row in builds(name, limit=100)]
    return len(rows) == len(names) * count and all(row.complete for row in rows)


# In every run jenkins/test_poll.py has one that Jenkins lost.
@pytest.mark.nightly
def test_a_build_that_ran_when_the_controller_crashed_is_lost_and_not_judged(
    controller: Controller, tracker: Tracker
) -> None:
    wait = f"[ $BUILD_NUMBER = 1 ] || {{ echo waiting; {jobs.wait_for_go(20)}; }}"
    controller.create("vanishing", jobs.reporting(REPORT, wait))
    controller.run("vanishing")
    number = controller.begin("vanishing")
    controller.wait_for_step("vanishing", number, "waiting")
    tracker.knows(controller, "--jobs", "vanishing")
    tracker.look(controller)
    assert build("vanishing", "2").state == "running"
    controller.kill()
    controller.go("vanishing")  # the step outlives its controller
    controller.start()
    tracker.look(controller)
    row = build("vanishing", "2")
    assert (row.state, row.judged, row.fixed, row.regressions) == ("lost", False, 0, 0)
    assert labels("vanishing") == ["2", "1"]
    newest = job("vanishing").latest
    assert newest is not None
    assert newest.label == "1"
