"""Which commits came between the last pass and the first failure."""

from __future__ import annotations

import pytest

from tests.factories import jenkins, report
from tracker.queries.commits import Commits, commits_of
from tracker.queries.places import Called
from tracker.queries.turns import Turn
from tracker.store.records import About, Change

pytestmark = pytest.mark.usefixtures("store")


def between(passed: str | None, failed: str, **builds: tuple[str, ...]) -> Commits | None:
    """The commits between two of the builds, of which each has commits by these authors."""
    for number, authors in enumerate(builds.values(), 1):
        changes = tuple(Change("abc", author, f"by {author}") for author in authors)
        jenkins("nightly", number, report(login="P"), about=About(changes=changes))
    return commits_of("nightly", Turn(passed and Called(passed, ""), Called(failed, "")))


def test_one_commit_is_told_with_its_message() -> None:
    found = between("1", "2", one=("Ben",), two=("Ada",))
    assert found == Commits(1, "2", "2", ("Ada",), 0, "by Ada")


def test_commits_of_builds_in_which_the_case_did_not_run_count_too() -> None:
    found = between("1", "3", one=("Ben",), two=("Ada",), three=("Cid", "Ada"))
    assert found == Commits(3, "2", "3", ("Ada", "Cid"), 0, "")


def test_of_many_authors_the_first_three_are_named() -> None:
    found = between("1", "2", one=(), two=("Ada", "Ben", "Cid", "Dan", "Eve"))
    assert found is not None
    assert (found.authors, found.more_authors) == (("Ada", "Ben", "Cid"), 2)


def test_of_what_never_passed_only_the_first_failure_counts() -> None:
    found = between(None, "2", one=("Ben",), two=("Ada",))
    assert found is not None
    assert (found.first, found.authors) == ("2", ("Ada",))


def test_commits_that_jenkins_did_not_list_are_counted() -> None:
    changes = (Change("abc", "Ada", "Count twice"),)
    jenkins("nightly", 1, report(login="F"), about=About(changes=changes, more_changes=4))
    found = commits_of("nightly", Turn(None, Called("1", "")))
    assert found is not None
    assert (found.count, found.message) == (5, "")


def test_where_nobody_tells_of_a_commit_there_is_nothing_to_say() -> None:
    assert between("1", "2", one=("Ben",), two=()) is None
