"""Which facets a case's failures go with, over builds, jobs and variants."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, history, jenkins, key_of, report, upload
from tracker.pages import case as case_page
from tracker.queries.facets import explained, facets_of
from tracker.store.records import About
from tracker.store.rules import add_name_rule

pytestmark = pytest.mark.usefixtures("store")

HOUR = DAY // 24


def on_agents(job: str = "n", *, builds: int = 24, broken: str = "win-3") -> None:
    """Builds on three agents in turn, of which `login` fails on one."""
    for number in range(1, builds + 1):
        node = ("linux-1", "linux-2", "win-3")[number % 3]
        jenkins(
            job,
            number,
            report(login="F" if node == broken else "P", logout="P"),
            started=NOW + number * DAY,
            about=About(node=node),
        )


def sets(job: str = "n", case: str = "login", variant: str = "") -> object:
    found = facets_of(job, key_of(case, variant=variant))
    return found.sets if found else None


def test_a_case_that_fails_on_one_agent_alone_says_so() -> None:
    on_agents()
    found = explained("n", key_of("login"))
    assert found is not None
    assert found.finding.sets == ((("agent", "win-3"),),)
    assert (found.finding.failures_inside, found.finding.runs_inside) == (8, 8)
    assert found.sentence.startswith("Fails on agent=win-3 only: 8 of 8 runs there, 0 of 16")


def test_a_case_that_passes_has_no_facets() -> None:
    on_agents()
    assert facets_of("n", key_of("logout")) is None


def test_a_case_that_failed_but_twice_has_no_facets() -> None:
    for number in range(1, 60):
        bad = number in (20, 40)
        jenkins("n", number, report(login="F" if bad else "P"), about=About(node=f"bad {bad}"))
    assert facets_of("n", key_of("login")) is None


def test_failures_that_go_with_nothing_have_no_facets() -> None:
    for number in range(1, 25):
        jenkins(
            "n",
            number,
            report(login="F" if number % 2 else "P"),
            started=NOW,
            about=About(node=f"agent-{number // 2 % 3}"),
        )
    assert facets_of("n", key_of("login")) is None


def test_a_case_that_fails_on_one_branch_alone_says_so() -> None:
    for number in range(1, 25):
        topic = number % 3 == 0
        branch = "topic" if topic else "main"
        jenkins("n", number, report(login="F" if topic else "P"), branch=branch)
    assert sets() == ((("branch", "topic"),),)


def test_a_case_that_fails_at_one_hour_alone_says_so() -> None:
    for number in range(1, 25):
        late = number % 3 == 0
        started = NOW - NOW % DAY + number * 7 * DAY + (22 if late else 8 + number % 3) * HOUR
        jenkins("n", number, report(login="F" if late else "P"), started=started)
    assert sets() == ((("hour", "22"),),)


def test_the_platforms_of_several_jobs_are_told_apart() -> None:
    add_name_rule("shop/{platform}")
    history("shop/linux", login=" ".join("P" * 12))
    history("shop/windows", login=" ".join("F" * 12))
    history("shop/linux", first=13, login="P")
    assert sets("shop/linux") == ((("platform", "windows"),),)


def test_the_variants_of_a_case_are_runs_of_one_test() -> None:
    for number in range(1, 13):
        upload(
            "n",
            number,
            report("l.xml", variant="platform=linux", login="P"),
            report("w.xml", variant="browser=edge,platform=windows", login="F"),
        )
    expected = ((("browser", "edge"),), (("platform", "windows"),))
    assert sets(variant="platform=linux") == expected


def test_builds_that_say_nothing_about_tests_are_left_out() -> None:
    for number in range(1, 25):
        aborted = number % 3 == 0
        jenkins(
            "n",
            number,
            report(login="F" if aborted else "P"),
            result="ABORTED" if aborted else "SUCCESS",
            about=About(node="a" if aborted else "b"),
        )
    assert facets_of("n", key_of("login")) is None


def test_what_another_job_records_later_waits_for_a_change_of_the_job() -> None:
    add_name_rule("shop/{platform}")
    history("shop/linux", login=" ".join("P" * 12))
    history("shop/windows", login=" ".join("F" * 12))
    assert facets_of("shop/linux", key_of("login")) is None
    history("shop/linux", first=13, login="P")
    assert facets_of("shop/linux", key_of("login")) is not None


def fails_as_a_whole(job: str, number: int, letter: str, others: str) -> None:
    rest = dict.fromkeys((f"test_{each}" for each in range(12)), others)
    upload(job, number, report(login=letter, **rest))


def incident_elsewhere() -> None:
    """The newest of twelve builds of another job was an incident."""
    add_name_rule("shop/{platform}")
    for number in range(1, 13):
        fails_as_a_whole("shop/linux", number, "P", "P")
        fails_as_a_whole("shop/windows", number, "F", "F" if number == 12 else "P")


def test_an_incident_that_another_job_lifts_later_waits_for_a_change_of_the_job() -> None:
    incident_elsewhere()
    fails_as_a_whole("shop/linux", 13, "P", "P")
    before = facets_of("shop/linux", key_of("login"))
    assert (before and before.runs_inside) == 11
    fails_as_a_whole("shop/windows", 13, "F", "F")
    assert facets_of("shop/linux", key_of("login")) == before
    fails_as_a_whole("shop/linux", 14, "P", "P")
    after = facets_of("shop/linux", key_of("login"))
    assert (after and after.runs_inside) == 13


def test_a_build_without_results_is_not_the_one_that_lifts_an_incident() -> None:
    incident_elsewhere()
    upload("shop/windows", 13, complete=True)
    fails_as_a_whole("shop/windows", 15, "F", "P")
    fails_as_a_whole("shop/linux", 13, "P", "P")
    before = facets_of("shop/linux", key_of("login"))
    assert (before and before.runs_inside) == 12
    fails_as_a_whole("shop/windows", 14, "F", "F")
    assert facets_of("shop/linux", key_of("login")) == before


def test_a_case_that_nobody_knows_has_no_facets() -> None:
    assert facets_of("n", key_of("login")) is None
    assert facets_of("n", "nonsense") is None


def test_the_page_of_a_case_has_them_on_its_first_page() -> None:
    on_agents()
    assert case_page.show("n", key_of("login")).facets == explained("n", key_of("login"))
    assert case_page.show("n", key_of("logout")).facets is None
