"""Rules: kept in their order, refused with words, and taken to all jobs when they change."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history
from tracker.errors import NotFound, UsageError
from tracker.queries import jobs
from tracker.store.jobs import add_server
from tracker.store.rules import (
    DEFAULT,
    ResultsRule,
    add_name_rule,
    add_results_rule,
    name_rules,
    remove_rule,
    results_rule,
    results_rules,
)
from tracker.store.seen import SeenJob, note_look

pytestmark = pytest.mark.usefixtures("store")


def parts(name: str) -> tuple[str, str, str, str]:
    found = jobs.job(name).parts
    return found.release, found.module, found.platform, found.branch


# Names


def test_a_new_rule_is_taken_to_the_jobs_that_are_there() -> None:
    history("5.2/core", login="P")
    add_name_rule("{release}/{module}")
    assert parts("5.2/core") == ("5.2", "core", "", "")


def test_rules_are_tried_in_the_order_in_which_they_came() -> None:
    history("5.2/core", login="P")
    add_name_rule("{release}/*")
    add_name_rule("{module}/*")
    assert name_rules() == ["{release}/*", "{module}/*"]
    assert parts("5.2/core") == ("5.2", "", "", "")


def test_a_rule_that_is_given_again_keeps_its_place() -> None:
    add_name_rule("{release}/*")
    add_name_rule("{module}/*")
    add_name_rule("{release}/*")
    assert name_rules() == ["{release}/*", "{module}/*"]


def test_without_its_rule_a_name_says_what_the_next_one_makes_of_it() -> None:
    history("5.2/core", login="P")
    add_name_rule("{release}/*")
    add_name_rule("{module}/*")
    remove_rule("names", "{release}/*")
    assert parts("5.2/core") == ("", "5.2", "", "")
    remove_rule("names", "{module}/*")
    assert parts("5.2/core") == ("", "", "", "")


def test_rules_leave_the_branch_of_a_multibranch_job_alone() -> None:
    add_server("main", "https://ci.example/")
    note_look("main", [SeenJob("app/a%2Fb", "app/a%2Fb", "", "branch")], listed=None, now=NOW)
    add_name_rule("{module}/*")
    assert parts("app/a%2Fb") == ("", "app", "", "a/b")
    remove_rule("names", "{module}/*")
    assert parts("app/a%2Fb") == ("", "", "", "a/b")


def test_a_rule_raises_the_revision_of_the_jobs_that_it_changes_and_of_no_others() -> None:
    history("5.2/core", login="P")
    history("other", login="P")
    before = jobs.revisions()
    add_name_rule("{release}/{module}")
    after = jobs.revisions()
    assert after["5.2/core"] > before["5.2/core"]
    assert after["other"] == before["other"]
    assert after[""] > before[""]


def test_a_rule_that_fits_no_job_raises_the_revision_of_the_whole() -> None:
    before = jobs.revision()
    add_name_rule("{release}/{module}")
    assert jobs.revision() > before


@pytest.mark.parametrize("pattern", ["{relaese}", "{release", "a\nb", "a" * 1001])
def test_a_bad_rule_of_names_is_refused_and_leaves_nothing(pattern: str) -> None:
    before = jobs.revision()
    with pytest.raises(UsageError, match="is no pattern of names"):
        add_name_rule(pattern)
    assert (name_rules(), jobs.revision()) == ([], before)


def test_a_rule_that_is_not_there_cannot_be_removed() -> None:
    add_name_rule("{release}")
    with pytest.raises(NotFound, match=r"No rule of results has the pattern '\{release\}'"):
        remove_rule("results", "{release}")
    assert name_rules() == ["{release}"]


# Results

BOTH = ResultsRule(("artifacts", "test_report"), "test_report", ("out/*.xml",), "pytest_console")


def test_of_a_job_that_no_rule_is_about_is_read_what_is_usual() -> None:
    add_results_rule("team/*", BOTH)
    assert results_rule("other") == ("", DEFAULT)


def test_the_first_rule_that_fits_says_what_is_read_and_comes_back_as_it_was() -> None:
    add_results_rule("team/*", BOTH)
    add_results_rule("**", ResultsRule(("test_report",)))
    assert results_rule("team/nightly") == ("team/*", BOTH)
    assert results_rule("a/b") == ("**", ResultsRule(("test_report",)))


def test_a_rule_of_results_that_is_given_again_is_changed_in_its_place() -> None:
    add_results_rule("a", BOTH)
    add_results_rule("*", BOTH)
    add_results_rule("a", ResultsRule(("test_report",)))
    assert results_rules() == [("a", ResultsRule(("test_report",))), ("*", BOTH)]


def test_a_rule_of_results_raises_the_revision() -> None:
    before = jobs.revision()
    add_results_rule("team/*", BOTH)
    added = jobs.revision()
    remove_rule("results", "team/*")
    assert before < added < jobs.revision()


def test_a_rule_of_names_and_one_of_results_may_have_one_pattern() -> None:
    add_name_rule("*")
    add_results_rule("*", BOTH)
    remove_rule("names", "*")
    assert results_rules() == [("*", BOTH)]


@pytest.mark.parametrize(
    ("pattern", "artifacts"), [("{x}", ()), ("*", ("",)), ("*", ("out/*.xml", "{x}"))]
)
def test_a_bad_rule_of_results_is_refused_and_leaves_nothing(
    pattern: str, artifacts: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="is no pattern of"):
        add_results_rule(pattern, ResultsRule(artifacts=artifacts))
    assert results_rules() == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (DEFAULT, "artifacts, else testReport"),
        (ResultsRule(artifacts=("a", "b")), "artifacts a, b, else testReport"),
        (ResultsRule(("artifacts",)), "artifacts"),
        (ResultsRule(("test_report",)), "testReport"),
        (
            ResultsRule(("artifacts", "test_report"), "test_report"),
            "artifacts and testReport (believed: testReport)",
        ),
        (
            ResultsRule(("artifacts",), console="pytest_console"),
            "artifacts, else the console log as pytest_console",
        ),
    ],
)
def test_a_rule_says_in_words_what_is_read(rule: ResultsRule, words: str) -> None:
    assert rule.in_words == words
