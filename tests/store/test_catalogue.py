"""The catalogue is told whole: what is no longer told is forgotten, the same changes nothing."""

from __future__ import annotations

from pathlib import Path

from tests.factories import NOW, history
from tracker.queries.catalogue_rows import catalogue_rows
from tracker.queries.select import select
from tracker.store.catalogue import (
    Catalogue,
    IssueFacts,
    ReleaseFacts,
    TestFacts,
    take_catalogue,
    would_change,
)

TOLD = Catalogue(
    releases=(ReleaseFacts("7.0", last_build=2104), ReleaseFacts("6.4", is_active=False)),
    tests=(TestFacts("", "test_b", priority="P1"), TestFacts("7.0", "test_a", case_ref="T-1")),
    issues=(
        IssueFacts("B-2", summary="Größe", refs=("T-1", "T-2")),
        IssueFacts("B-1", is_active=False),
    ),
)


def kept() -> list[tuple[str, dict[str, object]]]:
    return list(catalogue_rows())


def test_all_that_is_told_is_kept(store: Path) -> None:
    assert take_catalogue(TOLD, now=NOW)
    assert [(kind, row.get("name", row.get("key"))) for kind, row in kept()] == [
        ("release", "6.4"),
        ("release", "7.0"),
        ("test metadata", "test_b"),
        ("test metadata", "test_a"),
        ("known issue", "B-1"),
        ("known issue", "B-2"),
        ("known issue link", "B-2"),
        ("known issue link", "B-2"),
    ]


def test_the_same_again_changes_nothing(store: Path) -> None:
    take_catalogue(TOLD, now=NOW)
    assert not would_change(TOLD)
    assert not take_catalogue(TOLD, now=NOW)


def test_what_is_no_longer_told_is_forgotten(store: Path) -> None:
    take_catalogue(TOLD, now=NOW)
    less = Catalogue(issues=(IssueFacts("B-2", refs=("T-2",)),))
    assert would_change(less)
    assert take_catalogue(less, now=NOW)
    assert [kind for kind, _ in kept()] == ["known issue", "known issue link"]
    assert kept()[1][1] == {"key": "B-2", "ref": "T-2"}


def test_a_link_that_changed_alone_is_a_change(store: Path) -> None:
    take_catalogue(TOLD, now=NOW)
    other = Catalogue(TOLD.releases, TOLD.tests, (IssueFacts("B-2", summary="Größe"),))
    assert take_catalogue(other, now=NOW)


def test_the_pages_of_every_job_are_made_anew_when_it_changes(store: Path) -> None:
    history("nightly", login="P")
    history("weekly", login="P")
    before = select("SELECT max(revision) FROM job")
    take_catalogue(TOLD, now=NOW)
    after = select("SELECT DISTINCT revision FROM job")
    assert len(after) == 1
    assert after > before
    take_catalogue(TOLD, now=NOW)
    assert select("SELECT DISTINCT revision FROM job") == after


def test_the_site_is_published_when_it_changes(store: Path) -> None:
    take_catalogue(TOLD, now=NOW)
    assert select("SELECT kind FROM work") == [("publish",)]
