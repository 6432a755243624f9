"""Releases held against the earlier ones: which builds count, which tests are the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import DAY, NOW, history, jenkins, key_of, report, upload
from tracker.errors import NotFound, UsageError
from tracker.queries import readiness
from tracker.queries.columns import EPOCH
from tracker.queries.periods import SAMPLE_DAYS
from tracker.queries.readiness import JudgedTest, judged
from tracker.store.identity import id_of
from tracker.store.rules import add_name_rule
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

EIGHT_PASS, EIGHT_FAIL = " ".join("P" * 8), " ".join("F" * 8)


@pytest.fixture
def named(store: object) -> None:
    add_name_rule("{release}/{module}-{platform}")


def worst(name: str, release: str = "", basis: str = "") -> list[JudgedTest]:
    return readiness.tests(release, basis, SAMPLE_DAYS, name, limit=99)


def names(name: str, release: str = "", basis: str = "") -> list[str]:
    return [row.name for row in worst(name, release, basis)]


def nights(job: str, letters: str, *, first_day: int = 0, case: str = "login") -> None:
    """A build a night; `.` is a night without one."""
    for place, letter in enumerate(letters):
        if letter != ".":
            jenkins(
                job,
                first_day + place + 1,
                report(**{case: letter, "other": "P"}),
                started=NOW + (first_day + place) * DAY,
            )


@pytest.mark.usefixtures("named")
def test_a_test_that_broke_in_a_release_has_regressed() -> None:
    history("1.9/shop-linux", login=EIGHT_PASS, logout=EIGHT_PASS)
    history("1.10/shop-linux", login=EIGHT_FAIL, logout=EIGHT_PASS)
    found = judged()
    assert (found.release, found.verdict) == ("1.10", "not ready")
    assert found.sentence == (
        "Of 2 tests: 1 worse than in release 1.9 (at most 5 % of them by chance)."
    )
    [row] = worst("regressed")
    assert (row.key, row.job, row.standing) == (key_of("login"), "1.10/shop-linux", "regressed")
    assert (row.failures, row.runs, row.failures_before, row.runs_before) == (8, 8, 0, 8)
    assert row.sentence.startswith("Failed in 8 of 8 runs, in 0 of 8 runs in release 1.9: worse;")


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("failures", [1, 2])
def test_what_broke_in_the_newest_builds_keeps_a_release_back(failures: int) -> None:
    history("1.9/shop-linux", login=" ".join("P" * 20), logout=" ".join("P" * 20))
    history(
        "1.10/shop-linux",
        login=" ".join("P" * (20 - failures) + "F" * failures),
        logout=" ".join("P" * 20),
    )
    found = judged()
    assert (found.verdict, found.sentence) == ("not ready", "Of 2 tests: 1 newly broken.")
    [row] = worst("broken")
    assert (row.key, row.job, row.since) == (key_of("login"), "1.10/shop-linux", str(21 - failures))


@pytest.mark.usefixtures("named")
def test_what_broke_and_passes_again_keeps_nothing_back() -> None:
    history("1.9/shop-linux", login=" ".join("P" * 20))
    history("1.10/shop-linux", login=" ".join("P" * 20 + "F"))
    assert judged().verdict == "not ready"
    upload("1.10/shop-linux", 22, report(login="P"), complete=True)
    assert (judged().verdict, judged().counts.broken) == ("ready", 0)


@pytest.mark.usefixtures("named")
def test_a_new_test_that_fails_first_is_newly_broken() -> None:
    history("1/shop-linux", login=EIGHT_PASS)
    history("2/shop-linux", login=EIGHT_PASS, came=" ".join("." * 7 + "F"))
    assert names("broken") == ["came"]
    assert judged().verdict == "not ready"


@pytest.mark.usefixtures("named")
def test_what_broke_before_the_newest_days_is_not_newly_broken() -> None:
    nights("1/shop-linux", "P" * 10 + "F" * 20)
    nights("2/shop-linux", "P" * 10 + "F" * 20)
    assert judged(basis="1").counts.broken == 0


@pytest.mark.usefixtures("named")
def test_a_release_as_good_as_the_one_before_is_ready() -> None:
    history("1.9/shop-linux", login=EIGHT_PASS, known=EIGHT_FAIL)
    history("1.10/shop-linux", login=EIGHT_PASS, known=EIGHT_FAIL)
    found = judged()
    assert found.verdict == "ready"
    assert found.counts.same == found.tests == 2


@pytest.mark.usefixtures("named")
def test_the_same_test_of_another_platform_is_another_test() -> None:
    for release, windows in (("1.9", EIGHT_PASS), ("1.10", EIGHT_FAIL)):
        history(f"{release}/shop-linux", login=EIGHT_PASS)
        history(f"{release}/shop-windows", login=windows)
    [row] = worst("regressed")
    assert (row.place, row.job) == ("…/shop-windows", "1.10/shop-windows")
    assert judged().tests == 2


def test_a_release_is_taken_out_of_a_name_only_where_it_stands_alone() -> None:
    add_name_rule("{release}/{module}")
    history("1/shop11", login=EIGHT_PASS)
    history("2/shop11", login=EIGHT_FAIL)
    assert [row.place for row in worst("regressed")] == ["…/shop11"]


@pytest.mark.usefixtures("named")
def test_a_test_is_held_against_the_release_it_passed_best_in() -> None:
    history("1/shop-linux", login=EIGHT_PASS)
    history("2/shop-linux", login=EIGHT_FAIL)
    history("3/shop-linux", login=EIGHT_FAIL)
    assert [row.basis for row in worst("regressed")] == ["release 1"]
    assert names("regressed", basis="2") == []


@pytest.mark.usefixtures("named")
def test_an_older_release_is_held_against_those_before_it_alone() -> None:
    for release in ("1", "2", "3"):
        history(f"{release}/shop-linux", login=EIGHT_PASS)
    assert judged("2").bases == ("release 1",)
    assert judged("1").bases == ()
    assert judged("1", "3").bases == ("release 3",)


@pytest.mark.usefixtures("named")
def test_a_test_that_is_gone_or_came_is_told_apart() -> None:
    history("1/shop-linux", login=EIGHT_PASS, gone=EIGHT_PASS)
    history("2/shop-linux", login=EIGHT_PASS, came=EIGHT_PASS)
    assert [(row.name, row.job) for row in worst("missing")] == [("gone", "1/shop-linux")]
    assert names("new") == ["came"]


OLD, NEW = "com.shop.CartTest", "com.shop.cart.CartTest"
STEADY = dict.fromkeys((f"case{each}" for each in "ABCDEFGH"), "P")


def moved(job: str, first: str, then: str, newest: str = NEW) -> None:
    """Nine cases, one of them `login`, that are in another suite after the first builds."""
    for number, letter in enumerate(first + then, 1):
        suite = OLD if number <= len(first) else newest
        upload(job, number, report(suite=suite, login=letter, **STEADY), complete=True)


def test_a_renamed_test_is_not_missing_and_held_against_what_it_was() -> None:
    moved("n", "P" * 20, "P" * 13 + "F")
    found = judged()
    assert (found.tests, found.counts.missing, found.counts.new) == (9, 0, 0)
    [row] = worst("broken")
    assert (row.suite, row.failures, row.runs, row.runs_before) == ((NEW,), 1, 14, 20)


def test_a_test_that_was_broken_and_renamed_is_open_under_its_new_name() -> None:
    moved("n", "P" * 18 + "FF", "F" * 14)
    found = judged()
    assert (found.verdict, found.counts.missing, found.counts.regressed) == ("not ready", 0, 1)


@pytest.mark.usefixtures("named")
def test_a_release_that_began_after_a_renaming_knows_it_from_the_one_before() -> None:
    moved("1/shop-linux", "P" * 10, "PP")
    history("2/shop-linux", suite=NEW, login=EIGHT_PASS, **dict.fromkeys(STEADY, EIGHT_PASS))
    found = judged()
    assert (found.tests, found.counts.missing, found.counts.new) == (9, 0, 0)


def test_a_renaming_that_was_taken_back_says_nothing_of_a_test_that_went_later() -> None:
    """Renamed in #13 alone; the new name is used beside the old one from #16 on."""
    for number in range(1, 35):
        suite = NEW if number == 13 else OLD
        reports = [report(suite=suite, **STEADY)]
        if number < 20:
            reports.append(report("login.xml", suite=suite, login="P"))
        if number >= 16:
            reports.append(report("new.xml", suite=NEW, login="P"))
        upload("n", number, *reports, complete=True)
    assert [(row.suite, row.name) for row in worst("missing")] == [((OLD,), "login")]


@pytest.mark.usefixtures("named")
def test_of_two_new_names_the_one_counts_that_was_given_last() -> None:
    """It is of a younger job, whose builds have lower numbers."""
    basket = "com.shop.basket.CartTest"
    for job, first, day, name in (("1/shop-linux", 100, 0, NEW), ("2/shop-linux", 1, 30, basket)):
        for place, suite in enumerate([OLD] * 10 + [name] * 10):
            started = NOW + (day + place - 60) * DAY
            jenkins(job, first + place, report(suite=suite, login="P", **STEADY), started=started)
    assert {row.suite for row in worst("missing")} == {(NEW,)}


def test_what_may_be_another_test_is_missing_still() -> None:
    moved("n", "P" * 20, "P" * 14)
    run("UPDATE absence SET is_certain = false")
    assert (judged().counts.missing, judged().counts.new) == (9, 9)


@pytest.mark.usefixtures("named")
def test_what_says_nothing_about_tests_is_left_out() -> None:
    history("1/shop-linux", login=EIGHT_PASS)
    history("2/shop-linux", login=EIGHT_PASS)
    for number in range(20, 23):
        jenkins("2/shop-linux", number, report(login="F"), result="ABORTED")
        upload("2/shop-linux", number + 10, report(login="F"))
    found = judged()
    assert (found.builds, found.builds_left_out) == (8, 6)
    assert found.verdict == "ready"


def silent_nights(job: str, count: int, *, first_day: int, result: str | None = "FAILURE") -> None:
    """A build a night that says nothing about tests, as its compilation failed."""
    for day in range(first_day, first_day + count):
        jenkins(job, day + 1, result=result, started=NOW + day * DAY)


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("result", ["FAILURE", "ABORTED", None])
def test_a_release_of_which_the_last_days_say_nothing_is_not_ready(result: str | None) -> None:
    nights("1/shop-linux", "P" * 10)
    nights("2/shop-linux", "P" * 10)
    assert judged().verdict == "ready"
    silent_nights("2/shop-linux", 14, first_day=10, result=result)
    found = judged()
    assert (found.verdict, found.builds, found.builds_left_out) == ("not enough runs", 0, 7)
    assert (found.first, found.last, found.counts.missing) == (None, None, 2)


@pytest.mark.usefixtures("named")
def test_days_that_say_nothing_are_a_part_of_the_sample() -> None:
    nights("1/shop-linux", "P" * 10)
    nights("2/shop-linux", "F" * 3 + "P" * 7)
    silent_nights("2/shop-linux", 4, first_day=10)
    found = judged()
    assert (found.builds, found.builds_left_out) == (3, 4)
    assert found.last == EPOCH + timedelta(milliseconds=NOW + 9 * DAY)


@pytest.mark.usefixtures("named")
def test_an_earlier_release_is_known_by_its_last_days_that_say_something() -> None:
    nights("1/shop-linux", "P" * 10)
    silent_nights("1/shop-linux", 40, first_day=10)
    nights("2/shop-linux", "P" * 7)
    found = judged()
    assert (found.verdict, found.builds_before, found.builds_left_out) == ("ready", 10, 0)


def test_without_releases_a_job_that_says_nothing_lately_is_missing() -> None:
    nights("a", "P" * 40)
    nights("b", "P" * 30, case="logout")
    silent_nights("b", 10, first_day=30)
    found = judged()
    assert (found.jobs, found.builds, found.builds_left_out) == (1, 7, 7)
    assert [row.job for row in worst("missing")] == ["b", "b"]
    assert found.verdict == "not enough runs"


def test_without_times_the_newest_builds_are_those_that_say_nothing_too() -> None:
    history("n", login=" ".join("P" * 20 + "." * 14))
    found = judged()
    assert (found.builds, found.builds_left_out, found.builds_before) == (0, 14, 20)


@pytest.mark.usefixtures("named")
def test_an_incident_is_left_out() -> None:
    cases = {f"case{place}": EIGHT_PASS for place in range(60)}
    history("1/shop-linux", **cases)
    history("2/shop-linux", **cases)
    broken = report(message="no database", **dict.fromkeys(cases, "F"))
    upload("2/shop-linux", 9, broken, complete=True)
    assert judged().builds == 8


@pytest.mark.usefixtures("named")
def test_only_the_newest_days_of_a_release_are_its_sample() -> None:
    nights("1/shop-linux", "P" * 10)
    nights("2/shop-linux", "F" * 10 + "P" * 7)
    found = judged()
    assert (found.builds, found.builds_before) == (7, 10)
    assert found.verdict == "ready"
    assert judged(days=17).verdict == "not ready"


@pytest.mark.usefixtures("named")
def test_only_thirty_days_of_an_earlier_release_are_its_basis() -> None:
    nights("1/shop-linux", "F" * 10 + "P" * 30)
    nights("2/shop-linux", "P" * 7)
    assert judged().builds_before == 30


def test_without_releases_the_last_days_are_held_against_those_before() -> None:
    nights("a", "P" * 30 + "F" * 7)
    nights("b", "P" * 37, case="logout")
    found = judged()
    assert (found.release, found.bases) == ("", ("the 30 days before",))
    assert (found.jobs, found.builds, found.builds_before) == (2, 14, 60)
    assert names("regressed") == ["login"]


def test_without_times_the_newest_builds_of_each_job_are_the_sample() -> None:
    history("n", login=" ".join("P" * 20 + "F" * 14))
    found = judged()
    assert (found.builds, found.builds_before, found.first) == (14, 20, None)
    assert names("regressed") == ["login"]


def test_tests_of_one_name_in_two_jobs_are_two() -> None:
    nights("a", "P" * 30 + "F" * 7)
    nights("b", "P" * 37)
    assert [row.job for row in worst("regressed")] == ["a"]
    assert judged().tests == 4


def test_a_test_that_was_broken_before_stays_regressed_until_it_is_clearly_better() -> None:
    nights("n", "P" * 29 + "FFF")
    nights("m", "P" * 37)
    [row] = worst("regressed")
    assert (row.name, row.failures, row.runs) == ("login", 2, 2)
    assert "not clearly better since it was found worse" in row.sentence


def test_a_test_that_failed_as_often_and_was_not_broken_is_only_perhaps_worse() -> None:
    nights("n", "P" * 20 + "F" + "P" * 10 + "FPF")
    nights("m", "P" * 37)
    assert names("regressed") == []
    assert names("worse") == ["login"]


def test_a_test_that_broke_long_ago_and_was_given_up_keeps_nothing_back() -> None:
    nights("n", "PPPPPPFFFF", case="old")
    nights("n", "P" * 38, first_day=60)
    assert [row.name for row in worst("missing")] == []
    assert judged().verdict == "ready"


def test_runs_of_a_test_that_failed_are_counted_exactly() -> None:
    nights("n", "P.P.PPPPPPPPPPPPPPPPPPPPPPPPPP" + "PFPFPFF")
    [row] = worst("regressed")
    assert (row.failures, row.runs, row.failures_before, row.runs_before) == (4, 7, 0, 28)


def test_a_test_that_ran_in_few_builds_of_a_period_is_counted() -> None:
    history("n", steady=" ".join("P" * 34), rare=" ".join("P" + "." * 32 + "P"))
    found = judged()
    assert found.counts.new == 1
    [row] = worst("new")
    assert (row.name, row.runs, row.runs_before) == ("rare", 1, 0)


def test_the_worst_come_first() -> None:
    history(
        "n",
        bad=" ".join("P" * 20 + "PPPPPPPFFFFFFF"),
        worse=" ".join("P" * 20 + "F" * 14),
    )
    assert names("regressed") == ["worse", "bad"]


def test_tests_by_key_come_once_each() -> None:
    history("n", **{f"case{place}": " ".join("P" * 20 + "F" * 14) for place in range(5)})
    seen: list[str] = []
    after = None
    while found := readiness.tests_after("", "", 7, "regressed", after=after, limit=2):
        seen += [row.key for row in found]
        after = (id_of(seen[-1]) or 0, found[-1].place)
    assert seen == sorted(seen)
    assert len(set(seen)) == 5


def test_what_is_recorded_later_is_seen() -> None:
    history("n", login="P")
    assert judged().builds == 1
    upload("n", 2, report(login="P"), complete=True)
    assert judged().builds == 2


def test_a_tracker_without_builds_has_nothing_to_say() -> None:
    found = judged()
    assert (found.verdict, found.tests) == ("not enough runs", 0)


@pytest.mark.usefixtures("named")
def test_what_cannot_be_asked_is_refused_in_words() -> None:
    upload("1/shop-linux", 1, report(a="P"))
    for asked, kind in (
        (("9", "", 7), NotFound),
        (("", "9", 7), NotFound),
        (("1", "1", 7), NotFound),
        (("1", "", 0), UsageError),
        (("1", "", 91), UsageError),
    ):
        with pytest.raises(kind) as refused:
            judged(*asked)
        assert refused.value.remedy
    with pytest.raises(UsageError):
        readiness.tests("1", "", 7, "nonsense", limit=1)
