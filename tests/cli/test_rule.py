"""`tracker rule` and `tracker job explain`: rules are kept in order, refused when they are none."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command
from tests.factories import report, upload
from tracker.queries.jobs import job
from tracker.store.jobs import add_server
from tracker.store.rules import ResultsRule, results_rule


def test_rules_of_names_are_listed_in_the_order_in_which_they_are_tried(command: Command) -> None:
    for pattern in ("{release}/{module}/nightly-{platform}", "{module}/**"):
        assert command("rule", "names", pattern).code == 0
    assert command("rule", "list", "--json").json["names"] == [
        "{release}/{module}/nightly-{platform}",
        "{module}/**",
    ]
    assert command("rule", "remove", "names", "{module}/**").code == 0
    assert "{module}/**" not in command("rule", "list").out


def test_a_rule_counts_for_jobs_that_are_known_and_for_those_that_come(command: Command) -> None:
    upload("4.2/shop/old", 1, report(a="P"))
    command("rule", "names", "{release}/{module}/*")
    upload("4.2/shop/new", 1, report(a="P"))
    assert [job(f"4.2/shop/{name}").parts.release for name in ("old", "new")] == ["4.2", "4.2"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["names", "{what}/*"],
        ["names", "{release}/{release}"],
        ["names", ""],
        ["names", "{release"],
        ["results", "team/**", "--artifacts", "a{b}"],
        ["results", "team/**", "--from", "test_report", "--artifacts", "*.xml"],
        ["results", "team/**", "--console", "nothing"],
    ],
)
def test_what_is_no_rule_ends_with_2(command: Command, arguments: list[str]) -> None:
    said = command("rule", *arguments)
    assert (said.code, said.err != "") == (2, True)
    assert command("rule", "list", "--json").json == {"names": [], "results": []}


def test_patterns_of_paths_may_be_spelt_as_jenkins_does(command: Command) -> None:
    command("rule", "results", "team/**", "--artifacts", "out/*.xml, **/TEST-*.json")
    _, rule = results_rule("team/a/nightly")
    assert rule.artifacts == ("out/*.xml", "**/TEST-*.json")


def test_a_rule_of_results_of_the_same_pattern_is_changed(command: Command) -> None:
    command("rule", "results", "team/*", "--from", "artifacts")
    command("rule", "results", "team/*", "--console", "tap")
    assert results_rule("team/nightly") == ("team/*", ResultsRule(console="tap"))
    assert "else the console log as tap" in command("rule", "list").out


def test_a_rule_that_is_not_there_cannot_be_removed(command: Command) -> None:
    said = command("rule", "remove", "results", "team/*")
    assert (said.code, "tracker rule list" in said.err) == (2, True)


def test_a_name_is_explained_before_there_is_such_a_job(command: Command) -> None:
    add_server("main", "http://ci.example/", patterns=["4.2/*"])
    command("rule", "names", "{release}/{module}/nightly-{platform}")
    command("rule", "results", "**/nightly-*", "--from", "test_report")
    said = command("job", "explain", "4.2/shop/nightly-linux")
    assert said.code == 0
    assert "not known yet" in said.out
    assert "main" in said.out
    assert "release '4.2', module 'shop', platform 'linux'" in said.out
    assert "testReport (rule **/nightly-*)" in said.out
    told = command("job", "explain", "4.2/shop/nightly-linux", "--json").json
    assert (told["parts"]["module"], told["servers"]) == ("shop", ["main"])


def test_a_name_that_no_server_admits_ends_with_1(command: Command) -> None:
    said = command("job", "explain", "elsewhere")
    assert (said.code, "no server" in said.out) == (1, True)
