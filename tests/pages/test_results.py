"""A list of results in full: pages of 500."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import history, report, upload
from tracker.errors import NotFound
from tracker.pages import results
from tracker.queries.results import LISTS
from tracker.store.models import Job
from tracker.store.rejudging import wait_from

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def long(store: Path) -> None:
    upload("long", 1, report(**{f"case{place:04}": "PF"[place % 2] for place in range(1002)}))


@pytest.mark.usefixtures("long")
def test_pages_follow_one_another_without_gap_or_overlap() -> None:
    pages = [results.show("long", "1", "all", page) for page in ("1", "2", "3")]
    assert [len(page.rows) for page in pages] == [500, 500, 2]
    names = [row.name for page in pages for row in page.rows]
    assert names == [f"case{place:04}" for place in range(1002)]


@pytest.mark.usefixtures("long")
def test_a_page_knows_how_long_its_list_is() -> None:
    paging = results.show("long", "1", "new", "2").paging
    assert (paging.page, paging.pages, paging.total) == (2, 2, 501)


@pytest.mark.usefixtures("long")
def test_the_static_site_has_the_lists_that_do_not_fit_on_their_build() -> None:
    found = [(params["list"], params["page"]) for params in results.every(60)]
    assert found == [("new", "1"), ("new", "2"), ("all", "1"), ("all", "2"), ("all", "3")]


@pytest.mark.usefixtures("long")
def test_the_static_site_has_the_failures_of_a_long_build_that_waits_to_be_judged() -> None:
    wait_from(Job.get().id, (0, 0))
    found = [(params["list"], params["page"]) for params in results.every(60)]
    assert [page for name, page in found if name == "failed"] == ["1", "2"]
    assert results.show("long", "1", "failed", "2").paging.total == 501


@pytest.mark.parametrize("name", LISTS)
def test_a_short_list_has_its_page_too(name: str) -> None:
    history("nightly", login="P P")
    page = results.show("nightly", "2", name)
    assert (page.list, page.paging.pages) == (name, 1)
    assert len(page.rows) == (name == "all")


def test_a_list_of_another_name_is_not_found_and_the_names_are_said() -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound, match=rf"no list 'odd'.*{', '.join(LISTS)}"):
        results.show("nightly", "1", "odd")


@pytest.mark.parametrize("page", ["0", "2"])
def test_a_page_that_is_not_there_is_not_found(page: str) -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound, match=f"no page {page}"):
        results.show("nightly", "1", "all", page)


def test_a_build_that_is_not_recorded_is_not_found() -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound):
        results.show("nightly", "2", "all")
