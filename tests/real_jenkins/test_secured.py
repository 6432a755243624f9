"""A controller that wants a user: what is told to one it refuses, and that the right one reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import junit
from tests.real_jenkins import jobs
from tests.real_jenkins.conftest import PASSWORD, USER, Controller, Tracker, totals
from tracker.queries.builds import build
from tracker.queries.jobs import job, server

pytestmark = pytest.mark.real_jenkins

CANNOT_REACH = 3


@pytest.fixture
def password(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """The flags for a user with a password, which is in a file that only we can read."""

    def flags(text: str) -> tuple[str, ...]:
        file = tmp_path / text
        file.write_text(text)
        file.chmod(0o400)
        return "--user", USER, "--token-file", str(file)

    return flags


@pytest.fixture(scope="module")
def closed_job(secured: Controller) -> str:
    """A job with a build that only the user can see."""
    secured.create("closed", jobs.reporting(jobs.write("out/r.xml", junit(a="P", b="F"))))
    secured.run("closed")
    return "closed"


def test_anonymous_is_told_that_it_is_refused(
    secured: Controller, closed_job: str, tracker: Tracker
) -> None:
    tracker.knows(secured)
    said = tracker.run("server", "check", "main")
    assert said.code == CANNOT_REACH
    assert "refuses anonymous (403)" in said.err
    tracker.done("worker", "--until-idle")
    assert "refuses anonymous (403)" in server("main").error


def test_a_wrong_password_is_told_as_such(
    secured: Controller,
    closed_job: str,
    tracker: Tracker,
    password: Callable[[str], tuple[str, ...]],
) -> None:
    tracker.knows(secured, *password("wrong"))
    said = tracker.run("server", "check", "main")
    assert said.code == CANNOT_REACH
    assert f"refuses the user '{USER}' (401)" in said.err
    assert "wrong" not in said.err + said.out
    tracker.done("worker", "--until-idle")
    assert f"refuses the user '{USER}' (401)" in server("main").error


def test_the_right_user_reads_everything(
    secured: Controller,
    closed_job: str,
    tracker: Tracker,
    password: Callable[[str], tuple[str, ...]],
) -> None:
    tracker.knows(secured, *password(PASSWORD))
    assert f"knows us as {USER}" in tracker.done("server", "check", "main")
    tracker.look(secured)
    assert totals(build(closed_job, "1")) == {"passed": 1, "failed": 1}
    assert (server("main").error, job(closed_job).error) == ("", "")


def test_a_password_that_is_changed_is_trouble_and_no_deletion(
    secured: Controller,
    closed_job: str,
    tracker: Tracker,
    password: Callable[[str], tuple[str, ...]],
) -> None:
    tracker.knows(secured, *password(PASSWORD))
    tracker.look(secured)
    tracker.knows(secured, *password("changed"))
    for _ in range(2):
        tracker.look(secured)
    assert "(401)" in server("main").error
    said = tracker.run("poll", closed_job)
    assert said.code == CANNOT_REACH
    assert f"refuses the user '{USER}' (401)" in said.err
    assert job(closed_job).standing == ""
    assert totals(build(closed_job, "1")) == {"passed": 1, "failed": 1}
    tracker.knows(secured, *password(PASSWORD))
    tracker.look(secured)
    assert (server("main").error, job(closed_job).error) == ("", "")
