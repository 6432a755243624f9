"""What the tracker makes of a name, and which rule fits which jobs."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history
from tracker.queries.naming import Fits, RuleRow, explain, fits
from tracker.store.jobs import add_server, note_job_trouble
from tracker.store.naming import NameParts
from tracker.store.rules import DEFAULT, ResultsRule, add_name_rule, add_results_rule
from tracker.store.seen import SeenJob, note_look

pytestmark = pytest.mark.usefixtures("store")


def lines(name: str) -> dict[str, str]:
    return dict(explain(name).in_words)


def test_of_a_name_that_nobody_knows_is_told_what_would_become_of_it() -> None:
    found = explain("5.2/core")
    assert (found.is_known, found.servers, found.parts) == (False, (), NameParts())
    assert (found.reads, found.reads_by, found.trouble) == (DEFAULT, "", "")
    assert lines("5.2/core") == {
        "job": "5.2/core, not known yet",
        "read from": "no server: none of them admits its name",
        "its name": "says nothing: no rule fits",
        "results": "artifacts, else testReport",
    }


def test_of_a_known_job_is_told_who_reads_it_and_by_which_rules() -> None:
    add_server("main", "https://ci.example/", patterns=["5.*"])
    history("5.2/core", login="P")
    add_name_rule("{release}/{module}")
    add_results_rule("5.2/*", ResultsRule(("test_report",)))
    note_job_trouble("5.2/core", "It answered 500.", now=NOW)
    assert lines("5.2/core") == {
        "job": "5.2/core, known",
        "read from": "main",
        "its name": "release '5.2', module 'core' (rule {release}/{module})",
        "results": "testReport (rule 5.2/*)",
        "trouble": "It answered 500.",
    }


def test_the_patterns_of_a_server_with_a_prefix_are_about_names_without_it() -> None:
    add_server("main", "https://ci.example/", patterns=["team/*"])
    add_server("west", "https://west.example/", prefix="west", patterns=["team/*"])
    assert explain("team/a").servers == ("main",)
    assert explain("west/team/a").servers == ("west",)
    assert explain("west/other").servers == ()
    assert explain("western/team/a").servers == ()


def test_a_pattern_with_a_mark_excludes_a_name() -> None:
    add_server("main", "https://ci.example/", patterns=["*", "!old/*"])
    assert explain("old/a").servers == ()


def test_a_known_branch_is_told_as_one() -> None:
    add_server("main", "https://ci.example/")
    note_look("main", [SeenJob("app/a%2Fb", "app/a%2Fb", "", "branch")], listed=None, now=NOW)
    assert explain("app/a%2Fb").parts == NameParts(branch="a/b")
    assert explain("app/other").parts == NameParts()


# Which rule fits which jobs


def test_each_job_counts_for_the_first_rule_that_fits_it() -> None:
    for job in ("5.1/a", "5.1/b", "5.1/c", "5.2/a", "x", "y"):
        history(job, login="P")
    add_name_rule("5.1/{module}")
    add_name_rule("{release}/{module}")
    add_name_rule("none/{module}")
    assert fits() == Fits(
        rules=(
            RuleRow("5.1/{module}", 3, ("5.1/a", "5.1/b"), 0),
            RuleRow("{release}/{module}", 1, ("5.2/a",), 3),
            RuleRow("none/{module}", 0, (), 0),
        ),
        unfitted=("x", "y"),
    )


def test_deleted_jobs_fit_no_rule_and_are_not_missed() -> None:
    add_server("main", "https://ci.example/")
    here, gone = (SeenJob(name, name, "") for name in ("5.1/here", "5.1/gone"))
    note_look("main", [here, gone], listed=None, now=NOW)
    for _ in range(2):
        note_look("main", [here], listed=["5.1/here"], now=NOW)
    add_name_rule("{release}/here")
    assert fits() == Fits((RuleRow("{release}/here", 1, ("5.1/here",), 0),), ())
