"""What is asked every few seconds is found by an index, in both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests import servers
from tests.factories import NOW, history, jenkins
from tracker.queries.figures import last_change
from tracker.store.connection import reading
from tracker.store.engine import engine
from tracker.store.families import is_waiting
from tracker.store.jobs import add_server
from tracker.store.record import complete_quiet_builds
from tracker.store.seen import SeenJob, note_look
from tracker.store.sql import run

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
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The statements that are asked of builds from now on, with their parameters."""
    found: list[tuple[str, Any]] = []
    ours = type(engine())
    real = ours.run

    def noted(self: Any, statement: str, parameters: Any) -> Any:
        if statement.startswith("SELECT") and "FROM build" in statement:
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


@pytest.mark.parametrize("what", ASKED)
def test_what_is_open_is_found_by_an_index(what: str, asked: list[tuple[str, Any]]) -> None:
    add_server("main", ADDRESS)
    history("nightly", login="P F F")
    note_look("main", [SeenJob("old", "old", f"{ADDRESS}old/")], listed=["old"], now=NOW)
    jenkins("old", 3, started=NOW - 5000)
    ask, index = ASKED[what]
    asked.clear()
    ask()
    plans = [plan(*each) for each in list(asked)]
    assert any(index in each for each in plans), plans


def test_a_look_for_quiet_builds_that_finds_none_waits_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history("nightly", login="P")
    monkeypatch.setattr("tracker.store.record.writing", None)  # it would be called
    assert complete_quiet_builds(0) == 0
