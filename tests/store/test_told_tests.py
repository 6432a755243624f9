"""What is told of single tests: only that changes, and the same again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import NOW
from tracker.queries.catalogue import entry
from tracker.store import catalogue
from tracker.store.sql import run
from tracker.store.told_tests import NewFacts, Taken, put_tests, releases, would_put


@pytest.fixture(autouse=True)
def _store(store: Path) -> None:
    """Two tests of a catalogue."""
    told = catalogue.Catalogue(
        releases=(catalogue.ReleaseFacts("1.4"),),
        tests=(
            catalogue.TestFacts("", "login", priority="P1", component="shop"),
            catalogue.TestFacts("", "login", priority="P2", component="cart"),
            catalogue.TestFacts("1.4", "search", priority="P3"),
        ),
    )
    catalogue.take_catalogue(told, now=NOW)


def priority(name: str, release: str = "") -> str:
    found = entry(release, name)
    return found.priority if found else ""


def test_what_is_not_told_stays() -> None:
    put_tests([NewFacts("", "login", {"priority": "P0"})], now=NOW)
    found = entry("", "login")
    assert found is not None
    assert (found.priority, found.component) == ("P0", "cart")
    assert priority("search", "1.4") == "P3"


def test_it_is_told_what_was_new_and_what_changed() -> None:
    told = [
        NewFacts("", "login", {"priority": "P0"}),
        NewFacts("1.4", "search", {"priority": "P3"}),
        NewFacts("1.4", "login", {"is_removed": True}),
    ]
    assert would_put(told) == Taken(added=1, changed=1, same=1)
    assert priority("login") == "P2"
    assert put_tests(told, now=NOW) == Taken(added=1, changed=1, same=1)
    assert put_tests(told, now=NOW) == Taken(added=0, changed=0, same=3)


def test_the_same_again_leaves_the_pages_as_they_are() -> None:
    told = [NewFacts("", "login", {"priority": "P0"})]
    put_tests(told, now=NOW)
    before = run("SELECT value FROM counter WHERE name = 'revision'")
    put_tests(told, now=NOW)
    assert run("SELECT value FROM counter WHERE name = 'revision'") == before


def test_telling_of_tests_is_written_down() -> None:
    put_tests([NewFacts("", "new", {"priority": "P0"})], now=NOW)
    assert run("SELECT what, subject, outcome FROM audit") == [
        ("test metadata", "1 tests", "1 of them new")
    ]


def test_releases_are_those_of_the_catalogue_and_of_jobs() -> None:
    run("INSERT INTO release (name, is_active, main_job, branch) VALUES ('2.0', ?, '', '')", True)
    assert releases() == {"1.4", "2.0"}
