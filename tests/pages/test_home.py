"""Home: which jobs need a person, in that order, and what broke in them."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history, jenkins, report, upload
from tracker.errors import NotFound
from tracker.pages import home
from tracker.store.jobs import note_job_trouble, track_job

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
