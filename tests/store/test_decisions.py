"""What people decide of failure families: it is done, written down, and holds."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tests.store.causes import (
    DISK,
    LOGIN,
    QUOTA,
    family_of,
    groups,
    night,
    signature_of,
    two_causes,
)
from tracker.errors import NotFound, UsageError
from tracker.store import decisions, reclustering
from tracker.store.connection import writing
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def versions() -> list[tuple[str, int]]:
    return run("SELECT name, revision FROM job ORDER BY name")  # type: ignore[return-value]


def test_a_merged_family_leads_to_the_other_which_has_its_failures_now_and_later() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    assert decisions.merge(disk, [login], by="ada", now=NOW) == disk
    assert groups() == {disk: {DISK, LOGIN}}
    assert run("SELECT merged_into FROM family WHERE id = ?", login) == [(disk,)]
    night(2, ("Login", "c", LOGIN))
    assert groups() == {disk: {DISK, LOGIN}}


def test_families_merged_one_after_another_all_lead_to_the_last() -> None:
    night(1, ("Disk", "a", DISK), ("Login", "c", LOGIN), ("Quota", "d", QUOTA))
    disk, login, quota = map(family_of, (DISK, LOGIN, QUOTA))
    decisions.merge(login, [quota], by="ada", now=NOW)
    decisions.merge(disk, [login], by="ada", now=NOW)
    assert run("SELECT id FROM family WHERE merged_into = ? ORDER BY id", disk) == [
        (each,) for each in sorted((login, quota))
    ]


def test_the_name_of_a_merged_family_is_kept_where_the_other_has_none() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    decisions.name(login, "Staging", by="ada", now=NOW)
    decisions.merge(disk, [login], by="ada", now=NOW)
    assert run("SELECT name FROM family WHERE id = ?", disk) == [("Staging",)]


def test_signatures_that_are_split_off_are_a_family_of_their_own_and_stay_one() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    decisions.merge(disk, [login], by="ada", now=NOW)
    fresh = decisions.split(disk, [signature_of(LOGIN)], by="ada", now=NOW)
    assert groups() == {disk: {DISK}, fresh: {LOGIN}}
    reclustering.recluster((), now=NOW, beat=lambda _: None)
    assert groups() == {disk: {DISK}, fresh: {LOGIN}}


def test_what_was_merged_stays_so_when_all_is_clustered_anew() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    decisions.merge(login, [disk], by="ada", now=NOW)
    reclustering.recluster((), now=NOW, beat=lambda _: None)
    assert groups() == {login: {DISK, LOGIN}}


def test_a_name_stays_when_all_is_clustered_anew_and_can_be_taken_away() -> None:
    two_causes()
    disk = family_of(DISK)
    decisions.name(disk, "  Full   disk ", by="ada", now=NOW)
    reclustering.recluster((), now=NOW, beat=lambda _: None)
    assert run("SELECT name FROM family WHERE id = ?", disk) == [("Full disk",)]
    decisions.name(disk, "", by="ada", now=NOW)
    assert run("SELECT name FROM family WHERE id = ?", disk) == [("",)]


def test_a_decision_says_who_made_it_and_when() -> None:
    two_causes()
    decisions.name(family_of(DISK), "Full", by="ada", now=NOW)
    decisions.merge(family_of(DISK), [family_of(LOGIN)], by="grace", now=NOW + 1)
    assert run("SELECT kind, by, at FROM decision ORDER BY id") == [
        ("name", "ada", NOW),
        ("merge", "grace", NOW + 1),
    ]


def test_a_decision_has_the_pages_of_the_jobs_made_anew_that_the_family_is_in() -> None:
    two_causes()
    night(1, ("Quota", "d", QUOTA), job="other")
    before = dict(versions())
    decisions.name(family_of(DISK), "Full", by="ada", now=NOW)
    after = dict(versions())
    assert after["nightly"] > before["nightly"]
    assert after["other"] == before["other"]


@pytest.mark.parametrize("others", [[], "itself"])
def test_merging_with_nothing_or_itself_is_refused(others: object) -> None:
    two_causes()
    disk = family_of(DISK)
    with pytest.raises(UsageError):
        decisions.merge(disk, [disk] if others == "itself" else [], by="ada", now=NOW)


def test_a_family_that_is_not_there_is_told_in_words() -> None:
    two_causes()
    for decide in (
        lambda: decisions.merge(family_of(DISK), [999], by="ada", now=NOW),
        lambda: decisions.merge(999, [family_of(DISK)], by="ada", now=NOW),
        lambda: decisions.split(999, [1], by="ada", now=NOW),
        lambda: decisions.name(999, "x", by="ada", now=NOW),
    ):
        with pytest.raises(NotFound, match="no family 999"):
            decide()
    assert run("SELECT count(*) FROM decision") == [(0,)]


def test_all_signatures_or_none_or_strange_ones_cannot_be_split_off() -> None:
    two_causes()
    disk = family_of(DISK)
    members = [number for (number,) in run("SELECT id FROM signature WHERE family_id = ?", disk)]
    for leaving in ([], members, [signature_of(LOGIN)]):
        with pytest.raises(UsageError, match="some must go and some stay"):
            decisions.split(disk, leaving, by="ada", now=NOW)


def test_a_name_that_is_too_long_is_refused() -> None:
    two_causes()
    with pytest.raises(UsageError, match="at most 200"):
        decisions.name(family_of(DISK), "x" * 201, by="ada", now=NOW)


def test_a_title_stays_while_failures_join_and_is_made_anew_when_people_merge() -> None:
    two_causes()
    disk = family_of(DISK)
    with writing():
        run("UPDATE family SET title = 'Older' WHERE id = ?", disk)
    night(2, ("Disk", "z", DISK))
    assert run("SELECT title FROM family WHERE id = ?", disk) == [("Older",)]
    decisions.merge(disk, [family_of(LOGIN)], by="ada", now=NOW)
    assert run("SELECT title FROM family WHERE id = ?", disk) != [("Older",)]
