"""Families as rows: which fail now, which failed lately, and what is shown of one."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, age, cluster_all, jenkins, key_of, report
from tracker.errors import NotFound
from tracker.queries import families
from tracker.queries.families import Family, FamilyRow
from tracker.queries.family_examples import with_examples
from tracker.store import decisions
from tracker.store.jobs import track_job
from tracker.store.records import About
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"


def night(
    number: int, message: str = DISK, job: str = "nightly", day: int | None = None, **cases: str
) -> None:
    """A build of a suite that is called by its message, put into families."""
    jenkins(
        job,
        number,
        report(suite=message.split()[1], message=message, **cases),
        started=NOW + (number if day is None else day) * DAY,
    )
    cluster_all()


def rows() -> list[FamilyRow]:
    return families.families(limit=500)


def only() -> Family:
    [row] = rows()
    return families.family(str(row.id))


def test_the_families_of_the_newest_builds_come_first_and_the_largest_of_them() -> None:
    night(1, LOGIN, job="old", a="F")
    night(2, LOGIN, job="old", a="P")
    night(1, "the quota of the tenant is exceeded", job="small", b="F")
    night(1, DISK, a="F", b="F")
    assert [row.failures for row in rows()] == [2, 1, 0]
    assert [LOGIN in row.title for row in rows()] == [False, False, True]


def test_a_family_is_new_where_only_newest_builds_had_it_and_comes_first() -> None:
    night(1, LOGIN, a="F", b="F")
    assert [row.is_new for row in rows()] == [True]
    night(2, LOGIN, a="F", b="F")
    night(1, DISK, job="weekly", day=2, c="F")
    assert [(row.failures, row.is_new) for row in rows()] == [(1, True), (2, False)]
    night(1, LOGIN, job="early", day=0, a="F")
    assert [(row.failures, row.is_new) for row in rows()] == [(1, True), (3, False)]


def test_of_a_family_that_fails_the_first_tests_are_told_once_each() -> None:
    night(1, a="F", b="F", c="F")
    night(1, job="weekly", a="F", b="P")
    [row] = with_examples(rows())
    assert [each.case.name for each in row.examples] == ["a", "b"]
    assert {each.case.message for each in row.examples} == {DISK}
    night(2, a="P", b="P", c="P")
    night(2, job="weekly", a="P", b="P")
    assert [row.examples for row in with_examples(rows())] == [()]


def test_failures_and_jobs_are_counted_in_the_newest_judged_builds_alone() -> None:
    night(1, a="F", b="F", c="F")
    night(2, a="F", b="F", c="P")
    night(1, job="weekly", a="F")
    jenkins("nightly", 3, report(a="F"), result="ABORTED")
    [row] = rows()
    assert (row.failures, row.jobs) == (3, 2)
    assert families.now() == families.Now(failures=3, jobs=2, unsorted=0, silent=0, idle=0)


def test_a_build_that_waits_for_its_families_is_counted_as_unsorted() -> None:
    jenkins("nightly", 1, report(a="F", b="F"), started=NOW)
    assert families.now() == families.Now(failures=2, jobs=1, unsorted=2, silent=0, idle=0)


def test_a_family_that_was_not_seen_for_long_is_in_no_list_but_still_has_its_page() -> None:
    night(1, LOGIN, a="F")
    night(2, LOGIN, a="P")
    [old] = rows()
    night(1, job="other", day=62, a="F")
    assert old.id not in [row.id for row in rows()]
    assert families.count_families() == 1
    assert families.family_row(str(old.id)).failures == 0
    assert [row.id for row in families.families_after(0, 10)] == sorted([old.id, rows()[0].id])


@pytest.mark.parametrize("standing", ["deleted", "disabled"])
def test_a_job_out_of_use_fails_no_longer(standing: str) -> None:
    night(1, a="F")
    track_job("nightly")
    run("UPDATE job SET standing = ?", standing)
    assert (families.now().failures, families.now().jobs, rows()[0].failures) == (0, 0, 0)
    assert families.failing_cases(rows()[0].id, limit=9) == []


def test_a_job_that_was_not_built_for_long_fails_no_longer() -> None:
    night(1, a="F")
    age(20)
    night(1, LOGIN, job="young", b="P")
    assert families.now() == families.Now(failures=0, jobs=1, unsorted=0, silent=0, idle=1)
    [row] = with_examples(rows())
    assert (row.failures, row.is_new, row.examples) == (0, False, ())
    assert families.failing_cases(row.id, limit=9) == []


def test_a_list_in_pages_goes_on_where_the_page_before_ended() -> None:
    night(1, DISK, a="F")
    night(1, LOGIN, job="other", a="F")
    both = families.families(limit=2)
    assert [*families.families(limit=1), *families.families(limit=1, offset=1)] == both
    assert families.families_after(min(row.id for row in both), 10) == [
        max(both, key=lambda row: row.id)
    ]


def test_a_family_tells_where_it_was_first_and_in_which_builds_since() -> None:
    for number, letter in ((1, "P"), (2, "F"), (3, "P"), (4, "F")):
        night(number, a=letter, other="P")
    found = only()
    assert found.first is not None
    assert (found.first.job, found.first.label) == ("nightly", "2")
    assert [each.label for each in found.builds] == ["4", "2"]
    assert [(each.failures, each.of, each.total) for each in found.builds] == [(1, 1, 2)] * 2
    assert (found.seen, found.jobs) == (2, (families.InJob("nightly", 2, 3),))


def test_its_signatures_tell_what_they_are_of_and_how_often() -> None:
    night(1, a="F", b="F")
    night(2, a="F", b="P")
    assert [(each.builds, each.failures) for each in only().signatures] == [(2, 2), (1, 1)] or [
        (each.builds, each.failures) for each in only().signatures
    ] == [(2, 3)]
    assert {each.place for each in only().signatures} == {"disk"}
    assert all(each.message == DISK for each in only().signatures)


def test_the_tests_that_fail_with_it_are_those_of_the_newest_builds() -> None:
    night(1, a="F", b="F")
    night(2, a="F", b="P")
    night(1, job="also", a="F")
    found = families.failing_cases(rows()[0].id, limit=10)
    assert [(each.job, each.build, each.case.name) for each in found] == [
        ("also", "1", "a"),
        ("nightly", "2", "a"),
    ]
    assert families.failing_cases(rows()[0].id, limit=1) == found[:1]


def test_the_families_of_a_build_and_of_a_failure_in_it() -> None:
    jenkins(
        "nightly",
        1,
        report("d.xml", suite="disk", message=DISK, a="F", b="F"),
        report("l.xml", suite="login", message=LOGIN, c="F", d="P"),
        started=NOW,
    )
    cluster_all()
    disk, login = families.families_in("nightly", "1")
    assert (disk.failures, login.failures) == (2, 1)
    assert families.family_of("nightly", "1", key_of("a", "disk")) == disk
    assert families.family_of("nightly", "1", key_of("c", "login")) == login
    assert families.family_of("nightly", "1", key_of("d", "login")) is None
    assert families.families_in("nightly", "2") == []


def test_it_is_called_by_its_name_where_people_gave_it_one() -> None:
    night(1, a="F")
    row = rows()[0]
    assert row.called == row.title
    decisions.name(row.id, "Full disk", by="ada", now=NOW)
    assert rows()[0].called == "Full disk"
    assert families.families_in("nightly", "1")[0].called == "Full disk"
    [told] = only().decided
    assert (told.kind, told.name, told.by) == ("name", "Full disk", "ada")


def test_a_merged_family_is_found_by_its_old_number() -> None:
    night(1, DISK, a="F")
    night(1, LOGIN, job="other", a="F")
    kept, gone = (row.id for row in rows())
    decisions.merge(kept, [gone], by="ada", now=NOW)
    assert families.merged_into(str(gone)) == str(kept)
    assert families.merged_into(str(kept)) == ""
    with pytest.raises(NotFound):
        families.family(str(gone))


@pytest.mark.parametrize("number", ["0", "7", "9" * 18, "9" * 400])
def test_what_is_no_family_is_told_in_words(number: str) -> None:
    with pytest.raises(NotFound, match="no family"):
        families.family(number)
    assert families.merged_into(number) == ""


def test_the_agent_that_explains_where_a_family_fails_is_told() -> None:
    for number in range(1, 25):
        node = f"agent-{number % 3}"
        letter = "F" if node == "agent-2" else "P"
        jenkins(
            "nightly",
            number,
            report(message=DISK, a=letter, b=letter),
            started=NOW + number * DAY,
            about=About(node=node),
        )
    cluster_all()
    found = only().explained
    assert found is not None
    assert (("agent", "agent-2"),) in found.finding.sets
    assert "8 of 8 runs there" in found.sentence


def test_a_family_that_fails_everywhere_has_no_facets() -> None:
    for number in range(1, 10):
        night(number, a="F")
    assert only().explained is None
