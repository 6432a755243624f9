"""What people decided of families travels: names, merges and splits hold where it is imported."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.factories import DAY, NOW, cluster_all, jenkins, judge_all, report
from tests.store.fresh import fresh_store
from tracker.operations.export.everything import lines
from tracker.operations.export.selection import Selection
from tracker.operations.imports import Imported, import_lines
from tracker.store import decisions
from tracker.store.sql import run

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"
QUOTA = "quota of the tenant exceeded by uploads"
TIME = "deadline passed while waiting for printer"
ALL = (DISK, LOGIN, QUOTA, TIME)
SUITES = {DISK: "Disk", LOGIN: "Login", QUOTA: "Quota", TIME: "Printer"}


def night(*messages: str, job: str = "nightly", number: int = 1) -> None:
    """A build in which a test failed with each message; put into families."""
    reports = [
        report(f"{suite}.xml", suite=suite, message=message, **{f"of_{suite}": "F"})
        for message in messages
        for suite in [SUITES.get(message, "Else")]
    ]
    jenkins(job, number, *reports, result="UNSTABLE", started=NOW + (number - 99) * DAY)
    cluster_all()


def exported(*jobs: str) -> list[bytes]:
    return list(lines(Selection(jobs or ("*",)), now=NOW))


def take(export: list[bytes]) -> Imported:
    """Import, and let the worker judge and cluster what waits for it."""
    done = import_lines(export, now=NOW)
    judge_all()
    cluster_all()
    return done


def family_of(message: str) -> int:
    [(family,)] = run("SELECT family_id FROM signature WHERE message = ?", message)
    return int(family)


def signature_of(message: str) -> int:
    [(number,)] = run("SELECT id FROM signature WHERE message = ?", message)
    return int(number)


def groups() -> set[frozenset[str]]:
    """The messages that are together."""
    found: dict[int, set[str]] = {}
    for family, message in run("SELECT family_id, message FROM signature WHERE last > 0"):
        found.setdefault(family, set()).add(message)
    return set(map(frozenset, found.values()))


def decide() -> None:
    """DISK and LOGIN are one cause and have a name; TIME joined QUOTA by mistake and left again."""
    decisions.merge(family_of(DISK), [family_of(LOGIN)], by="ann", now=NOW)
    decisions.name(family_of(DISK), "storage of the lab", by="ann", now=NOW)
    decisions.merge(family_of(QUOTA), [family_of(TIME)], by="ann", now=NOW)
    decisions.split(family_of(QUOTA), [signature_of(TIME)], by="ann", now=NOW)


def on_record() -> tuple[object, ...]:
    return (
        run("SELECT id, name, title, reason, merged_into FROM family ORDER BY id"),
        run("SELECT id, family_id, first, last FROM signature ORDER BY id"),
        run("SELECT kind, family_id, other_id, these, those, name, at FROM decision ORDER BY id"),
    )


@pytest.fixture
def export() -> Iterator[list[bytes]]:
    with fresh_store():
        night(*ALL)
        decide()
        yield exported()


def test_an_empty_tracker_has_the_families_as_they_were(export: list[bytes]) -> None:
    expected = on_record()
    with fresh_store():
        assert take(export).left == ()
        assert on_record() == expected
        assert exported() == export


def test_a_repeated_import_changes_nothing(export: list[bytes]) -> None:
    with fresh_store():
        assert take(export).others > 0
        revision = run("SELECT value FROM counter WHERE name = 'revision'")
        assert take(export).others == 0
        assert run("SELECT value FROM counter WHERE name = 'revision'") == revision


def test_decisions_hold_for_families_that_were_here_under_other_numbers(
    export: list[bytes],
) -> None:
    with fresh_store():
        night("something else entirely", *reversed(ALL))
        assert len(groups()) == 5
        take(export)
        assert frozenset({DISK, LOGIN}) in groups()
        assert frozenset({TIME}) in groups()
        assert run("SELECT name FROM family WHERE id = ?", family_of(DISK)) == [
            ("storage of the lab",)
        ]


def test_a_cause_that_was_told_apart_is_told_apart_here(export: list[bytes]) -> None:
    with fresh_store():
        night(*ALL)
        decisions.merge(family_of(QUOTA), [family_of(TIME)], by="bob", now=NOW - 1)
        take(export)
        assert frozenset({TIME}) in groups()


def test_a_name_that_was_given_here_stays(export: list[bytes]) -> None:
    with fresh_store():
        night(*ALL)
        decisions.name(family_of(DISK), "ours", by="bob", now=NOW)
        take(export)
        assert run("SELECT name FROM family WHERE id = ?", family_of(DISK)) == [("ours",)]


def test_who_decided_is_not_told(export: list[bytes]) -> None:
    assert b"ann" not in b"".join(line for line in export if b'"decision"' in line)


def test_of_other_jobs_nothing_is_told() -> None:
    with fresh_store():
        night(DISK, QUOTA)
        night(LOGIN, job="other")
        decisions.merge(family_of(DISK), [family_of(LOGIN)], by="ann", now=NOW)
        text = b"".join(exported("nightly"))
        assert DISK.encode() in text
        assert LOGIN.encode() not in text
        export = exported("nightly")
    with fresh_store():
        take(export)
        assert run("SELECT title FROM family WHERE id = ?", family_of(DISK)) == [
            (f"failure: {DISK}",)
        ]


def test_signatures_of_another_version_are_left_and_told(export: list[bytes]) -> None:
    with fresh_store():
        night(*ALL)
        run("UPDATE signature SET algorithm = 'older'")
        old = exported()
    with fresh_store():
        done = take(old)
        assert "another version" in done.left[0]
        assert len(groups()) == 4


def test_an_export_without_failures_has_no_families() -> None:
    with fresh_store():
        jenkins("nightly", 1, report(login="P"))
        kinds = {json.loads(line)["kind"] for line in exported()}
        assert not kinds & {"family", "signature", "decision"}
