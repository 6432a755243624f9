"""Settings: servers without their secrets, rules with the jobs they fit."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history
from tests.pages import reading
from tracker.pages import BY_NAME, settings
from tracker.queries.columns import at
from tracker.queries.jobs import JobCounts
from tracker.queries.naming import RuleRow
from tracker.site.links import live_linker
from tracker.site.render import as_json, renderer
from tracker.store.jobs import add_server, note_server, note_server_trouble
from tracker.store.rules import ResultsRule, add_name_rule, add_results_rule
from tracker.store.seen import SeenJob, note_look

pytestmark = pytest.mark.usefixtures("store")


def html(*, live: bool = True) -> str:
    return renderer().html(BY_NAME["settings"], {}, settings.show(), live_linker(), live=live)


def words() -> str:
    """The page as it is read, on one line."""
    return reading.words(html())


def server(**more: object) -> None:
    add_server("main", "https://ci.example/", **more)  # type: ignore[arg-type]


def test_an_empty_tracker_says_how_to_begin() -> None:
    page = settings.show()
    assert (page.servers, page.names, page.results, page.unfitted) == ((), (), (), ())
    assert "tracker server add" in words()
    assert "What is read of all jobs: artifacts, else testReport." in words()


def test_a_server_is_shown_as_it_was_given_and_as_it_was_found() -> None:
    server(
        prefix="west",
        username="reader",
        patterns=["team/*", "!team/old-*"],
        view="Nightly",
        rate=2.5,
        at_once=3,
        seconds=20,
    )
    note_server("main", version="2.541.3", notice="Its clock is off.")
    [shown] = settings.show().servers
    assert (shown.version, shown.notice, shown.jobs) == (
        "2.541.3",
        "Its clock is off.",
        JobCounts(),
    )
    text = words()
    assert "version 2.541.3" in text
    assert "Read as reader" in text
    assert "team/*, !team/old-* in the view Nightly" in text
    assert "Prefix of their names west/" in text
    assert "at most 2.5 times a second, 3 at once; 20 seconds each" in text
    assert "Its clock is off." in text


def test_trouble_of_a_server_comes_with_since_when() -> None:
    server()
    note_server_trouble("main", "It did not answer.", now=NOW)
    assert "could not be read since 2026-11-18 11:06 UTC It did not answer." in words()
    assert settings.show().servers[0].error_since == at(NOW)


def test_neither_the_token_nor_its_place_is_shown() -> None:
    server(username="reader", token_file="/run/secret/token")
    note_server_trouble("main", "The token file /run/secret/token cannot be read.", now=NOW)
    for shown in (html(), as_json(settings.show()).decode()):
        assert "/run/secret" not in shown
    assert "The token file … cannot be read." in words()


def test_the_jobs_of_a_server_are_counted_by_their_standing() -> None:
    server()
    found = [SeenJob(name, name, "", is_disabled=name == "d") for name in "abcd"]
    note_look("main", found, listed=None, now=NOW)
    for _ in range(2):
        note_look("main", found[1:], listed="bcd", now=NOW)
    history("uploads", login="P")
    assert settings.show().servers[0].jobs == JobCounts(active=2, disabled=1, deleted=1)
    assert "Jobs known 2, 1 disabled, 1 deleted" in words()


def test_a_rule_of_names_tells_how_many_jobs_it_fits_and_two_of_them() -> None:
    for job in ("5.1/core", "5.1/ui", "5.2/core", "x"):
        history(job, login="P")
    add_name_rule("5.1/{module}")
    add_name_rule("{release}/{module}")
    assert settings.show().names == (
        RuleRow("5.1/{module}", 2, ("5.1/core", "5.1/ui"), 0),
        RuleRow("{release}/{module}", 1, ("5.2/core",), 2),
    )
    assert "5.2/core 2 more fit an earlier rule" in words()


def test_a_rule_that_fits_no_job_says_so() -> None:
    add_name_rule("{release}/{module}")
    assert "{release}/{module} 0 fits no job" in words()


def test_jobs_that_no_rule_fits_are_counted_and_the_first_ten_named() -> None:
    for place in range(12):
        history(f"job {place:02}", login="P")
    add_name_rule("{release}/{module}")
    page = settings.show()
    assert page.unfitted_count == 12
    assert page.unfitted == tuple(f"job {place:02}" for place in range(10))
    text = words()
    assert "12 jobs without a rule job 00" in text
    assert "job 09 and 2 more" in text


def test_where_there_are_no_rules_no_job_is_named_for_having_none() -> None:
    history("a", login="P")
    assert "without a rule" not in words()


def test_rules_of_results_are_told_in_words_and_in_their_order() -> None:
    add_results_rule("team/**", ResultsRule(("test_report",)))
    add_results_rule("*", ResultsRule(artifacts=("out/*.xml",)))
    assert settings.show().results == (
        settings.ReadsRule("team/**", "testReport"),
        settings.ReadsRule("*", "artifacts out/*.xml, else testReport"),
    )
    assert "team/** testReport" in words()


def test_only_the_live_page_has_a_form_that_tries_a_name() -> None:
    assert '<form class="ask" method="get" action="../actions/explain">' in html()
    assert "<form" not in html(live=False)


def test_there_is_one_page_of_settings() -> None:
    assert list(settings.every(60)) == [{}]
