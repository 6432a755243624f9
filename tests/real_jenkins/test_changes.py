"""What is done to jobs and builds on the controller: history stays, and says so."""

from __future__ import annotations

import pytest

from tests.conftest import junit
from tests.real_jenkins import jobs
from tests.real_jenkins.conftest import Controller, Tracker, labels, totals
from tracker.queries.builds import build
from tracker.queries.jobs import job
from tracker.queries.jobs import jobs as all_jobs
from tracker.web import create_app

pytestmark = pytest.mark.real_jenkins

REPORT = jobs.write("out/r.xml", junit(a="P", b="F"), junit(a="P", b="P"))


def test_a_deleted_build_keeps_its_results(controller: Controller, tracker: Tracker) -> None:
    controller.create("thinned", jobs.reporting(REPORT))
    controller.run("thinned", times=3)
    tracker.knows(controller, "--jobs", "thinned")
    tracker.look(controller)
    controller.delete_build("thinned", 1)
    controller.delete_build("thinned", 3)
    tracker.look(controller)
    assert labels("thinned") == ["3", "2", "1"]
    assert [build("thinned", label).gone for label in "123"] == [True, False, True]
    assert totals(build("thinned", "1")) == {"passed": 1, "failed": 1}
    assert totals(build("thinned", "3")) == {"passed": 2}
    assert controller.run("thinned") == 4
    tracker.look(controller)
    assert labels("thinned") == ["4", "3", "2", "1"]


def test_a_deleted_job_keeps_its_history_and_is_marked_after_two_looks(
    controller: Controller, tracker: Tracker
) -> None:
    for name in ("kept", "kept-not"):
        controller.create(name, jobs.reporting(REPORT))
        controller.run(name)
    tracker.knows(controller, "--jobs", "kept*")
    tracker.look(controller)
    controller.delete("kept-not")
    tracker.look(controller)
    assert job("kept-not").standing == ""
    tracker.look(controller)
    assert (job("kept-not").standing, job("kept").standing) == ("deleted", "")
    assert totals(build("kept-not", "1")) == {"passed": 1, "failed": 1}


def test_a_renamed_job_keeps_its_history_under_the_new_name(
    controller: Controller, tracker: Tracker
) -> None:
    controller.create("named-before", jobs.reporting(REPORT))
    controller.run("named-before", times=2)
    tracker.knows(controller, "--jobs", "named-*")
    tracker.look(controller)
    controller.rename("named-before", "named-é after")
    tracker.look(controller)
    assert [row.name for row in all_jobs()] == ["named-é after"]
    assert job("named-é after").former == ("named-before",)
    controller.run("named-é after")
    tracker.look(controller)
    assert labels("named-é after") == ["3", "2", "1"]
    assert build("named-é after", "2").recovering == 1
    client = create_app(tracker.settings).test_client()
    assert "named-é after" in client.get("/jobs/named-before/", follow_redirects=True).text


def test_a_job_that_is_renamed_and_built_before_the_next_look_keeps_its_history(
    controller: Controller, tracker: Tracker
) -> None:
    controller.create("moving-not", jobs.reporting(REPORT))
    controller.create("moving-before", jobs.reporting(REPORT))
    controller.run("moving-before", times=2)
    tracker.knows(controller, "--jobs", "moving-*")
    tracker.look(controller)
    controller.rename("moving-before", "moving-after")
    controller.run("moving-after")
    tracker.look(controller)
    assert [row.name for row in all_jobs()] == ["moving-after", "moving-not"]
    assert job("moving-after").former == ("moving-before",)
    assert labels("moving-after") == ["3", "2", "1"]


def test_a_job_that_is_disabled_is_marked(controller: Controller, tracker: Tracker) -> None:
    controller.create("resting", jobs.reporting(REPORT))
    controller.run("resting")
    tracker.knows(controller, "--jobs", "resting")
    tracker.look(controller)
    assert job("resting").standing == ""
    controller.disable("resting")
    tracker.look(controller)
    assert job("resting").standing == "disabled"
    assert labels("resting") == ["1"]
