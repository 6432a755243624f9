"""`tracker backfill`: here or by the worker, never by both, and what could not be read is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Command
from tests.jenkins.stub import Stub, a_build, unfetched
from tracker.clock import now_ms
from tracker.queries.builds import builds, count_builds
from tracker.store.jobs import add_server, track_job
from tracker.store.sql import run
from tracker.store.work import claim, enqueue


@pytest.fixture
def stub(command: Command) -> Iterator[Stub]:
    """A server with a job of builds 3 and 5 to 7."""
    made = Stub()
    made.has(*(a_build(number) for number in (3, 5, 6, 7)))
    add_server("main", made.url, rate=1000)
    track_job("nightly", server="main", jenkins_name="nightly")
    yield made
    made.close()


def test_older_builds_are_read_here_with_their_gaps_told(command: Command, stub: Stub) -> None:
    said = command("backfill", "nightly", "--builds", 10)
    assert said.code == 0
    assert "4 builds of nightly are worked through." in said.out
    assert "Jenkins no longer has #4, #1 to #2." in said.out
    assert count_builds("nightly") == 4


def test_nothing_is_left_for_the_worker_to_fetch_again(command: Command, stub: Stub) -> None:
    command("backfill", "nightly", "--builds", 10)
    stub.asked.clear()
    command("worker", "--until-idle")
    assert [path for path in stub.asked if path.startswith("job/")] == []


def test_it_is_left_to_the_worker_where_that_is_wanted(command: Command, stub: Stub) -> None:
    assert command("backfill", "nightly", "--queue").code == 0
    assert count_builds("nightly") == 0
    assert run("SELECT kind, key FROM work WHERE kind = 'backfill'") == [("backfill", "nightly")]


def test_what_a_worker_is_reading_now_is_not_read_here_too(command: Command, stub: Stub) -> None:
    enqueue("poll", "nightly", due=0, subject="nightly")
    assert claim(["poll"], now=now_ms(), lease_ms=60_000) is not None
    for words in (("backfill", "nightly"), ("poll", "nightly")):
        said = command(*words)
        assert (said.code, "A worker is reading 'nightly' now" in said.err) == (3, True)


def test_builds_that_cannot_be_read_are_named_and_it_ends_with_4(
    command: Command, stub: Stub
) -> None:
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = {"error": "odd"}
    said = command("backfill", "nightly")
    assert (said.code, "Could not be read: #2." in said.err) == (4, True)
    read = {row.label: row.complete for row in builds("nightly", limit=9)}
    assert read == {"3": True, "2": False, "1": True}


def test_a_job_of_no_server_is_wrong_usage(command: Command) -> None:
    assert command("backfill", "nobody").code == 2
