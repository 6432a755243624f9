"""Why a verdict is so: inputs and numbers, and what was shown then, whatever arrived later."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.factories import (
    DAY,
    NOW,
    builds_of,
    history,
    jenkins,
    judge_all,
    key_of,
    record,
    report,
    upload,
)
from tests.store.fresh import fresh_store
from tracker.cli.explained import as_text
from tracker.errors import NotFound, UsageError
from tracker.queries.explain import Explanation, explain, find_case
from tracker.store.judging import set_budget
from tracker.store.records import BuildFacts

pytestmark = pytest.mark.usefixtures("store")

LATE = "not part of it"


def shown(job: str, case: str, build: str) -> list[str]:
    """What `tracker explain` prints, but for the marks of what arrived later."""
    lines = as_text(explain(job, key_of(case), build))
    return [line for line in lines if not line.startswith(LATE)]


def broken() -> Explanation:
    history("nightly", login="P P P P F F", other="P P P P P P")
    return explain("nightly", key_of("login"))


def test_a_break_tells_since_when_and_its_odds() -> None:
    found = broken()
    assert (found.state, found.since, found.age, found.said_in) == ("failing", "5", 1, "5")
    assert (found.verdict.outcomes, found.verdict.runs_before) == ("PPPPF", 4)
    assert "1 failure; by chance once in" in found.verdict.sentence


def test_the_builds_since_then_are_listed_with_what_the_case_did() -> None:
    assert [(each.label, each.outcome) for each in broken().after] == [("6", "F")]


def test_the_same_inputs_give_the_same_verdict() -> None:
    assert broken().is_replayed


def test_at_an_older_build_it_is_what_was_shown_there() -> None:
    broken()
    assert explain("nightly", key_of("login"), "4").state == "healthy"
    assert explain("nightly", key_of("login"), "5").state == "regression"


def test_what_another_report_of_the_newest_build_says_is_explained() -> None:
    history("nightly", login="P P P P", other="P P P P")
    upload("nightly", 5, report("first.xml", suite="t", early="P"))
    upload("nightly", 5, report("second.xml", login="F", other="P"))
    assert explain("nightly", key_of("login")).state == "regression"


def test_what_another_budget_says_is_explained() -> None:
    history("nightly", login="P P F P P P P P P F P P P P F", other=" ".join("P" * 15))
    assert explain("nightly", key_of("login")).verdict.limits.seldom > 0.01
    set_budget("nightly", 0.01, now=NOW)
    judge_all()
    assert explain("nightly", key_of("login")).verdict.limits.seldom < 0.01


def test_an_incident_that_was_lifted_is_shown_as_it_was_then() -> None:
    cases = [f"case{place}" for place in range(12)]
    for number, letter in enumerate("PPPP", 1):
        upload("nightly", number, report(**dict.fromkeys(cases, letter), login="PPPF"[number - 1]))
    upload("nightly", 5, report(**dict.fromkeys(cases, "F"), login="F"))
    then = as_text(explain("nightly", key_of("login"), "5"))
    assert [each.outcome for each in explain("nightly", key_of("login"), "5").after] == ["."]
    upload("nightly", 6, report(**dict.fromkeys(cases, "F"), login="F"))
    assert shown("nightly", "login", "5") == then
    assert [each.outcome for each in explain("nightly", key_of("login")).after] == ["F", "F"]


def test_a_build_without_results_does_not_show_an_incident_as_lifted() -> None:
    cases = [f"case{place}" for place in range(12)]
    for number, letter in enumerate("PPPPF", 1):
        upload("nightly", number, report(**dict.fromkeys(cases, letter)))
    upload("nightly", 6, complete=True)
    then = as_text(explain("nightly", key_of("case1"), "6"))
    upload("nightly", 7, report(**dict.fromkeys(cases, "F")))
    assert shown("nightly", "case1", "6") == then
    assert explain("nightly", key_of("case1")).since == "5"


def test_what_passes_again_is_said_to_have_broken_in_a_build_and_not_to_be_so_since() -> None:
    history("nightly", login=" ".join("P" * 30 + "FFFPP"))
    assert "as of #35: fixed after it broke in #31 (4 judged builds before)" in shown(
        "nightly", "login", ""
    )


def test_the_text_has_the_whole_name() -> None:
    history("nightly", **{"opens ›": "P F"})
    assert as_text(explain("nightly", key_of("opens ›")))[0] == "s › opens › in nightly"


def test_a_healthy_case_says_how_often_it_passed() -> None:
    broken()
    found = explain("nightly", key_of("other"))
    assert found.state == "healthy"
    assert found.verdict.sentence == "Passed in each of the newest 6 results."


def test_a_late_build_changes_the_verdict_now_and_not_the_one_shown_then() -> None:
    builds = dict(builds_of(login="P P P F F"))
    for number in (1, 2, 3, 5):
        upload("nightly", number, *builds[number], complete=True)
    then = as_text(explain("nightly", key_of("login"), "5"))
    upload("nightly", 4, *builds[4], complete=True)
    assert shown("nightly", "login", "5") == then
    assert explain("nightly", key_of("login")).since == "4"


def test_what_arrived_later_is_marked() -> None:
    builds = dict(builds_of(login="P P P F F"))
    for number in (1, 2, 3, 5, 4):
        upload("nightly", number, *builds[number], complete=True)
    late = explain("nightly", key_of("login"), "5").late
    assert [(each.label, each.what) for each in late] == [("4", "recorded later")]
    assert f"{LATE}: #4, recorded later" in as_text(explain("nightly", key_of("login"), "5"))


def test_results_that_changed_later_are_marked_too() -> None:
    history("nightly", login="P P P F F")
    record(BuildFacts("nightly", 2), report(login="S"), replace=True)
    late = explain("nightly", key_of("login"), "5").late
    assert [(each.label, each.what) for each in late] == [("2", "changed later")]


def test_of_many_that_arrived_later_a_few_are_named_and_the_others_counted() -> None:
    upload("nightly", 20, report(login="F"), complete=True)
    for number in range(1, 14):
        upload("nightly", number, report(login="P"), complete=True)
    found = explain("nightly", key_of("login"), "20")
    assert [each.label for each in found.late] == [str(number) for number in range(1, 11)]
    assert found.more_late == 3
    assert as_text(found)[-2:] == [f"{LATE}: #10, recorded later", f"{LATE}: 3 more builds"]


@settings(
    max_examples=examples(4, 12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    picture=st.text("PPPPFS", min_size=4, max_size=11),
    order=st.randoms(use_true_random=False),
)
def test_whatever_arrives_later_a_replay_is_what_was_shown(picture: str, order: object) -> None:
    builds = dict(builds_of(login=" ".join(picture), other=" ".join("P" * len(picture))))
    numbers = list(builds)
    order.shuffle(numbers)  # type: ignore[attr-defined]
    then: dict[int, str] = {}
    with fresh_store():
        for number in [*numbers, numbers[0]]:
            upload("nightly", number, *builds[number], complete=True)
            if number not in then:
                then[number] = shown("nightly", "login", str(number))
        for number, said in then.items():
            assert shown("nightly", "login", str(number)) == said


def test_a_build_that_was_not_judged_has_no_verdict() -> None:
    broken()
    jenkins("nightly", 7, report(login="P"), result="ABORTED")
    with pytest.raises(NotFound, match="7"):
        explain("nightly", key_of("login"), "7")


def test_a_build_is_asked_for_with_its_epoch_too() -> None:
    for number, day, letter in ((1, 0, "P"), (2, 1, "F"), (1, 100, "P"), (2, 101, "P")):
        jenkins("nightly", number, report(login=letter), started=NOW + day * DAY)
    asked = [explain("nightly", key_of("login"), label).as_of for label in ("2", "2~1", "2~0")]
    assert asked == ["2", "2", "2~0"]


def test_a_case_is_found_by_its_name() -> None:
    broken()
    assert find_case("nightly", "login") == key_of("login")
    assert find_case("nightly", key_of("login")) == key_of("login")


def test_a_name_that_several_cases_have_asks_for_the_key() -> None:
    upload("nightly", 1, report("a.xml", suite="a", login="P"))
    upload("nightly", 1, report("b.xml", suite="b", login="P"))
    with pytest.raises(UsageError, match=key_of("login", suite="b")):
        find_case("nightly", "login")


def test_a_case_of_a_job_that_nobody_knows_is_not_looked_for() -> None:
    broken()
    with pytest.raises(NotFound, match="No job named 'nobody'"):
        find_case("nobody", "login")


def test_a_healthy_case_tells_the_builds_it_did_not_run_in() -> None:
    history("nightly", stays="P " * 9 + "P", goes="P " * 8 + ". .")
    found = explain("nightly", find_case("nightly", "goes"))
    assert (found.said_in, [(each.label, each.outcome) for each in found.after]) == (
        "8",
        [("9", "."), ("10", ".")],
    )
    assert "since then: #9 . #10 . (. is no result that counts)" in as_text(found)


def test_a_case_that_never_ran_is_not_found() -> None:
    broken()
    with pytest.raises(NotFound, match="nobody"):
        find_case("nightly", "nobody")


def test_the_failures_of_a_fixed_break_are_left_out_of_what_a_healthy_case_rests_on() -> None:
    calm = {f"calm{place}": " ".join("P" * 48) for place in range(9)}
    history("nightly", login=" ".join("P" * 30 + "F" * 10 + "P" * 8), **calm)
    found = explain("nightly", key_of("login"))
    assert (found.state, found.verdict.outcomes) == ("healthy", "P" * 38)
