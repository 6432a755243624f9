"""Servers and jobs by name: what is accepted, what is refused, whose a job is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.factories import NOW, polled_jobs, report, upload
from tracker.errors import Conflict, NotFound, UsageError
from tracker.queries import jobs
from tracker.store.jobs import (
    add_server,
    check_job_name,
    note_job_trouble,
    note_server_trouble,
    track_job,
)
from tracker.store.seen import SeenJob, note_look

pytestmark = pytest.mark.usefixtures("store")
WHEN = datetime.fromtimestamp(NOW / 1000, UTC)


def server(name: str, url: str = "http://ci.example/", prefix: str = "", **more: object) -> None:
    given = {"username": "", "token_file": "", "patterns": (), **more}
    add_server(name, url, prefix=prefix, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("nightly", "nightly"),
        ("team/nightly", "team/nightly"),
        ("/team/nightly/", "team/nightly"),
        ("feature%2Fx", "feature%2Fx"),
        ("Prüfung (Küche & Bad) #1", "Prüfung (Küche & Bad) #1"),
        ("a" * 1000, "a" * 1000),
        ("builds/12", "builds/12"),
        ("...", "..."),
    ],
)
def test_what_may_be_a_jobs_name_is_taken(given: str, kept: str) -> None:
    assert check_job_name(given) == kept


@pytest.mark.parametrize(
    "name",
    ["", "/", "a//b", "a/./b", "a/../b", "..", " ", "a/ /b", "a\nb", "a\x00", "\x7f", "a" * 1001],
)
def test_what_cannot_be_a_jobs_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="team/nightly"):
        check_job_name(name)


@pytest.mark.parametrize(
    "url", ["", "ci.example", "ftp://ci.example/", "http://u:p@ci.example/", "http://x/?a=1"]
)
def test_what_is_no_address_of_a_jenkins_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="address of a Jenkins"):
        server("main", url)


def test_an_address_ends_with_a_slash() -> None:
    server("main", "https://ci.example/jenkins")
    assert jobs.server("main").url == "https://ci.example/jenkins/"


def test_adding_a_server_again_changes_it() -> None:
    server("main", patterns=("a/*",))
    server("main", "https://other.example/", patterns=("b/*", "c"))
    [row] = jobs.servers()
    assert (row.url, row.patterns) == ("https://other.example/", ("b/*", "c"))


def test_only_one_server_is_without_a_prefix() -> None:
    server("main")
    with pytest.raises(Conflict, match=r"'main' has no prefix"):
        server("west")


def test_a_prefix_is_used_once() -> None:
    server("main", prefix="west")
    with pytest.raises(Conflict, match=r"'main' has the prefix 'west'"):
        server("other", prefix="west")


def test_a_job_of_jenkins_is_news_once() -> None:
    server("main")
    assert track_job("nightly", server="main")
    assert not track_job("nightly", server="main")
    assert not track_job("nightly", server="main", jenkins_name="nightly")
    assert polled_jobs() == ["nightly"]


def test_a_job_that_a_look_found_keeps_its_address_and_its_name_there() -> None:
    server("west", prefix="west")
    there = "http://ci.example/job/nightly/"
    note_look("west", [SeenJob("west/nightly", "nightly", there)], listed=None, now=NOW)
    assert not track_job("west/nightly", server="west")
    assert jobs.polled_job("west/nightly").jenkins_name == "nightly"
    assert jobs.job("west/nightly").url == there


def test_a_job_that_has_another_name_there_is_no_longer_where_it_was() -> None:
    server("main")
    there = "http://ci.example/job/nightly/"
    note_look("main", [SeenJob("nightly", "nightly", there)], listed=None, now=NOW)
    assert track_job("nightly", server="main", jenkins_name="team/nightly")
    assert jobs.polled_job("nightly").jenkins_name == "team/nightly"
    assert jobs.job("nightly").url == ""


def test_a_job_without_an_address_is_given_another_name_there() -> None:
    server("main")
    track_job("nightly", server="main")
    assert track_job("nightly", server="main", jenkins_name="team/nightly")
    assert jobs.polled_job("nightly").jenkins_name == "team/nightly"


def test_a_job_known_by_uploads_becomes_jenkins_own() -> None:
    server("main")
    upload("nightly", 1, report(a="P"))
    assert polled_jobs() == []
    assert track_job("nightly", server="main", jenkins_name="nightly")
    assert jobs.polled_job("nightly").server == "main"


def test_a_job_of_one_server_is_not_given_to_another() -> None:
    server("main")
    server("east", prefix="east")
    track_job("nightly", server="main")
    with pytest.raises(Conflict, match=r"'nightly'.*--prefix that is no folder"):
        track_job("nightly", server="east")


def test_a_prefix_that_is_a_folder_of_another_server_is_refused() -> None:
    server("main")
    track_job("west/nightly", server="main")
    with pytest.raises(Conflict, match=r"'west' is a folder already"):
        server("west", prefix="west")


def test_a_folder_that_is_the_prefix_of_another_server_is_refused() -> None:
    server("main")
    server("west", prefix="west")
    with pytest.raises(Conflict, match=r"'west/nightly'.*whose prefix is 'west'"):
        track_job("west/nightly", server="main")


def test_a_job_of_an_unknown_server_is_refused() -> None:
    with pytest.raises(NotFound, match=r"'main'.*server list"):
        track_job("nightly", server="main")


def test_trouble_of_a_job_is_noted_with_its_beginning_and_cleared() -> None:
    track_job("nightly")
    note_job_trouble("nightly", "down", now=NOW)
    note_job_trouble("nightly", "still down", now=NOW + 9)
    row = jobs.job("nightly")
    assert (row.error, row.error_since) == ("still down", WHEN)
    note_job_trouble("nightly", "", now=NOW + 10)
    row = jobs.job("nightly")
    assert (row.error, row.error_since) == ("", None)


def test_trouble_of_a_server_is_noted_with_its_beginning_and_cleared() -> None:
    server("main")
    note_server_trouble("main", "down", now=NOW)
    note_server_trouble("main", "still down", now=NOW + 9)
    assert (jobs.server("main").error, jobs.server("main").error_since) == ("still down", WHEN)
    note_server_trouble("main", "", now=NOW + 10)
    assert jobs.server("main").error == ""


def test_the_same_trouble_again_is_no_change() -> None:
    track_job("nightly")
    note_job_trouble("nightly", "down", now=NOW)
    before = jobs.revision()
    note_job_trouble("nightly", "down", now=NOW + 1)
    assert jobs.revision() == before


def test_trouble_of_what_is_gone_is_no_trouble() -> None:
    note_job_trouble("gone", "down", now=NOW)
    note_server_trouble("gone", "down", now=NOW)
