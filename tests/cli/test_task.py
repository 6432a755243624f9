"""`tracker task`: what waits for the workers is seen, and done at once where somebody says so."""

from __future__ import annotations

from tests.cli.conftest import Command
from tests.factories import NOW
from tracker.clock import now_ms
from tracker.queries.access import audited
from tracker.queries.tasks import unfinished
from tracker.store.sql import run
from tracker.store.work import claim, enqueue, fail, finish


def failed(kind: str, key: str, error: str, **how: bool) -> None:
    task = claim([kind], now=now_ms(), lease_ms=60_000, key=key)
    assert task is not None
    fail(task, now=now_ms(), error=error, **how)


def test_tasks_are_listed_those_first_that_went_wrong_most_often(command: Command) -> None:
    enqueue("publish", "site", due=NOW)
    enqueue("ingest", "3f", due=NOW, subject="team/nightly#12")
    enqueue("judge", "nightly", due=NOW, subject="nightly")
    failed("ingest", "3f", "The bytes are gone.")
    failed("judge", "nightly", "No room.", forgive=True)
    assert [(row["kind"], row["failures"]) for row in command("task", "list", "--json").json] == [
        ("ingest", 1),
        ("publish", 0),
        ("judge", 0),
    ]
    lines = command("task", "list", "--failing").out.splitlines()
    assert [line.split()[:5] for line in lines[1:]] == [
        ["ingest", "3f", "team/nightly#12", "due", "1"],
        ["judge", "nightly", "nightly", "due", "0"],
    ]
    assert lines[1].endswith("The bytes are gone.")


def test_one_that_a_worker_is_at_is_not_called_failed_for_that(command: Command) -> None:
    enqueue("publish", "site", due=NOW)
    claim(["publish"], now=now_ms(), lease_ms=60_000)
    [row] = unfinished(now_ms())
    assert (row.state, row.failures) == ("running", 0)
    assert "No task went wrong." in command("task", "list", "--failing").err


def test_where_nothing_is_to_be_done_the_list_says_so(command: Command) -> None:
    assert "Nothing is to be done." in command("task", "list").err


def test_one_that_was_given_up_is_done_at_once_and_that_is_noted(command: Command) -> None:
    enqueue("publish", "site", due=NOW)
    run("UPDATE work SET state = 'dead', tries = 20, error = 'x', due = ?", now_ms() + 10**7)
    assert "The next worker" in command("task", "retry", "publish", "site").out
    [row] = unfinished(now_ms())
    assert (row.state, row.failures) == ("due", 0)
    assert claim(["publish"], now=now_ms(), lease_ms=1) is not None
    noted = [(row.what, row.subject) for row in audited(0)]
    assert noted[-1] == ("task retried", "publish site")


def test_one_that_a_worker_is_at_is_left_to_it(command: Command) -> None:
    enqueue("publish", "site", due=NOW)
    claim(["publish"], now=now_ms(), lease_ms=60_000)
    said = command("task", "retry", "publish", "site")
    assert (said.code, "A worker is at publish site." in said.err) == (3, True)


def test_one_that_is_not_there_or_is_done_is_a_wrong_name(command: Command) -> None:
    enqueue("ingest", "3f", due=NOW)
    task = claim(["ingest"], now=now_ms(), lease_ms=60_000)
    assert task is not None
    finish(task, now=now_ms(), outcome={"status": 201})
    for key in ("3f", "4e"):
        said = command("task", "retry", "ingest", key)
        assert (said.code, "tracker task list" in said.err) == (2, True)
