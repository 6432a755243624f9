"""Home: which jobs need a person, in that order, and what broke in them."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, history, jenkins, judge_all, record, report, upload
from tests.pages import reading
from tracker.errors import NotFound
from tracker.pages import BY_NAME, home
from tracker.queries.columns import at
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.store.jobs import (
    add_server,
    note_job_trouble,
    note_server,
    note_server_trouble,
    track_job,
)
from tracker.store.judging import judge_waiting, set_budget
from tracker.store.records import BuildFacts
from tracker.store.rules import add_name_rule
from tracker.store.seen import SeenJob, note_look

pytestmark = pytest.mark.usefixtures("store")


def order() -> list[str]:
    return [row.job.name for row in home.show().jobs]


def test_without_jobs_there_is_one_empty_page() -> None:
    page = home.show()
    assert (page.jobs, page.paging.total) == ((), 0)
    assert list(home.every(60)) == [{"page": "1"}]


def test_what_is_newly_broken_comes_before_what_fails_before_what_is_fine() -> None:
    history("a fine", login="P P")
    history("b failing", login="F F")
    history("c broken", login="P F")
    assert order() == ["c broken", "b failing", "a fine"]


def test_more_newly_broken_comes_first() -> None:
    history("a", login="P F", logout="P P")
    history("b", login="P F", logout="P F")
    assert order() == ["b", "a"]


def test_more_failing_comes_first() -> None:
    history("a", login="F F", logout="P P")
    history("b", login="F F", logout="F F")
    assert order() == ["b", "a"]


def test_damage_comes_before_failures_that_are_known() -> None:
    history("a", login="F F")
    upload("b", 1, report("x.xml", failure="no XML"), report("y.xml", login="P"))
    assert order() == ["b", "a"]


def test_trouble_comes_before_failures_that_are_known() -> None:
    history("a", login="F F")
    history("b", login="P P")
    note_job_trouble("b", "It answered 500.", now=NOW)
    assert order() == ["b", "a"]


def test_jobs_that_need_nobody_come_by_name() -> None:
    for job in ("b", "c", "a"):
        history(job, login="P")
    assert order() == ["a", "b", "c"]


def test_a_job_without_builds_comes_after_one_that_failed() -> None:
    history("b", login="F F")
    track_job("a")
    assert order() == ["b", "a"]


def test_a_job_shows_its_first_ten_newly_broken_cases_and_how_many_more_there_are() -> None:
    upload("nightly", 1, report(**{f"case{place:02}": "F" for place in range(13)}))
    [row] = home.show().jobs
    assert [case.name for case in row.new] == [f"case{place:02}" for place in range(10)]
    assert row.more == 3


def test_totals_are_those_of_all_jobs() -> None:
    history("a", login="P F", logout="P F", search="F F")
    history("b", login="P F")
    history("c", login="F F")
    page = home.show()
    assert (page.newly_broken, page.builds_with_news, page.still_failing) == (3, 2, 2)


def test_the_newest_judged_build_counts_not_one_that_runs() -> None:
    history("nightly", login="P F")
    jenkins("nightly", 3, report(login="F", logout="F"), result=None)
    [row] = home.show().jobs
    assert row.job.latest is not None
    assert row.job.unjudged is not None
    assert (row.job.latest.label, row.job.unjudged.label) == ("2", "3")


@pytest.mark.parametrize("page", ["0", "2", "999999999"])
def test_a_page_that_is_not_there_is_not_found(page: str) -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound, match=f"no page {page}"):
        home.show(page)


# Builds without results


def fail_early(job: str, *numbers: int) -> None:
    """Builds whose compilation failed, so that no test ran."""
    for number in numbers:
        jenkins(job, number, result="FAILURE")


def test_a_job_whose_newest_build_has_no_results_gives_no_all_clear() -> None:
    history("a", login="P F", logout="P P")
    history("b", login="P P")
    fail_early("a", 3)
    page = home.show()
    assert (page.judged, page.silent) == (2, 1)
    text = words()
    assert "Nothing is newly broken in the latest judged build of 1 job;" in text
    assert (
        "1 job has no results in its latest judged build, and had some before: nothing is known of"
        " its tests." in text
    )
    assert (
        "#3 has no results: nothing is known of its tests. The last that has some is #2:"
        " 1 of 2 failed." in text
    )


def test_where_no_job_has_results_any_more_nothing_else_is_said() -> None:
    history("a", login="P F")
    fail_early("a", *range(3, 12))
    text = words()
    assert text.startswith("What is new 1 job has no results in its latest judged build, and had")
    assert "Nothing is newly broken" not in text
    assert "nothing failed before" not in text


def test_a_job_without_results_comes_before_failures_that_are_known() -> None:
    history("a", login="F F")
    history("b", login="P")
    fail_early("b", *range(2, 12))
    assert order() == ["b", "a"]


def test_a_job_that_never_had_results_needs_nobody() -> None:
    history("a", login="P P")
    fail_early("starts others", 1, 2)
    jenkins("aborted", 1, report(login="F"), result="ABORTED")
    fail_early("aborted", 2)
    page = home.show()
    assert (page.judged, page.silent) == (3, 0)
    assert "has no results" not in words()


def test_the_next_results_end_what_is_said_of_a_job_without_any() -> None:
    history("a", login="P P")
    fail_early("a", 3)
    upload("a", 4, report(login="P"), complete=True)
    assert home.show().silent == 0


def test_a_job_out_of_use_is_not_counted_as_one_without_results() -> None:
    history("a", login="P P")
    history("b", login="P P")
    fail_early("a", 3)
    see("a", "b", disabled=("a",))
    assert home.show().silent == 0


# Jobs out of use, and servers in trouble


def see(*names: str, disabled: tuple[str, ...] = ()) -> None:
    """Looks at a server that now has these jobs, and no others."""
    if not any(row.name == "main" for row in home.jobs.servers()):
        add_server("main", "https://ci.example/")
    found = [SeenJob(name, name, "", is_disabled=name in disabled) for name in names]
    for _ in range(2):
        note_look("main", found, listed=names, now=NOW)


def html() -> str:
    return renderer().html(BY_NAME["home"], {}, home.show(), live_linker(), live=True)


def words() -> str:
    """The page as it is read, on one line."""
    return reading.words(html())


def test_jobs_out_of_use_come_last_deleted_ones_behind_disabled_ones() -> None:
    for job in ("a deleted", "b disabled"):
        history(job, login="P F")
    history("c fine", login="P P")
    track_job("d unbuilt")
    see("a deleted", "b disabled", "c fine")
    see("b disabled", "c fine", disabled=("b disabled",))
    assert order() == ["c fine", "d unbuilt", "b disabled", "a deleted"]


def test_what_broke_in_jobs_out_of_use_is_neither_counted_nor_listed() -> None:
    history("a", login="P F", logout="F F")
    history("b", login="P F")
    see("a", "b", disabled=("a",))
    page = home.show()
    assert (page.newly_broken, page.still_failing, page.builds_with_news) == (1, 0, 1)
    assert page.out_of_use == 1
    assert [(row.job.name, len(row.new), row.more) for row in page.jobs] == [
        ("b", 1, 0),
        ("a", 0, 0),
    ]
    text = words()
    assert "1 of 1 test is newly broken, in the latest judged build of 1 of 1 job" in text
    assert (
        "1 job is disabled or deleted in Jenkins or retired, comes last and does not count." in text
    )
    assert "a ‖ disabled" in text


def test_where_all_jobs_are_in_use_nothing_is_said_of_others() -> None:
    history("a", login="P")
    assert "disabled or deleted" not in words()


def test_a_server_in_trouble_is_named_once_with_since_when_and_its_jobs_are_marked() -> None:
    for job in ("a", "b"):
        history(job, login="P")
    see("a", "b")
    note_server_trouble("main", "It did not answer.", now=NOW)
    assert home.show().troubles == (home.SourceTrouble("main", "It did not answer.", at(NOW), ""),)
    text = words()
    assert "The server main could not be read since 2026-11-18 11:06 UTC It did not" in text
    assert text.count("It did not answer.") == 1
    assert text.count("⚠ not read") == 2


def test_what_should_be_known_of_a_server_is_named_too() -> None:
    history("a", login="P")
    see("a")
    note_server("main", version="2.5", notice="Its clock is `12 minutes` behind.")
    assert "main: Its clock is 12 minutes behind." in words()


def test_servers_that_are_well_are_not_named() -> None:
    history("a", login="P")
    see("a")
    assert home.show().troubles == ()


def test_the_trouble_of_a_whole_server_moves_none_of_its_jobs() -> None:
    history("a", login="P")
    history("b", login="F F")
    see("a")
    note_server_trouble("main", "It did not answer.", now=NOW)
    assert order() == ["b", "a"]


def test_a_job_that_could_not_be_read_and_has_no_builds_comes_before_what_fails() -> None:
    history("b", login="F F")
    track_job("c")
    note_job_trouble("c", "It answered 500.", now=NOW)
    assert order() == ["c", "b"]


def test_release_and_module_stand_beside_the_name_where_they_are_known() -> None:
    history("5.2/core", login="P")
    history("other", login="P")
    add_name_rule("{release}/{module}")
    assert "5.2/core 5.2 › core" in words()
    assert html().count('class="of-job"') == 1


def test_a_job_that_is_judged_again_says_so_until_it_was() -> None:
    history("nightly", login="P P P P P P F")
    before = home.show().newly_broken
    set_budget("nightly", 0.9, now=NOW)
    assert "This job is judged again. Until that is done, verdicts may still change." in words()
    assert judge_waiting("nightly", now=NOW, builds=1)
    assert home.show().newly_broken == before == 1
    judge_all()
    assert "judged again" not in words()


@pytest.mark.parametrize("result", ["ABORTED", None])
def test_where_nothing_was_judged_home_gives_no_all_clear(result: str | None) -> None:
    jenkins("nightly", 1, report(login="F"), result=result)
    track_job("unbuilt")
    assert home.show().judged == 0
    assert "What is new No job has verdicts yet. Jobs, the ones" in words()
    assert "Nothing is newly broken" not in words()


def test_jobs_without_verdicts_are_no_part_of_what_home_says_of_the_others() -> None:
    history("fine", login="P P")
    history("waiting", login="P P P P P F")
    jenkins("aborted", 1, report(login="F"), result="ABORTED")
    set_budget("waiting", 0.9, now=NOW)
    assert home.show().judged == 2
    assert "1 of 2 tests is newly broken, in the latest judged build of 1 of 2 jobs" in words()
    assert "1 other job has no verdicts yet." in words()
    record(BuildFacts("waiting", 6), report(login="P"), replace=True)
    assert home.show().judged == 1
    assert "Nothing is newly broken in the latest judged build of 1 job" in words()
    assert "2 other jobs have no verdicts yet." in words()
    assert "the only one passed not judged yet" in words()


def test_an_event_says_when_its_tests_passed_last_before_how_sure_that_is() -> None:
    picture = " ".join("P" * 30 + "F")
    history("nightly", login=picture, logout=picture, fine=" ".join("P" * 31))
    said = "2 tests broke together. They last passed in #30 and fail since #31: login, logout."
    [event] = home.show().jobs[0].events
    assert f"{said} With 99 % they broke after #{event.after} and by #31." in words()


# Jobs that are not built any more


def built(job: str, picture: str, *, last: int, every: int = DAY) -> None:
    """A job with a build each so many ms, the last so many days before NOW."""
    letters = picture.split()
    for number, letter in enumerate(letters, 1):
        started = NOW - last * DAY - (len(letters) - number) * every
        upload(job, number, report(login=letter), started=started, complete=True)


def test_a_job_that_was_not_built_for_long_comes_behind_the_others_and_does_not_count() -> None:
    built("old", "P P P F", last=60)
    built("young", "P P P P", last=0)
    page = home.show()
    assert [row.job.name for row in page.jobs] == ["young", "old"]
    assert (page.idle, page.judged, page.newly_broken) == (1, 1, 0)
    said = words()
    assert "Nothing is newly broken in the latest judged build of 1 job;" in said
    assert "1 job was not built for long: it comes behind the others and does not count." in said
    assert "No build since 2026-09-19" in said


@pytest.mark.parametrize(("every", "last"), [(DAY, 3), (7 * DAY, 20), (DAY // 24, 2)])
def test_a_job_is_not_idle_within_three_of_its_usual_gaps_or_two_days(
    every: int, last: int
) -> None:
    built("slow", "P P P F", last=last, every=every)
    built("young", "P P P P", last=0)
    page = home.show()
    assert (page.idle, page.newly_broken) == (0, 1)


@pytest.mark.parametrize(("every", "last"), [(DAY, 4), (7 * DAY, 22), (DAY // 24, 3)])
def test_a_job_is_idle_after_more_than_both(every: int, last: int) -> None:
    built("slow", "P P P F", last=last, every=every)
    built("young", "P P P P", last=0)
    assert home.show().idle == 1


def test_a_newer_build_that_is_not_judged_shows_that_a_job_goes_on() -> None:
    built("slow", "P P P F", last=60)
    jenkins("slow", 5, result=None, started=NOW)
    built("young", "P P P P", last=0)
    assert home.show().idle == 0


def test_a_build_dated_in_the_future_makes_no_other_job_idle() -> None:
    built("ahead", "P P", last=-900)
    built("young", "P F", last=0)
    assert (home.show().idle, home.show().newly_broken) == (0, 1)


def test_where_all_jobs_rest_the_newest_build_still_tells() -> None:
    built("old", "P P P F", last=60)
    built("older", "P P P F", last=90)
    page = home.show()
    assert (page.idle, page.newly_broken) == (1, 1)


def test_that_a_build_is_told_of_again_changes_nothing() -> None:
    built("slow", "P P P F", last=60)
    before = home.show()
    record(BuildFacts("slow", 4, started=NOW - 60 * DAY, complete=True), now=NOW + DAY)
    record(BuildFacts("slow", 1, started=NOW - 63 * DAY, complete=True), now=NOW + DAY)
    assert home.show() == before


def test_what_is_told_of_an_untimed_build_again_leaves_when_it_came() -> None:
    upload("n", 1, report(login="P"), complete=True)
    before = home.show()
    record(BuildFacts("n", 1, complete=True), report(login="P"), now=NOW + DAY)
    assert home.show() == before


def test_a_clock_that_was_ahead_for_one_build_makes_no_other_job_idle() -> None:
    built("n", "P P", last=0)
    facts = BuildFacts("ahead", 1, started=NOW, complete=True)
    record(facts, report(login="P"), now=NOW + 900 * DAY)
    assert home.show().idle == 0
