"""A regression run: one page for all of its builds."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, jenkins, report
from tracker.errors import NotFound
from tracker.pages import run

pytestmark = pytest.mark.usefixtures("store")


def record_run(number: int) -> None:
    """`top` started `middle`, which started `leaf`."""
    began = NOW + number * DAY
    jenkins("top", number, started=began)
    for job, above in (("middle", "top"), ("leaf", "middle")):
        facts = {"started": began, "upstream_job": above, "upstream_number": number}
        jenkins(job, number, report(suite=job, login="P"), **facts)


@pytest.mark.parametrize("job", ["top", "middle", "leaf"])
def test_the_page_of_each_build_shows_the_whole_run_and_says_which_was_asked_for(job: str) -> None:
    record_run(1)
    page = run.show(job, "1")
    assert (page.job, page.build) == (job, "1")
    assert [row.build.job for row in page.run.builds] == ["top", "middle", "leaf"]


def test_a_build_that_was_asked_for_by_its_epoch_is_named_as_it_is_linked() -> None:
    record_run(1)
    assert run.show("leaf", "1~0").build == "1"


def test_a_run_of_a_build_that_is_not_recorded_is_not_found() -> None:
    record_run(1)
    with pytest.raises(NotFound, match="no build 2"):
        run.show("top", "2")


def test_the_static_site_has_each_run_once_at_the_build_that_it_began_with() -> None:
    for number in (1, 2, 3):
        record_run(number)
    jenkins("alone", 1)
    assert list(run.every(2)) == [{"job": "top", "build": "3"}, {"job": "top", "build": "2"}]
