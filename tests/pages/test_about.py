"""About: the version, how far the data goes, and where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import tracker
from tests.factories import DAY, NOW, history, jenkins, report
from tracker.pages import about
from tracker.store.jobs import add_server, note_server_trouble

pytestmark = pytest.mark.usefixtures("store")


def at(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def test_an_empty_tracker_says_so() -> None:
    page = about.show()
    assert (page.version, page.revision) == (tracker.__version__, 0)
    assert (page.jobs, page.builds, page.results, page.newest_build) == (0, 0, 0, None)


def test_the_extent_counts_jobs_builds_and_results() -> None:
    history("a", login="P F", logout="P .")
    history("b", login="P")
    page = about.show()
    assert (page.jobs, page.builds, page.results) == (2, 3, 4)


def test_the_age_of_the_data_is_the_start_of_the_newest_build() -> None:
    jenkins("a", 1, report(login="P"), started=NOW + DAY)
    jenkins("b", 1, report(login="P"), started=NOW)
    assert about.show().newest_build == at(NOW + DAY)


def test_the_revision_grows_with_every_recording() -> None:
    history("a", login="P")
    before = about.show().revision
    history("b", login="P")
    assert about.show().revision > before


def test_sources_come_with_their_trouble_and_without_their_secrets() -> None:
    add_server("west", "https://west.example", prefix="west", username="me", token_file="/secret",
               patterns=["*"])  # fmt: skip
    note_server_trouble("west", "It did not answer.", now=NOW)
    [source] = about.show().sources
    assert source == about.Source("west", "https://west.example/", "It did not answer.", at(NOW))


def test_there_is_one_page_about_the_tracker() -> None:
    assert list(about.every(60)) == [{}]
