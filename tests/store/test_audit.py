"""The record of who did what: with the deed or not at all, and never changed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.factories import NOW, history
from tracker.queries.access import audited
from tracker.store import (
    audit,
    backfills,
    decisions,
    families,
    jobs,
    passwords,
    people,
    rules,
    tokens,
)
from tracker.store.connection import writing
from tracker.store.judging import set_budget
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")
PASSWORD = "four unrelated words here"
DIGEST = "8d" * 32
SAID = f"{datetime.fromtimestamp(NOW / 1000, UTC):%Y-%m-%d %H:%M UTC}"


@pytest.fixture(autouse=True)
def _anna(store: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    with audit.on_behalf("person anna", "203.0.113.9"):
        yield


def told() -> list[tuple[str, str, str]]:
    return [(row.what, row.subject, row.outcome) for row in audited()]


DEEDS: dict[str, tuple[Callable[[], object], tuple[str, str, str]]] = {
    "token created": (
        lambda: tokens.create_token("ci", jobs=("team/*",), now=NOW),
        ("token created", "ci", "ingest, team/*"),
    ),
    "token rotated": (
        lambda: tokens.rotate_token("old", grace=0, now=NOW),
        ("token rotated", "old", f"the text before opens until {SAID}"),
    ),
    "token revoked": (lambda: tokens.revoke_token("old", now=NOW), ("token revoked", "old", "")),
    "person added": (
        lambda: people.add_person("bob", PASSWORD, scope="read", now=NOW),
        ("person added", "bob", "read"),
    ),
    "pin taken": (
        lambda: people.take_pin("bob", DIGEST, now=NOW),
        ("person added", "bob", "admin, with a PIN"),
    ),
    "password set": (
        lambda: people.set_password("carl", PASSWORD, now=NOW),
        ("password set", "carl", ""),
    ),
    "person removed": (lambda: people.remove_person("carl"), ("person removed", "carl", "")),
    "budget set": (
        lambda: set_budget("nightly", 0.5, now=NOW),
        ("budget set", "nightly", "0.5 false alarms a build"),
    ),
    "back-fill asked for": (
        lambda: backfills.ask_backfill("read", builds=7, now=NOW),
        ("back-fill asked for", "read", "7 builds"),
    ),
    "rule set": (
        lambda: rules.add_name_rule("{module}-{platform}"),
        ("rule set", "names {module}-{platform}", ""),
    ),
    "rule removed": (
        lambda: rules.remove_rule("names", "{module}/x"),
        ("rule removed", "names {module}/x", ""),
    ),
    "server set": (
        lambda: jobs.add_server("main", "https://ci.example/", rate=2.0),
        ("server set", "main", "url https://ci.example/, rate 2.0"),
    ),
    "server removed": (lambda: jobs.remove_server("main"), ("server removed", "main", "")),
}


@pytest.fixture
def before(store: Path) -> None:
    history("nightly", login="P")
    jobs.add_server("main", "https://ci.example/")
    jobs.track_job("read", server="main", jenkins_name="read")
    tokens.create_token("old", now=NOW)
    people.add_person("carl", PASSWORD, now=NOW)
    rules.add_name_rule("{module}/x")
    run("DELETE FROM audit")


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.usefixtures("before")
def test_a_deed_is_written_down_with_who_and_from_where(deed: str) -> None:
    act, row = DEEDS[deed]
    act()
    assert told() == [row]
    [found] = audited()
    assert (found.who, found.address) == ("person anna", "203.0.113.9")
    assert found.at > 1_700_000_000_000


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.usefixtures("before")
def test_a_deed_that_fails_is_not_and_what_cannot_be_written_down_is_not_done(
    deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, _ = DEEDS[deed]
    tables = ("token", "person", "rule", "server", "job", "backfill", "work")
    was = [run(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(audit.Audit, "create", broken)
    with pytest.raises(ZeroDivisionError):
        act()
    assert [run(f"SELECT * FROM {table} ORDER BY 1") for table in tables] == was
    assert told() == []


def test_what_is_decided_of_families_is_written_down() -> None:
    history("nightly", login="P F", cart="P F")
    while families.cluster_waiting((), now=NOW):
        pass
    [(number,)] = run("SELECT DISTINCT family_id FROM signature LIMIT 1")
    decisions.name(number, "the database", by="anna", now=NOW)
    assert told()[-1] == ("family named", str(number), "the database")


def test_what_the_tracker_does_by_itself_asks_for_no_row_of_a_back_fill() -> None:
    jobs.add_server("main", "https://ci.example/")
    jobs.track_job("read", server="main", jenkins_name="read")
    run("DELETE FROM audit")
    with audit.on_behalf(audit.ITSELF.who):
        backfills.ask_backfill("read", builds=60, now=NOW)
    assert told() == []


def test_a_deed_that_is_taken_back_leaves_no_row() -> None:
    def note_and_fail() -> None:
        with writing():
            audit.note("token created", "ci")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        note_and_fail()
    assert told() == []


def test_each_thread_acts_for_itself() -> None:
    def other() -> None:
        seen.append(audit.is_by_itself())
        audit.acting("token ci")

    seen: list[bool] = []
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [True]
    assert audit.asked_by() == audit.Actor("person anna", "203.0.113.9")


def test_a_long_subject_is_cut() -> None:
    audit.note("server set", "x" * 2000, "y" * 2000)
    [(_, subject, outcome)] = told()
    assert (len(subject), len(outcome)) == (audit.LONGEST, audit.LONGEST)


def test_what_was_done_before_a_time_can_be_left_out() -> None:
    audit.note("token created", "a")
    [first] = audited()
    assert list(audited(first.at)) == [first]
    assert list(audited(first.at + 1)) == []


def test_no_statement_of_ours_changes_a_row() -> None:
    for path in (ROOT / "tracker").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"UPDATE\s+audit\b|Audit\.update|Audit\.replace", text), path
