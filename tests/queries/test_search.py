"""Finding tests and jobs by parts of their names."""

from __future__ import annotations

import pytest

from tests.factories import history, key_of, report
from tests.factories import record as record_build
from tracker.errors import UsageError
from tracker.queries import search
from tracker.queries.search import FoundCase, cases_after, cases_called, jobs_called, words_of
from tracker.store.identity import id_of
from tracker.store.records import BuildFacts, FactSource
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def found(text: str, limit: int = 99) -> list[tuple[str, str]]:
    """Names and jobs of the tests that have these words."""
    return [(row.name, row.job) for row in cases_called(words_of(text), limit)]


def test_words_are_what_stands_between_the_signs_of_names() -> None:
    assert words_of(" com.shop.BasketTest#adds ") == ("com", "shop", "BasketTest", "adds")
    assert words_of("tests/api/test_users.py::test_login") == (
        "tests",
        "api",
        "test_users",
        "py",
        "test_login",
    )
    assert words_of("a › b a") == ("a", "b")


@pytest.mark.parametrize("text", ["x" * 201, " ".join("abcdefghi")])
def test_too_much_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="too much"):
        words_of(text)


def test_a_test_is_found_by_any_part_of_its_name_whatever_the_case() -> None:
    history("nightly", test_login="P", logout="P")
    assert found("LOGIN") == [("test_login", "nightly")]
    assert found("log") == [("logout", "nightly"), ("test_login", "nightly")]


def test_all_words_must_be_there_in_suite_name_or_facets() -> None:
    told = report(suite="shop.Basket", variant="os=linux", adds="P")
    record_build(BuildFacts("nightly", 1), told)
    assert found("linux basket ADDS") == [("adds", "nightly")]
    assert found("basket subtracts") == []


@pytest.mark.parametrize(("word", "name"), [("%", "a%b"), ("_", "a_b"), ("\\", "a\\b")])
def test_a_sign_of_patterns_is_a_sign_of_names(word: str, name: str) -> None:
    history("nightly", **{name: "P", "other": "P"})
    assert found(word) == [(name, "nightly")]


def test_no_words_find_nothing() -> None:
    history("nightly", login="P")
    assert (found(" . "), jobs_called((), 9)) == ([], [])


def test_a_row_says_what_became_of_the_test_in_the_newest_build() -> None:
    history("nightly", login="P F")
    [row] = cases_called(("login",), 9)
    assert row == FoundCase("nightly", key_of("login"), ("s",), "login", "", "2", "failed")


def test_a_test_that_is_missing_is_found_as_missing() -> None:
    history("nightly", login="P P P P .", other="P P P P P")
    [row] = cases_called(("login",), 9)
    assert (row.build, row.status) == ("5", "missing")


def test_a_test_that_no_newest_build_knows_is_not_found() -> None:
    history("nightly", login="P . . . . . . . .", other="P P P P P P P P P")
    assert found("login") == []


def test_a_build_without_results_does_not_hide_the_one_before() -> None:
    history("nightly", login="P")
    record_build(BuildFacts("nightly", 2))
    assert found("login") == [("login", "nightly")]


def test_a_build_that_runs_does_not_hide_what_it_has_not_come_to() -> None:
    history("nightly", login="P", other="P")
    facts = BuildFacts("nightly", 2, state="running", source=FactSource.JENKINS)
    record_build(facts, report(other="F"))
    rows = cases_called(("o",), 9)
    assert [(row.name, row.build, row.status) for row in rows] == [
        ("login", "1", "passed"),
        ("other", "2", "failed"),
    ]


def test_the_newer_build_tells_whichever_was_recorded_first() -> None:
    record_build(
        BuildFacts("nightly", 2, state="running", source=FactSource.JENKINS), report(login="F")
    )
    history("nightly", login="P")
    [row] = cases_called(("login",), 9)
    assert (row.build, row.status) == ("2", "failed")


def test_what_has_a_result_again_is_not_missing() -> None:
    record_build(
        BuildFacts("nightly", 6, state="running", source=FactSource.JENKINS), report(login="F")
    )
    history("nightly", login="P P P P .", other="P P P P P")
    [row] = cases_called(("login",), 9)
    assert (row.build, row.status) == ("6", "failed")


def test_results_that_were_let_go_are_not_looked_through() -> None:
    history("nightly", login="P")
    run("UPDATE build SET let_go = 1")
    assert found("login") == []


def test_jobs_are_found_by_their_names() -> None:
    for job in ("team/nightly", "team/smoke", "other"):
        history(job, login="P")
    assert jobs_called(words_of("NIGHT team"), 9) == ["team/nightly"]
    assert jobs_called(("team",), 1) == ["team/nightly"]


def test_pages_by_key_have_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_AT_ONCE", 2)
    for job in ("b", "a"):
        history(job, **{f"test_{letter}": "P" for letter in "edcba"})
    every = found("test")
    assert every == [(f"test_{letter}", job) for letter in "abcde" for job in "ab"]
    rows: list[tuple[str, str]] = []
    case, job = 0, ""
    while page := cases_after(("test",), case, job, 3):
        rows += [(row.name, row.job) for row in page]
        case, job = id_of(page[-1].key) or 0, page[-1].job
    assert sorted(rows) == every


def test_behind_a_test_that_nobody_knows_are_those_with_greater_keys() -> None:
    history("nightly", login="P")
    assert [row.name for row in cases_after(("login",), 17, "nightly", 9)] == ["login"]


def test_a_search_costs_the_same_statements_for_one_job_as_for_twenty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    real = search.select

    def counting(statement: str, *parameters: object) -> list[tuple[object, ...]]:
        asked.append(statement)
        return real(statement, *parameters)

    monkeypatch.setattr(search, "select", counting)
    for number in range(20):
        history(f"job{number}", login="P")
    assert len(found("login")) == 20
    assert len(asked) == 3
