"""What the catalogue says of a test: which row counts, and which known issues are about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import NOW, report, upload
from tracker.queries import results
from tracker.queries.catalogue import entry, failures_by_priority, with_catalogue
from tracker.store.catalogue import Catalogue, IssueFacts, TestFacts, take_catalogue


def tell(*tests: TestFacts, issues: tuple[IssueFacts, ...] = ()) -> None:
    take_catalogue(Catalogue(tests=tests, issues=issues), now=NOW)


def priority(release: str, name: str) -> str | None:
    found = entry(release, name)
    return found.priority if found else None


def test_a_test_is_found_by_its_name(store: Path) -> None:
    tell(TestFacts("", "login", case_ref="T-1", component="Web", topology="5-site"))
    found = entry("7.0", "login")
    assert found is not None
    assert (found.case_ref, found.component, found.topology) == ("T-1", "Web", "5-site")
    assert entry("7.0", "logout") is None


def test_the_row_of_the_release_counts_before_that_for_all(store: Path) -> None:
    tell(TestFacts("6.4", "login", priority="P3"), TestFacts("", "login", priority="P1"))
    assert [priority(each, "login") for each in ("6.4", "7.0", "")] == ["P3", "P1", "P1"]


def test_of_two_rows_of_one_release_the_later_counts(store: Path) -> None:
    tell(TestFacts("", "login", priority="P3"), TestFacts("", "login", priority="P0"))
    assert priority("7.0", "login") == "P0"


@pytest.mark.parametrize("name", ["login[a]", "login[a::b c]", "login[ü[x]]"])
def test_parameters_are_cut_off(store: Path, name: str) -> None:
    tell(TestFacts("", "login", priority="P1"))
    assert priority("", name) == "P1"


def test_a_row_for_the_whole_name_counts_before_that_without_parameters(store: Path) -> None:
    tell(TestFacts("", "login", priority="P1"), TestFacts("", "login[a]", priority="P0"))
    assert (priority("", "login[a]"), priority("", "login[b]")) == ("P0", "P1")


def test_a_test_that_only_another_release_knows_is_not_known(store: Path) -> None:
    tell(TestFacts("6.4", "login", priority="P3"))
    assert entry("7.0", "login") is None


@pytest.mark.parametrize("ref", ["T-1", "C100"])
def test_an_issue_is_about_a_test_by_either_of_its_ids(store: Path, ref: str) -> None:
    test = TestFacts("", "login", case_ref="T-1", testrail_ref="C100")
    tell(test, issues=(IssueFacts("B-1", url="https://b.example/1", status="Open", refs=(ref,)),))
    found = entry("7.0", "login[a]")
    assert found is not None
    [issue] = found.issues
    assert (issue.key, issue.url, issue.status) == ("B-1", "https://b.example/1", "Open")


def test_issues_that_are_active_come_first_and_none_twice(store: Path) -> None:
    tell(
        TestFacts("", "login", case_ref="T-1", testrail_ref="C1"),
        issues=(
            IssueFacts("B-1", is_active=False, refs=("T-1",)),
            IssueFacts("B-2", refs=("T-1", "C1")),
            IssueFacts("B-3", refs=("T-9",)),
        ),
    )
    found = entry("", "login")
    assert found is not None
    assert [issue.key for issue in found.issues] == ["B-2", "B-1"]


def test_a_test_without_ids_has_no_issue_of_an_empty_link(store: Path) -> None:
    tell(TestFacts("", "login"), issues=(IssueFacts("B-1", refs=("",)),))
    found = entry("", "login")
    assert found is not None
    assert found.issues == ()


def test_rows_of_failures_have_what_the_catalogue_says_and_others_do_not(store: Path) -> None:
    tell(
        TestFacts("", "login", priority="P1", case_ref="T-1"),
        issues=(IssueFacts("B-1", refs=("T-1",)),),
    )
    upload("nightly", 1, report(login="F", logout="E"))
    upload("weekly", 1, report(login="P"))
    rows = with_catalogue("", results.results("nightly", "1", "all", limit=9))
    assert {row.name: (row.priority, [each.key for each in row.issues]) for row in rows} == {
        "login": ("P1", ["B-1"]),
        "logout": ("", []),
    }
    [passed] = with_catalogue("", results.results("weekly", "1", "all", limit=9))
    assert (passed.priority, passed.issues) == ("", ())


def test_priorities_in_words_stand_where_they_belong(store: Path) -> None:
    names = {"a": "MEDIUM", "b": "P3", "c": "HIGH", "d": "P0", "e": "later"}
    tell(*(TestFacts("", name, priority=each) for name, each in names.items()))
    upload("nightly", 1, report(**dict.fromkeys(names, "F")))
    counts = failures_by_priority("nightly", 1, 0, "")
    assert [each.priority for each in counts] == ["P0", "HIGH", "MEDIUM", "P3", "later"]


def test_failures_are_counted_by_priority_with_those_without_one_last(store: Path) -> None:
    tell(TestFacts("", "a", priority="P2"), TestFacts("", "b", priority="P0"))
    upload("nightly", 1, report(**{"a": "F", "a[x]": "E", "b": "F", "c": "F", "d": "P"}))
    counts = failures_by_priority("nightly", 1, 0, "")
    assert [(each.priority, each.failures) for each in counts] == [("P0", 1), ("P2", 2), ("", 1)]


def test_without_a_catalogue_nothing_is_counted(store: Path) -> None:
    upload("nightly", 1, report(a="F"))
    assert failures_by_priority("nightly", 1, 0, "") == ()
