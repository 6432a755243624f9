"""All families made anew: for a newer algorithm, or because people asked."""

from __future__ import annotations

import pytest

from tests.factories import NOW, cluster_all, report
from tests.store.causes import DISK, LOGIN, family_of, groups, night, replace, two_causes
from tracker.store import decisions, families, reclustering
from tracker.store.connection import writing
from tracker.store.sql import run
from tracker.verdicts.signatures import ALGORITHM

pytestmark = pytest.mark.usefixtures("store")


def _as_by_an_older_algorithm() -> None:
    """Give all signatures other ids, as an older algorithm did."""
    with writing():
        run("UPDATE signature SET id = id - 1, algorithm = '0', message = 'old'")
        run("UPDATE sighting SET signature_id = signature_id - 1")
        run("UPDATE appearance SET signature_id = signature_id - 1")
        for number, these, those in run("SELECT id, these, those FROM decision"):
            sides = [_less(these), _less(those)]
            run("UPDATE decision SET these = ?, those = ? WHERE id = ?", *sides, number)


def _less(ids: str) -> str:
    return str([int(each) - 1 for each in ids.strip("[]").split(",") if each])


def test_a_new_algorithm_makes_all_signatures_anew_and_carries_families_over() -> None:
    two_causes()
    night(2, ("Login", "c", LOGIN))
    before = groups()
    _as_by_an_older_algorithm()
    assert families.is_waiting()
    cluster_all()
    assert groups() == before
    assert run("SELECT DISTINCT algorithm FROM signature") == [(ALGORITHM,)]
    assert not families.is_waiting()


def test_what_people_decided_holds_for_the_signatures_of_a_new_algorithm() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    decisions.merge(disk, [login], by="ada", now=NOW)
    _as_by_an_older_algorithm()
    cluster_all()
    assert groups() == {disk: {DISK, LOGIN}}


def test_clustering_anew_forgets_signatures_that_no_build_has_any_more() -> None:
    two_causes()
    replace(1, report("Login.c.xml", suite="Login", c="P"))
    reclustering.recluster((), now=NOW, beat=lambda _: None)
    assert run("SELECT DISTINCT message FROM signature") == [(DISK,)]


def test_a_family_that_is_dissolved_leads_to_where_its_failures_are() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    with writing():  # as if an older algorithm had kept apart what is one
        run("INSERT INTO family (id, name, title, reason) VALUES (77, '', '', '')")
        run(
            "UPDATE signature SET family_id = 77 WHERE id ="
            " (SELECT max(id) FROM signature WHERE message = ?)",
            DISK,
        )
    reclustering.recluster((), now=NOW, beat=lambda _: None)
    [kept] = groups().keys() - {login}
    [gone] = {disk, 77} - {kept}
    assert run("SELECT merged_into FROM family WHERE id = ?", gone) == [(kept,)]
