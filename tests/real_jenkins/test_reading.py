"""What is read of a real controller: its jobs, every kind of build, and what builds send."""

from __future__ import annotations

import json

import pytest

from tests.conftest import junit, running_gunicorn
from tests.real_jenkins import jobs
from tests.real_jenkins.conftest import Controller, Tracker, totals, until
from tracker.errors import NotFound
from tracker.queries import builds
from tracker.queries.build_rows import BuildRow
from tracker.queries.builds import build
from tracker.queries.case_rows import CaseRow
from tracker.queries.jobs import job
from tracker.queries.jobs import jobs as all_jobs
from tracker.queries.results import results
from tracker.store.connection import open_store

pytestmark = pytest.mark.real_jenkins


def cases(name: str, label: str, which: str = "all") -> dict[str, str]:
    """The results of a build by case, with the variant behind it where there is one."""

    def called(row: CaseRow) -> str:
        return f"{row.name} [{row.variant}]" if row.variant else row.name

    return {called(row): row.status for row in results(name, label, which, limit=100)}


def found(name: str, label: str) -> BuildRow | None:
    """A build, or None as long as there is none."""
    try:
        return build(name, label)
    except NotFound:
        return None


# Jobs.


def test_all_jobs_are_found_under_their_names_and_a_disabled_one_is_marked(
    controller: Controller, tracker: Tracker
) -> None:
    names = ["found", "found with space é", "found, but disabled"]
    for name in names:
        controller.create(name, jobs.config("true", disabled="disabled" in name))
    tracker.knows(controller, "--jobs", "found*")
    assert json.loads(tracker.done("server", "check", "main", "--json"))["jobs"] == names
    tracker.look(controller)
    assert [row.name for row in all_jobs()] == names
    assert [job(name).standing for name in names] == ["", "", "disabled"]


def test_a_job_with_a_space_and_an_accent_is_read_like_any_other(
    controller: Controller, tracker: Tracker
) -> None:
    name = "with space é"
    controller.create(name, jobs.reporting(jobs.write("out/r.xml", junit(a="P", b="F"))))
    controller.run(name)
    tracker.knows(controller, "--jobs", "with*")
    tracker.look(controller)
    assert totals(build(name, "1")) == {"passed": 1, "failed": 1}


# Builds.


def test_builds_are_recorded_with_their_totals_and_judged(
    controller: Controller, tracker: Tracker
) -> None:
    reports = (
        junit(a="P", b="P", c="S", d="E"),
        junit(a="P", b="F", c="S", d="E"),
        junit(a="P", b="P", c="S", d="P"),
    )
    controller.create("history", jobs.reporting(jobs.write("out/r.xml", *reports)))
    controller.run("history", times=3)
    tracker.knows(controller, "--jobs", "history")
    tracker.look(controller)
    first, second, third = (build("history", label) for label in "123")
    assert [row.result for row in (first, second, third)] == ["UNSTABLE", "UNSTABLE", "SUCCESS"]
    assert totals(first) == {"passed": 2, "skipped": 1, "error": 1}
    assert totals(second) == {"passed": 1, "skipped": 1, "error": 1, "failed": 1}
    assert totals(third) == {"passed": 3, "skipped": 1}
    assert cases("history", "2", "new") == {"b": "failed"}
    assert cases("history", "2", "failing") == {"d": "error"}
    assert cases("history", "3", "recovering") == {"b": "passed", "d": "passed"}
    assert second.started is not None
    assert third.started is not None
    assert second.started < third.started


def test_reports_in_several_folders_are_all_read(controller: Controller, tracker: Tracker) -> None:
    steps = [
        jobs.write("out/unit/r.xml", junit(a="P")),
        jobs.write("out/deep/er/r.xml", junit(b="F")),
        jobs.write("out/é #1/r.xml", junit(c="S")),
        jobs.write("out/notes.txt", b"no report"),
    ]
    controller.create("folders", jobs.reporting(*steps))
    controller.run("folders")
    tracker.knows(controller, "--jobs", "folders")
    tracker.look(controller)
    assert cases("folders", "1") == {"a": "passed", "b": "failed", "c": "skipped"}
    assert build("folders", "1").damaged == 0


def test_parameters_are_told_but_for_a_password(controller: Controller, tracker: Tracker) -> None:
    asked = jobs.parameters(
        jobs.parameter("String", "BRANCH", "main"),
        jobs.parameter("Boolean", "SLOW", "false"),
        jobs.choice("PLATFORM", "linux", "windows"),
        jobs.parameter("Password", "SECRET", "hunter2"),
    )
    controller.create("asked", jobs.config("true", properties=asked))
    controller.run("asked", BRANCH="release/é", SLOW="true", PLATFORM="windows", SECRET="hunter2")
    tracker.knows(controller, "--jobs", "asked")
    tracker.look(controller)
    told = dict(builds.about("asked", "1").parameters)
    assert told.pop("SECRET") == "(hidden)"
    assert told == {"BRANCH": "release/é", "SLOW": "true", "PLATFORM": "windows"}
    assert "hunter2" not in tracker.done("dump")


def test_a_build_knows_what_started_it_and_what_it_started(
    controller: Controller, tracker: Tracker
) -> None:
    after = (
        jobs.then_build("line-deploy"),
        jobs.fingerprints("out/product.txt"),
        jobs.aggregated("line-deploy"),
    )
    product = "echo $BUILD_TAG >out/product.txt"
    unit = jobs.write("out/unit.xml", junit(quick="P"))
    deploy = jobs.write("out/deploy.xml", junit(up="P", down="F"))
    fetch = "cp ../../line-unit/lastSuccessful/archive/out/product.txt out/"
    used = (jobs.fingerprints("out/product.txt"),)
    controller.create("line-deploy", jobs.reporting(fetch, deploy, publishers=used))
    controller.create("line-unit", jobs.reporting(product, unit, publishers=after))
    controller.run("line-unit")
    controller.wait("line-deploy", 1)
    tracker.knows(controller, "--jobs", "line-*")
    tracker.look(controller)
    first, second = build("line-unit", "1"), build("line-deploy", "1")
    assert builds.downstream(first) == [second]
    assert builds.starter(second) == first
    assert (second.upstream_job, second.upstream_number) == ("line-unit", 1)
    assert any("line-unit" in cause for cause in builds.about("line-deploy", "1").causes)
    assert totals(first) == {"passed": 1}
    assert totals(second) == {"passed": 1, "failed": 1}


def test_the_cells_of_a_matrix_are_told_apart(controller: Controller, tracker: Tracker) -> None:
    step = (
        "[ $DB$PY = postgres3.12 ] && bad='<failure message=\"only here\"/>'\n"
        "echo \"<testsuite name='m'><testcase classname='m' name='works'>$bad</testcase>"
        "<testcase classname='m' name='fine'/></testsuite>\" >out/m.xml"
    )
    axes = {"DB": ("sqlite", "postgres"), "PY": ("3.11", "3.12")}
    controller.create("matrix", jobs.reporting(step, axes=axes))
    controller.run("matrix")
    tracker.knows(controller, "--jobs", "matrix")
    tracker.look(controller)
    assert [row.name for row in all_jobs()] == ["matrix"]
    cells = [f"DB={db},PY={py}" for db in axes["DB"] for py in axes["PY"]]
    expected = {f"{name} [{cell}]": "passed" for cell in cells for name in ("works", "fine")}
    expected["works [DB=postgres,PY=3.12]"] = "failed"
    assert cases("matrix", "1") == expected
    [broken] = results("matrix", "1", "new", limit=10)
    assert broken.message == "only here"


def test_an_aborted_build_is_recorded_and_not_judged(
    controller: Controller, tracker: Tracker
) -> None:
    whole, part = junit(a="P", b="P"), junit(a="F")
    wait = f"[ $BUILD_NUMBER = 1 ] || {{ echo waiting; {jobs.wait_for_go()}; }}"
    controller.create("aborted", jobs.reporting(jobs.write("out/r.xml", whole, part), wait))
    controller.run("aborted")
    number = controller.begin("aborted")
    controller.wait_for_step("aborted", number, "waiting")
    controller.abort("aborted", number)
    tracker.knows(controller, "--jobs", "aborted")
    tracker.look(controller)
    row = build("aborted", "2")
    assert (row.state, row.result, row.judged) == ("finished", "ABORTED", False)
    assert (row.regressions, totals(row)) == (0, {"failed": 1})
    newest = job("aborted").latest
    assert newest is not None
    assert newest.label == "1"


def test_a_build_that_failed_before_its_tests_has_none(
    controller: Controller, tracker: Tracker
) -> None:
    controller.create("early", jobs.reporting("exit 3", jobs.write("out/r.xml", junit(a="P"))))
    controller.run("early")
    tracker.knows(controller, "--jobs", "early")
    tracker.look(controller)
    row = build("early", "1")
    assert (row.state, row.result, row.complete) == ("finished", "FAILURE", True)
    assert (totals(row), row.damaged, row.regressions) == ({}, 0, 0)
    assert job("early").error == ""


def test_of_an_ill_formed_report_stays_what_came_before_the_damage(
    controller: Controller, tracker: Tracker
) -> None:
    cut = junit(a="P", b="F", cut="P")[:-20]
    controller.create(
        "ill", jobs.reporting(jobs.write("out/cut.xml", cut), jobs.write("out/r.xml", junit(c="P")))
    )
    controller.run("ill")
    tracker.knows(controller, "--jobs", "ill")
    tracker.look(controller)
    row = build("ill", "1")
    assert (row.result, row.damaged) == ("FAILURE", 1)
    assert cases("ill", "1") == {"a": "passed", "b": "failed", "c": "passed"}


def test_a_running_build_is_shown_as_running_until_it_is_over(
    controller: Controller, tracker: Tracker
) -> None:
    report = jobs.write("out/r.xml", junit(a="P", b="F"))
    controller.create("slow", jobs.reporting(report, "echo waiting", jobs.wait_for_go()))
    number = controller.begin("slow")
    controller.wait_for_step("slow", number, "waiting")
    tracker.knows(controller, "--jobs", "slow")
    tracker.look(controller)
    row = build("slow", "1")
    assert (row.state, row.result, row.judged, totals(row)) == ("running", None, False, {})
    controller.go("slow")
    controller.wait("slow", number)
    tracker.done("poll", "slow")
    row = build("slow", "1")
    assert (row.state, row.result, row.judged) == ("finished", "UNSTABLE", True)
    assert totals(row) == {"passed": 1, "failed": 1}


# What builds send.


def test_a_hook_from_a_build_step_records_the_build_without_a_poll(
    controller: Controller, tracker: Tracker
) -> None:
    with running_gunicorn(tracker.settings, workers=1) as server:
        report = jobs.write("out/r.xml", junit(a="P", b="F"))
        steps = (report, jobs.knock(server.url, server.token), jobs.wait_for_go())
        controller.create("knocking", jobs.reporting(*steps))
        tracker.knows(controller, "--jobs", "knocking")
        tracker.done("worker", "--until-idle")
        open_store(tracker.settings.store)
        with tracker.working():
            number = controller.begin("knocking")
            until(lambda: found("knocking", "1"), "the knock is heard")
            assert build("knocking", "1").state == "running"
            controller.go("knocking")
            controller.wait("knocking", number)
            until(lambda: build("knocking", "1").state == "finished", "the end is seen")
        assert totals(build("knocking", "1")) == {"passed": 1, "failed": 1}


def test_a_report_that_is_uploaded_at_exit_and_polled_later_counts_once(
    controller: Controller, tracker: Tracker
) -> None:
    with running_gunicorn(tracker.settings, workers=1) as server:
        tell = jobs.upload_at_exit(server.url, server.token, "out/r.xml")
        report = jobs.write("out/r.xml", junit(a="P", b="F"))
        controller.create("telling", jobs.reporting(tell, report, "exit 1"))
        controller.run("telling")
        open_store(tracker.settings.store)
        row = build("telling", "1")
        assert (row.state, totals(row)) == ("receiving", {"passed": 1, "failed": 1})
    tracker.knows(controller, "--jobs", "telling")
    tracker.look(controller)
    row = build("telling", "1")
    assert (row.state, row.result) == ("finished", "FAILURE")
    assert totals(row) == {"passed": 1, "failed": 1}
    assert [report.cases for report in builds.reports("telling", "1")] == [2]
