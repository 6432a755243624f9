"""Failure families on record: failures find theirs and stay there."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from tests.factories import DAY, NOW, cluster_all, jenkins, report, upload
from tests.store.causes import DISK, LOGIN, family_of, groups, night, replace, two_causes
from tracker.queries import jobs
from tracker.store import families
from tracker.store.models import database
from tracker.store.sql import run
from tracker.store.work import claim
from tracker.verdicts.families import assign

pytestmark = pytest.mark.usefixtures("store")


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
    replace(1, report("Login.c.xml", suite="Login", c="P"))
    assert groups().keys() == {family_of(DISK)}
    assert run("SELECT count(*) FROM sighting") == [(2,)]
    assert run("SELECT last FROM signature WHERE message = ?", LOGIN) == [(0,)]


def test_a_signature_that_is_seen_again_after_it_was_gone_begins_there() -> None:
    two_causes()
    family = family_of(LOGIN)
    replace(1, report("Login.c.xml", suite="Login", c="P"))
    night(5, ("Login", "c", LOGIN))
    assert run("SELECT first, last FROM signature WHERE message = ?", LOGIN) == [
        (NOW + 5 * DAY, NOW + 5 * DAY)
    ]
    assert family_of(LOGIN) == family


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


def test_families_say_what_they_are_called_and_why_they_are_one() -> None:
    two_causes()
    [(title, reason)] = run("SELECT title, reason FROM family WHERE id = ?", family_of(LOGIN))
    assert LOGIN in title
    assert "in 1 of 1 signature" in reason


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
