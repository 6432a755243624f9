"""What is asked every few seconds, or for each build, is found by an index."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests import servers
from tests.factories import NOW, history, jenkins, report
from tracker.queries.figures import last_change
from tracker.queries.flaky import count_flaky
from tracker.queries.heard import last_heard
from tracker.queries.jobs import jobs
from tracker.store.connection import reading
from tracker.store.engine import engine
from tracker.store.families import is_waiting
from tracker.store.history import unsettled
from tracker.store.jobs import add_server
from tracker.store.record import complete_quiet_builds
from tracker.store.seen import SeenJob, note_look
from tracker.store.sql import run
from tracker.store.upload_order import waiting_for
from tracker.store.work import claim, enqueue

pytestmark = pytest.mark.usefixtures("store")
ADDRESS = "https://ci.example/"
SEEN = SeenJob("new", "new", f"{ADDRESS}new/", builds="5")


def look() -> None:
    """One that finds a new job where another is missing: it may have been renamed."""
    for _ in range(2):
        note_look("main", [SEEN], listed=["new"], now=NOW, builds_of=lambda _job: [(3, NOW)])


ASKED: dict[str, tuple[Callable[[], object], str]] = {
    "quiet builds": (lambda: complete_quiet_builds(0), "build_quiet"),
    "failures in no family": (is_waiting, "build_unsorted"),
    "running builds of a server": (look, "build_running"),
    "builds of a job that was renamed": (look, "build_started"),
    "the newest change of results": (last_change, "build_changed"),
    "builds that a poll looks at again": (lambda: unsettled("old"), "build_unsettled"),
    "when reports last came": (lambda: last_heard(NOW), "build_heard"),
    "a task whose subject is held": (lambda: claim(["poll"], now=NOW, lease_ms=1), "work_subject"),
    "tasks whose workers died": (lambda: claim(["watch"], now=NOW, lease_ms=1), "work_leased"),
    "the newest results of a job": (jobs, "build_with_results"),
    "flaky cases that ran lately": (count_flaky, "build_with_results"),
    "an upload whose turn it is": (lambda: claim(["ingest"], now=NOW, lease_ms=1), "work_turn"),
    "uploads that wait for a build": (lambda: waiting_for("nightly#3"), "work_turn"),
    "failures by an older algorithm": (is_waiting, "signature_algorithm"),
}
# PostgreSQL knows how many rows there are, and finds other ways where these are few.
BY_SQLITE = (
    "builds that a poll looks at again",
    "a task whose subject is held",
    "an upload whose turn it is",
    "uploads that wait for a build",
)
STATEMENTS = ("SELECT", "UPDATE", "DELETE", "INSERT")
# How SQLite says that it goes through all that a job has of something, or through a whole table;
# there are few jobs.
GROWS = re.compile(r"SCAN (?!json_each|job\b)|\(job_id=\?\)$")
# Which of these are few all the same: what lasts, and the newest by an index in that order.
FEW = ("episode_open", "pace_open")
IN_ORDER = ("build_job_id_epoch_number", "build_with_results")
FIRST = ("ORDER BY epoch DESC", "max(epoch)")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The statements that are run from now on, with their parameters."""
    found: list[tuple[str, Any]] = []
    ours = type(engine())
    real = ours.run

    def noted(self: Any, statement: str, parameters: Any) -> Any:
        found.append((statement, parameters))
        return real(self, statement, parameters)

    monkeypatch.setattr(ours, "run", noted)
    return found


def plan(statement: str, parameters: Any) -> str:
    """How the database goes about a statement, in its words."""
    if servers.chosen == "sqlite":
        rows = run(f"EXPLAIN QUERY PLAN {statement}", *parameters)
        return "\n".join(str(row[3]) for row in rows)
    with reading():  # of a few rows none would be found by an index
        run("SET LOCAL enable_seqscan = off")
        return json.dumps(run(f"EXPLAIN (FORMAT JSON) {statement}", *parameters))


def grows(statement: str, step: str) -> bool:
    """Whether a step of a statement takes the longer the older its job is."""
    is_walk = any(each in step for each in IN_ORDER) and any(each in statement for each in FIRST)
    return bool(GROWS.search(step)) and not is_walk and not any(each in step for each in FEW)


@pytest.mark.parametrize(
    "what",
    [pytest.param(each, marks=[pytest.mark.sqlite] * (each in BY_SQLITE)) for each in ASKED],
)
def test_what_is_open_is_found_by_an_index(what: str, asked: list[tuple[str, Any]]) -> None:
    add_server("main", ADDRESS)
    history("nightly", login="P F F")
    note_look("main", [SeenJob("old", "old", f"{ADDRESS}old/")], listed=["old"], now=NOW)
    jenkins("old", 3, started=NOW - 5000)
    enqueue("watch", "main", due=NOW)
    enqueue("poll", "old", due=NOW, subject="old")
    enqueue("ingest", "abc", due=NOW, subject="nightly#3")
    ask, index = ASKED[what]
    asked.clear()
    ask()
    plans = [plan(*each) for each in list(asked) if each[0].startswith("SELECT")]
    assert any(index in each for each in plans), plans


@pytest.mark.sqlite
def test_what_a_recorded_build_asks_does_not_grow_with_its_job(
    asked: list[tuple[str, Any]],
) -> None:
    history("nightly", login=" ".join("PPFPPPFFPPPPPPPPP"), logout=" ".join("PPPPPPPPPPPPPPPPP"))
    asked.clear()
    jenkins("nightly", 18, report(login="F", logout="P"), started=NOW)
    plans = [(each[0], plan(*each)) for each in list(asked) if each[0].startswith(STATEMENTS)]
    assert len(plans) > 30
    assert [each for each in plans if any(map(partial(grows, each[0]), each[1].splitlines()))] == []


def test_a_look_for_quiet_builds_that_finds_none_waits_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history("nightly", login="P")
    monkeypatch.setattr("tracker.store.record.writing", None)  # it would be called
    assert complete_quiet_builds(0) == 0
