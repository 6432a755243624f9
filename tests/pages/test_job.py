"""A job: its builds, newest first, and the trend of the newest of them."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, history, jenkins, report
from tracker.errors import NotFound
from tracker.pages import job
from tracker.store.jobs import track_job

pytestmark = pytest.mark.usefixtures("store")


def test_builds_come_newest_first_and_the_trend_oldest_first() -> None:
    history("nightly", login="P F P")
    page = job.show("nightly")
    assert [build.label for build in page.builds] == ["3", "2", "1"]
    assert [build.label for build in page.trend] == ["1", "2", "3"]


def test_the_trend_has_the_newest_sixty_builds() -> None:
    history("nightly", login="P " * 62)
    assert [build.number for build in job.show("nightly").trend] == list(range(3, 63))


def test_builds_of_a_newer_epoch_come_first() -> None:
    for number, day in ((1, 0), (2, 1), (1, 100)):
        jenkins("nightly", number, report(login="P"), started=NOW + day * DAY)
    assert [build.label for build in job.show("nightly").builds] == ["1", "2", "1~0"]


def test_more_than_500_builds_are_pages_and_the_trend_stands_on_each() -> None:
    history("nightly", login="P " * 502)
    first, second = job.show("nightly"), job.show("nightly", "2")
    assert (len(first.builds), first.paging.pages, first.paging.total) == (500, 2, 502)
    assert [build.number for build in second.builds] == [2, 1]
    assert second.trend == first.trend


def test_a_job_that_was_never_built_has_one_empty_page() -> None:
    track_job("nightly")
    page = job.show("nightly")
    assert (page.builds, page.trend, page.job.latest) == ((), (), None)


def test_a_job_that_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFound, match="No job named 'nobody'"):
        job.show("nobody")


@pytest.mark.parametrize("page", ["0", "2"])
def test_a_page_that_is_not_there_is_not_found(page: str) -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound, match=f"no page {page}"):
        job.show("nightly", page)


def test_the_static_site_has_the_pages_that_hold_the_newest_builds() -> None:
    history("nightly", login="P P")
    track_job("other")
    assert list(job.every(1)) == [{"job": "nightly", "page": "1"}, {"job": "other", "page": "1"}]
