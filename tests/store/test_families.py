"""Failure families on record: failures find theirs and stay there, and what people decide holds."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from tests.factories import DAY, NOW, cluster_all, jenkins, record, report, upload
from tracker.errors import NotFound, UsageError
from tracker.queries import jobs
from tracker.store import families
from tracker.store.connection import writing
from tracker.store.models import database
from tracker.store.records import BuildFacts
from tracker.store.sql import run
from tracker.store.work import claim
from tracker.verdicts.families import assign
from tracker.verdicts.signatures import ALGORITHM

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"
QUOTA = "quota of the tenant exceeded by uploads"


@pytest.fixture(autouse=True)
def _store(store: Path) -> None:
    """A store for every test."""


def night(number: int, *told: tuple[str, str, str], job: str = "nightly") -> None:
    """A build in which, by (suite, case, message), tests failed; put into families."""
    reports = [
        report(f"{suite}.{case}.xml", suite=suite, message=message, **{case: "F"})
        for suite, case, message in told
    ]
    jenkins(job, number, *reports, result="UNSTABLE", started=NOW + number * DAY)
    cluster_all()


def groups() -> dict[int, set[str]]:
    """The messages of each family."""
    found: dict[int, set[str]] = {}
    for family, message in run("SELECT family_id, message FROM signature WHERE last > 0"):
        found.setdefault(family, set()).add(message)
    return found


def family_of(message: str) -> int:
    [(family,)] = run("SELECT DISTINCT family_id FROM signature WHERE message = ?", message)
    return int(family)


def signature_of(message: str) -> int:
    [(number,)] = run("SELECT id FROM signature WHERE message = ?", message)
    return int(number)


def versions() -> list[tuple[str, int]]:
    return run("SELECT name, revision FROM job ORDER BY name")  # type: ignore[return-value]


def two_causes() -> None:
    night(1, ("Disk", "a", DISK), ("Disk", "b", DISK), ("Login", "c", LOGIN))


# Deriving


def test_failures_of_one_cause_are_one_family_and_others_another() -> None:
    two_causes()
    assert sorted(map(sorted, groups().values())) == [[DISK], [LOGIN]]
    assert run("SELECT sum(cases), count(*) FROM appearance") == [(3, 3)]


def test_a_failure_that_comes_again_is_in_the_same_family_in_another_job_too() -> None:
    two_causes()
    before = groups()
    night(2, ("Disk", "a", DISK), job="weekly")
    assert groups() == before
    assert run("SELECT count(DISTINCT build_id) FROM sighting") == [(2,)]


def test_what_varies_in_a_message_makes_no_other_signature() -> None:
    night(1, ("Disk", "a", f"{DISK}: 7 of 1024 MB"))
    night(2, ("Disk", "a", f"{DISK}: 9 of 4096 MB"))
    assert run("SELECT count(*) FROM signature") == [(1,)]


def test_a_signature_knows_when_it_was_first_and_last_seen_in_whatever_order_that_arrives() -> None:
    night(3, ("Disk", "a", DISK))
    night(1, ("Disk", "a", DISK))
    night(2, ("Disk", "a", DISK))
    assert run("SELECT first, last FROM signature") == [(NOW + DAY, NOW + 3 * DAY)]


def test_a_build_that_is_recorded_anew_has_only_the_sightings_of_its_results() -> None:
    two_causes()
    _replace(1, report("Login.c.xml", suite="Login", c="P"))
    assert groups().keys() == {family_of(DISK)}
    assert run("SELECT count(*) FROM sighting") == [(2,)]
    assert run("SELECT last FROM signature WHERE message = ?", LOGIN) == [(0,)]


def test_a_signature_that_is_seen_again_after_it_was_gone_begins_there() -> None:
    two_causes()
    family = family_of(LOGIN)
    _replace(1, report("Login.c.xml", suite="Login", c="P"))
    night(5, ("Login", "c", LOGIN))
    assert run("SELECT first, last FROM signature WHERE message = ?", LOGIN) == [
        (NOW + 5 * DAY, NOW + 5 * DAY)
    ]
    assert family_of(LOGIN) == family


def _replace(number: int, *reports: object) -> None:
    record(BuildFacts("nightly", number), *reports, replace=True)  # type: ignore[arg-type]
    cluster_all()


def test_a_build_that_is_not_judged_is_in_no_family_and_leaves_it_when_it_turns_out_so() -> None:
    jenkins("nightly", 1, report(a="F", message=DISK), result="ABORTED", started=NOW)
    cluster_all()
    assert groups() == {}
    upload("nightly", 2, report(a="F", message=DISK))
    cluster_all()
    assert len(groups()) == 1
    jenkins("nightly", 2, result="ABORTED")
    cluster_all()
    assert groups() == {}


def test_recording_asks_for_it_where_something_failed_only() -> None:
    jenkins("nightly", 1, report(a="P"), started=NOW)
    assert claim(["cluster"], now=2 * NOW, lease_ms=1) is None
    assert not families.is_waiting()
    jenkins("nightly", 2, report(a="F"), started=NOW)
    assert claim(["cluster"], now=2 * NOW, lease_ms=1) is not None
    assert families.is_waiting()
    cluster_all()
    assert not families.is_waiting()


def test_it_is_done_in_pieces_and_says_whether_more_is_left() -> None:
    for number in (1, 2, 3):
        jenkins("nightly", number, report(a="F", message=DISK), started=NOW + number * DAY)
    assert families.cluster_waiting((), now=NOW, most=2)
    assert run("SELECT count(*) FROM appearance") == [(2,)]
    assert not families.cluster_waiting((), now=NOW, most=2)
    assert run("SELECT count(*) FROM appearance") == [(3,)]


def test_a_command_line_does_its_own_job_only() -> None:
    jenkins("other", 1, report(a="F", message=DISK), started=NOW)
    jenkins("nightly", 1, report(a="F", message=DISK), started=NOW)
    families.cluster_waiting((), job="nightly", now=NOW)
    assert run(
        "SELECT j.name FROM appearance a JOIN build b ON b.id = a.build_id"
        " JOIN job j ON j.id = b.job_id"
    ) == [("nightly",)]


def test_the_pages_of_the_job_are_made_anew() -> None:
    jenkins("nightly", 1, report(a="F"), started=NOW)
    before = jobs.revision("nightly")
    cluster_all()
    assert jobs.revision("nightly") > before


@pytest.mark.sqlite
def test_an_assignment_is_made_again_where_another_came_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, calls = assign, []

    def slow(*given: object) -> object:
        calls.append(given)
        if len(calls) == 1:
            _meanwhile()
        return real(*given)  # type: ignore[arg-type]

    jenkins("nightly", 1, report(a="F", message=DISK), started=NOW)
    monkeypatch.setattr(families.families, "assign", slow)
    cluster_all()
    assert len(calls) == 2
    assert len(groups()) == 1


def _meanwhile() -> None:
    """Somebody else decides something, from another connection."""
    other = sqlite3.connect(str(database.database))
    other.execute("INSERT INTO counter (name, value) VALUES ('families', 1)")
    other.commit()
    other.close()


def test_results_that_changed_meanwhile_are_looked_at_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jenkins("nightly", 1, report("r.xml", a="F", message=DISK), started=NOW)
    real = families.signatures_of

    def slow(*given: object) -> object:
        found = real(*given)  # type: ignore[arg-type]
        if "more.xml" not in {name for (name,) in run("SELECT name FROM report")}:
            jenkins("nightly", 1, report("more.xml", suite="t", b="F", message=LOGIN))
        return found

    monkeypatch.setattr(families, "signatures_of", slow)
    families.cluster_waiting((), now=NOW)
    assert run("SELECT count(*) FROM sighting") == [(0,)]
    families.cluster_waiting((), now=NOW)
    assert run("SELECT count(*) FROM sighting") == [(2,)]


def test_own_code_is_what_failures_are_put_together_by() -> None:
    trace = "at org.lib.Client.call(C.java:3)\n\tat com.shop.Cart.add(C.java:4)"
    _failing_with(trace)
    families.cluster_waiting(("com.shop",), now=NOW)
    assert run("SELECT frames FROM signature") == [('["com.shop.Cart.add"]',)]


def _failing_with(trace: str) -> None:
    read = report(a="F", message=DISK)
    texts = dict.fromkeys(read.contents.failures, ("", DISK, trace))
    contents = dataclasses.replace(read.contents, failures=texts)
    jenkins("nightly", 1, dataclasses.replace(read, contents=contents), started=NOW)


# What people decide


def test_a_merged_family_leads_to_the_other_which_has_its_failures_now_and_later() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    assert families.merge(disk, [login], by="ada", now=NOW) == disk
    assert groups() == {disk: {DISK, LOGIN}}
    assert run("SELECT merged_into FROM family WHERE id = ?", login) == [(disk,)]
    night(2, ("Login", "c", LOGIN))
    assert groups() == {disk: {DISK, LOGIN}}


def test_families_merged_one_after_another_all_lead_to_the_last() -> None:
    night(1, ("Disk", "a", DISK), ("Login", "c", LOGIN), ("Quota", "d", QUOTA))
    disk, login, quota = map(family_of, (DISK, LOGIN, QUOTA))
    families.merge(login, [quota], by="ada", now=NOW)
    families.merge(disk, [login], by="ada", now=NOW)
    assert run("SELECT id FROM family WHERE merged_into = ? ORDER BY id", disk) == [
        (each,) for each in sorted((login, quota))
    ]


def test_the_name_of_a_merged_family_is_kept_where_the_other_has_none() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    families.name(login, "Staging", by="ada", now=NOW)
    families.merge(disk, [login], by="ada", now=NOW)
    assert run("SELECT name FROM family WHERE id = ?", disk) == [("Staging",)]


def test_signatures_that_are_split_off_are_a_family_of_their_own_and_stay_one() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    families.merge(disk, [login], by="ada", now=NOW)
    fresh = families.split(disk, [signature_of(LOGIN)], by="ada", now=NOW)
    assert groups() == {disk: {DISK}, fresh: {LOGIN}}
    families.recluster((), now=NOW, beat=lambda _: None)
    assert groups() == {disk: {DISK}, fresh: {LOGIN}}


def test_what_was_merged_stays_so_when_all_is_clustered_anew() -> None:
    two_causes()
    disk, login = family_of(DISK), family_of(LOGIN)
    families.merge(login, [disk], by="ada", now=NOW)
    families.recluster((), now=NOW, beat=lambda _: None)
    assert groups() == {login: {DISK, LOGIN}}


def test_a_name_stays_when_all_is_clustered_anew_and_can_be_taken_away() -> None:
    two_causes()
    disk = family_of(DISK)
    families.name(disk, "  Full   disk ", by="ada", now=NOW)
    families.recluster((), now=NOW, beat=lambda _: None)
    assert run("SELECT name FROM family WHERE id = ?", disk) == [("Full disk",)]
    families.name(disk, "", by="ada", now=NOW)
    assert run("SELECT name FROM family WHERE id = ?", disk) == [("",)]


def test_a_decision_says_who_made_it_and_when() -> None:
    two_causes()
    families.name(family_of(DISK), "Full", by="ada", now=NOW)
    families.merge(family_of(DISK), [family_of(LOGIN)], by="grace", now=NOW + 1)
    assert run("SELECT kind, by, at FROM decision ORDER BY id") == [
        ("name", "ada", NOW),
        ("merge", "grace", NOW + 1),
    ]


def test_a_decision_has_the_pages_of_the_jobs_made_anew_that_the_family_is_in() -> None:
    two_causes()
    night(1, ("Quota", "d", QUOTA), job="other")
    before = dict(versions())
    families.name(family_of(DISK), "Full", by="ada", now=NOW)
    after = dict(versions())
    assert after["nightly"] > before["nightly"]
    assert after["other"] == before["other"]


@pytest.mark.parametrize("others", [[], "itself"])
def test_merging_with_nothing_or_itself_is_refused(others: object) -> None:
    two_causes()
    disk = family_of(DISK)
    with pytest.raises(UsageError):
        families.merge(disk, [disk] if others == "itself" else [], by="ada", now=NOW)


def test_a_family_that_is_not_there_is_told_in_words() -> None:
    two_causes()
    for decide in (
        lambda: families.merge(family_of(DISK), [999], by="ada", now=NOW),
        lambda: families.merge(999, [family_of(DISK)], by="ada", now=NOW),
        lambda: families.split(999, [1], by="ada", now=NOW),
        lambda: families.name(999, "x", by="ada", now=NOW),
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
            families.split(disk, leaving, by="ada", now=NOW)


def test_a_name_that_is_too_long_is_refused() -> None:
    two_causes()
    with pytest.raises(UsageError, match="at most 200"):
        families.name(family_of(DISK), "x" * 201, by="ada", now=NOW)


# Clustering anew


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
    families.merge(disk, [login], by="ada", now=NOW)
    _as_by_an_older_algorithm()
    cluster_all()
    assert groups() == {disk: {DISK, LOGIN}}


def test_clustering_anew_forgets_signatures_that_no_build_has_any_more() -> None:
    two_causes()
    _replace(1, report("Login.c.xml", suite="Login", c="P"))
    families.recluster((), now=NOW, beat=lambda _: None)
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
    families.recluster((), now=NOW, beat=lambda _: None)
    [kept] = groups().keys() - {login}
    [gone] = {disk, 77} - {kept}
    assert run("SELECT merged_into FROM family WHERE id = ?", gone) == [(kept,)]


def test_families_say_what_they_are_called_and_why_they_are_one() -> None:
    two_causes()
    [(title, reason)] = run("SELECT title, reason FROM family WHERE id = ?", family_of(LOGIN))
    assert LOGIN in title
    assert "in 1 of 1 signature" in reason


def test_a_title_stays_while_failures_join_and_is_made_anew_when_people_merge() -> None:
    two_causes()
    disk = family_of(DISK)
    with writing():
        run("UPDATE family SET title = 'Older' WHERE id = ?", disk)
    night(2, ("Disk", "z", DISK))
    assert run("SELECT title FROM family WHERE id = ?", disk) == [("Older",)]
    families.merge(disk, [family_of(LOGIN)], by="ada", now=NOW)
    assert run("SELECT title FROM family WHERE id = ?", disk) != [("Older",)]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_sightings_do_not_depend_on_the_order_of_arrival(order: tuple[int, ...]) -> None:
    told = {1: ("Disk", "a", DISK), 2: ("Login", "c", LOGIN), 3: ("Disk", "a", DISK)}
    for number in order:
        night(number, told[number])
    assert sorted(map(sorted, groups().values())) == [[DISK], [LOGIN]]
    seen = run(
        "SELECT b.number, s.message FROM sighting x JOIN build b ON b.id = x.build_id"
        " JOIN signature s ON s.id = x.signature_id ORDER BY b.number"
    )
    assert seen == [(1, DISK), (2, LOGIN), (3, DISK)]
