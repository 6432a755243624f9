"""A job that people retired is out of use until its next new build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import DAY, NOW, history, jenkins_facts, record, report, upload
from tracker.errors import Conflict, NotFound
from tracker.operations.retention.plan import plan_job
from tracker.operations.retention.rules import Policy
from tracker.pages import home
from tracker.queries.heard import last_heard
from tracker.queries.jobs import job
from tracker.store.jobs import add_server, track_job
from tracker.store.records import FactSource
from tracker.store.retired import retire, unretire
from tracker.store.sql import run


@pytest.fixture(autouse=True)
def _recorded(store: Path) -> None:
    history("old", login="P P F F F F")
    history("nightly", login="P")


def test_a_retired_job_comes_last_and_does_not_count() -> None:
    assert home.show().still_failing == 1
    assert retire("old", now=NOW)
    page = home.show()
    assert (page.still_failing, page.out_of_use) == (0, 1)
    assert [each.job.name for each in page.jobs] == ["nightly", "old"]
    assert list(last_heard(NOW)) == ["nightly"]


def test_its_results_go_by_age_alone() -> None:
    [(number,)] = run("SELECT id FROM job WHERE name = 'old'")
    run("UPDATE build SET clustered = coalesce(changed, 0) WHERE failed > 0")
    plan = {"policy": Policy(results_days=40), "now": NOW + 100 * DAY}
    assert plan_job(number, **plan).plan.builds == ()  # type: ignore[arg-type]
    retire("old", now=NOW)
    assert len(plan_job(number, **plan).plan.builds) == 6  # type: ignore[arg-type]


def test_it_may_be_said_twice_and_taken_back() -> None:
    assert [retire("old", now=NOW), retire("old", now=NOW + 1)] == [True, False]
    assert job("old").standing_since is not None
    assert [unretire("old", now=NOW), unretire("old", now=NOW)] == [True, False]
    assert (job("old").standing, job("old").standing_since) == ("", None)
    assert run("SELECT what FROM audit") == [("job retired",), ("job no longer retired",)]


def test_its_next_new_build_takes_it_into_use_again() -> None:
    retire("old", now=NOW)
    upload("old", 6, report("late.xml", more="P"))
    assert job("old").standing == "retired"
    upload("old", 7, report(login="P"))
    assert (job("old").standing, job("old").standing_since) == ("", None)


def test_what_is_told_again_of_it_leaves_it_retired() -> None:
    retire("old", now=NOW)
    record(jenkins_facts("old", 7, source=FactSource.RETOLD), report(login="P"))
    assert job("old").standing == "retired"


def test_of_a_job_of_jenkins_that_tells() -> None:
    add_server("main", "https://jenkins.example/")
    track_job("old", server="main")
    with pytest.raises(Conflict, match="which tells whether it is in use"):
        retire("old", now=NOW)


def test_a_job_that_nobody_knows_cannot_be_retired() -> None:
    with pytest.raises(NotFound, match="No job named 'odl'"):
        retire("odl", now=NOW)
