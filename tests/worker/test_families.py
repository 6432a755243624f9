"""The worker puts failures into families, and goes on where a newer algorithm needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import NOW, jenkins, report
from tracker.settings import Settings
from tracker.store import families
from tracker.store.connection import writing
from tracker.store.sql import run
from tracker.store.work import claim, finish
from tracker.worker.context import Context
from tracker.worker.tasks import TASKS, schedule


@pytest.fixture
def context(settings: Settings, store: Path) -> Context:
    return Context.of(settings)


def work(context: Context) -> None:
    """Do what waits to be clustered, as the loop does."""
    while (task := claim(["cluster"], now=2 * NOW, lease_ms=1)) is not None:
        done = TASKS["cluster"](context, task)
        finish(task, now=NOW, again_at=done.again_at)


def test_what_failed_is_in_families_when_the_worker_is_done(context: Context) -> None:
    for number in range(30):  # more than are done in one turn
        jenkins("nightly", number + 1, report(a="F"), started=NOW + number)
    work(context)
    assert run("SELECT count(*) FROM appearance") == [(30,)]
    assert run("SELECT count(*) FROM work WHERE kind = 'cluster'") == [(0,)]


def test_a_worker_that_starts_finds_what_another_left(context: Context) -> None:
    jenkins("nightly", 1, report(a="F"), started=NOW)
    with writing():
        run("DELETE FROM work")
    schedule(context)
    work(context)
    assert not families.is_waiting()


def test_a_worker_of_a_newer_algorithm_makes_all_anew(context: Context) -> None:
    jenkins("nightly", 1, report(a="F"), started=NOW)
    work(context)
    with writing():
        run("UPDATE signature SET algorithm = '0'")
        run("UPDATE signature SET id = id - 1")
        run("UPDATE appearance SET signature_id = signature_id - 1")
        run("UPDATE sighting SET signature_id = signature_id - 1")
    schedule(context)
    work(context)
    assert run("SELECT DISTINCT algorithm FROM signature") != [("0",)]
    assert run("SELECT count(*) FROM sighting x JOIN signature s ON s.id = x.signature_id") == [
        (1,)
    ]


def test_where_nothing_waits_a_worker_that_starts_asks_for_nothing(context: Context) -> None:
    jenkins("nightly", 1, report(a="P"), started=NOW)
    schedule(context)
    assert run("SELECT count(*) FROM work WHERE kind = 'cluster'") == [(0,)]


def test_own_code_is_read_from_the_settings() -> None:
    found = Settings.load({"TRACKER_OWN_CODE": "com.shop, src/,,"}, home="/x")
    assert found.own_prefixes == ("com.shop", "src/")
    assert Settings.load({}, home="/x").own_prefixes == ()
