"""Looks at a server: jobs that are new, renamed, disabled, deleted and back again."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from tests.factories import NOW, history, jenkins, jenkins_facts, polled_jobs, report, upload
from tracker.errors import Conflict, NotFound
from tracker.queries import builds, jobs
from tracker.queries.jobs import FormerJobName, JobRow
from tracker.store.backfills import ask_backfill, backfill_of
from tracker.store.jobs import add_server, note_job_trouble, track_job
from tracker.store.models import database
from tracker.store.record import record_build
from tracker.store.records import BuildFacts, FactSource
from tracker.store.rules import add_name_rule
from tracker.store.seen import SeenJob, note_gone, note_look, note_polled
from tracker.store.sql import run
from tracker.store.work import claim, fail

LATER = NOW + 60_000


@pytest.fixture(autouse=True)
def _server(store: object) -> None:
    add_server("main", "https://ci.example/")


def seen(name: str, builds: str = "", **more: object) -> SeenJob:
    return SeenJob(name, name, f"https://ci.example/{name}/", builds=builds, **more)  # type: ignore[arg-type]


def look(*found: SeenJob, listed: Collection[str] | None = (), now: int = NOW) -> str:
    """A look that lists what it found, and `listed` besides; None: it told of some alone."""
    names = None if listed is None else {*listed, *(job.jenkins_name for job in found)}
    return note_look("main", found, listed=names, now=now)


def job(name: str) -> JobRow:
    return jobs.job(name)


def standing(name: str) -> tuple[str, datetime | None]:
    return job(name).standing, job(name).standing_since


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def known() -> list[str]:
    return [row.name for row in jobs.jobs()]


def written() -> tuple[int, int]:
    """What changes with each row that this connection writes, and the revision."""
    return database.connection().total_changes, jobs.revision()


# New jobs


def test_a_new_job_is_known_with_what_its_server_says_of_it() -> None:
    add_name_rule("{release}/nightly-{platform}")
    look(seen("5.2/nightly-linux", kind="pipeline"))
    row = job("5.2/nightly-linux")
    assert (row.server, row.kind, row.url) == (
        "main",
        "pipeline",
        "https://ci.example/5.2/nightly-linux/",
    )
    assert (row.parts.release, row.parts.platform, row.standing) == ("5.2", "linux", "")


def test_a_job_that_uploads_made_belongs_to_its_server_from_now_on() -> None:
    history("nightly", login="P F")
    look(seen("nightly"))
    assert job("nightly").server == "main"
    assert builds.count_builds("nightly") == 2


def test_a_job_of_another_server_is_left_with_it_and_named() -> None:
    look(seen("nightly"))
    add_server("west", "https://west.example/", prefix="west")
    taken = dataclasses.replace(seen("nightly"), jenkins_name="x")
    found = note_look("west", [taken, seen("west/fine")], listed=["x"], now=NOW)
    assert "'nightly' belongs to another server" in found
    assert (job("nightly").server, job("west/fine").server) == ("main", "west")


def test_a_job_in_a_folder_that_is_another_servers_prefix_is_refused_and_named() -> None:
    add_server("west", "https://west.example/", prefix="west")
    found = look(seen("west/nightly"), seen("nightly"))
    assert "cannot be told from those of the server 'west'" in found
    assert known() == ["nightly"]


def test_a_new_job_under_a_former_name_takes_the_name_back() -> None:
    _rename()
    look(seen("new"), seen("old"), now=LATER + 1)
    assert jobs.name_now("old") == ""
    assert job("new").former == ()


# Which are polled


def test_jobs_whose_builds_changed_are_polled_and_no_others() -> None:
    look(seen("a", "1"), seen("b", "1"))
    note_polled("a", to=1, builds="1")
    note_polled("b", to=1, builds="1")
    assert asked(seen("a", "1"), seen("b", "2")) == ["b"]
    assert asked(seen("a", "1"), seen("b", "2")) == []  # once for each change


def asked(*found: SeenJob) -> list[str]:
    """The jobs that a look has polled."""
    run("DELETE FROM work")
    look(*found)
    return sorted(key for (key,) in run("SELECT key FROM work WHERE kind = 'poll'"))


def test_a_poll_that_waits_after_trouble_is_not_hurried_by_a_look_that_tells_nothing_new() -> None:
    look(seen("a", "1"))
    task = claim(["poll"], now=NOW, lease_ms=1)
    assert task is not None
    fail(task, now=NOW, error="refused", pause=600)
    note_job_trouble("a", "refused", now=NOW)
    look(seen("a", "1"), now=NOW + 60_000)
    assert run("SELECT due FROM work WHERE key = 'a'") == [(NOW + 600_000,)]


def test_a_poll_that_was_given_up_is_asked_for_again() -> None:
    look(seen("a", "1"))
    run("UPDATE work SET state = 'dead'")
    note_job_trouble("a", "down", now=NOW)
    look(seen("a", "1"))
    assert run("SELECT state FROM work WHERE key = 'a'") == [("due",)]


def test_a_job_with_a_running_build_is_polled_again() -> None:
    look(seen("a", "1"))
    note_polled("a", to=1, builds="1")
    jenkins("a", 1, result=None)
    assert asked(seen("a", "1")) == ["a"]


def test_a_refused_job_is_not_polled() -> None:
    add_server("west", "https://west.example/", prefix="west")
    assert asked(seen("west/nightly", "1")) == []


# Idle looks


@pytest.mark.sqlite
def test_an_idle_look_writes_nothing() -> None:
    jobs_there = [seen("a", "1", kind="pipeline"), seen("b", "1", is_disabled=True)]
    look(*jobs_there)
    before = written()
    look(*jobs_there, now=LATER)
    assert written() == before


@pytest.mark.sqlite
def test_a_look_that_misses_a_deleted_job_once_more_writes_nothing() -> None:
    for _ in range(3):
        look(seen("a"), listed=()) if "b" in known() else look(seen("a"), seen("b"))
    assert standing("b")[0] == "deleted"
    before = written()
    look(seen("a"), now=LATER)
    assert written() == before


@pytest.mark.sqlite
def test_polling_that_found_nothing_new_writes_nothing() -> None:
    look(seen("a"))
    note_polled("a", to=3, builds="x")
    before = written()
    note_polled("a", to=3, builds="x")
    assert written() == before


# Disabled jobs


def test_a_job_is_disabled_since_the_first_look_that_saw_it_so() -> None:
    look(seen("a"))
    for now in (LATER, LATER + 1):
        look(seen("a", is_disabled=True), now=now)
    assert standing("a") == ("disabled", at(LATER))


def test_a_job_that_was_enabled_again_is_like_any_other() -> None:
    look(seen("a", is_disabled=True))
    look(seen("a"), now=LATER)
    assert standing("a") == ("", None)


# Missing jobs


def test_a_job_that_two_looks_miss_is_deleted_since_the_second_and_keeps_its_history() -> None:
    look(seen("a"), seen("b"))
    history("b", login="P F")
    look(seen("a"))
    assert standing("b") == ("", None)
    look(seen("a"), now=LATER)
    assert standing("b") == ("deleted", at(LATER))
    assert builds.count_builds("b") == 2
    assert polled_jobs() == ["a"]


def test_a_job_that_one_look_missed_begins_anew() -> None:
    for found in ("ab", "a", "ab", "a"):
        look(*map(seen, found))
    assert standing("b")[0] == ""


def test_a_deleted_job_that_comes_back_is_like_any_other() -> None:
    for found in ("ab", "a", "a", "ab"):
        look(*map(seen, found))
    assert standing("b") == ("", None)


def test_a_deleted_job_raises_its_pages_revision() -> None:
    look(seen("a"), seen("b"))
    before = jobs.revision("b")
    look(seen("a"))
    look(seen("a"))
    assert jobs.revision("b") > before


def test_what_a_look_did_not_list_because_of_a_view_is_not_missing() -> None:
    look(seen("a"), seen("b"))
    for _ in range(3):
        look(seen("a"), listed=None)
    assert standing("b")[0] == ""


def test_a_job_that_is_there_and_no_longer_admitted_is_not_deleted() -> None:
    look(seen("a"), seen("b"))
    for _ in range(3):
        look(seen("a"), listed=["b"])
    assert standing("b")[0] == ""


@pytest.mark.parametrize(("names", "words"), [("a", "The one job"), ("abc", "All 3 jobs")])
def test_where_all_jobs_vanish_at_once_nothing_is_marked_and_people_are_told(
    names: str, words: str
) -> None:
    look(*map(seen, names))
    for _ in range(3):
        found = look()
    assert found.startswith(words)
    assert "permission" in found
    assert {row.standing for row in jobs.jobs()} == {""}


def test_where_the_server_lists_others_the_last_known_job_may_be_deleted() -> None:
    look(seen("a"))
    for _ in range(2):
        found = look(listed=["unknown"])
    assert (found, standing("a")[0]) == ("", "deleted")


# Renamed jobs


def _rename() -> None:
    """`old` with one build on record is called `new` from LATER on; `other` stays."""
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    look(seen("new", last=(7, NOW)), seen("other"), now=LATER)


def test_a_renamed_job_keeps_its_history_under_its_new_name() -> None:
    _rename()
    assert known() == ["new", "other"]
    assert [build.number for build in builds.builds("new", limit=9)] == [7]
    assert jobs.former_names("new") == [FormerJobName("old", at(LATER))]
    assert jobs.name_now("old") == "new"


def test_a_job_that_was_renamed_twice_is_found_under_both_names() -> None:
    _rename()
    look(seen("newest", last=(7, NOW)), seen("other"), now=LATER + 1)
    assert job("newest").former == ("new", "old")
    assert (jobs.name_now("old"), jobs.name_now("new")) == ("newest", "newest")


def test_a_job_that_is_called_as_it_was_has_that_as_no_former_name() -> None:
    _rename()
    look(seen("old", last=(7, NOW)), seen("other"), now=LATER + 1)
    assert job("old").former == ("new",)


def test_an_upload_under_the_old_name_goes_to_the_renamed_job() -> None:
    _rename()
    told = record_build(BuildFacts("old", 8), [report(login="F")], now=LATER, accept_new_job=False)
    assert (told.job, told.created) == ("new", True)
    assert known() == ["new", "other"]
    assert [build.number for build in builds.builds("new", limit=9)] == [8, 7]
    assert jobs.name_now("old") == "new"


def test_a_job_that_is_made_known_under_the_old_name_has_what_is_sent_from_then_on() -> None:
    _rename()
    before = jobs.revision("new")
    assert track_job("old")
    told = record_build(BuildFacts("old", 8), [report(login="F")], now=LATER)
    assert (told.job, jobs.name_now("old"), job("new").former) == ("old", "", ())
    assert jobs.revision("new") > before  # its page told the name


def test_a_job_of_jenkins_that_has_the_old_name_of_another_is_one_of_its_own() -> None:
    _rename()
    look(seen("new", last=(7, NOW)), seen("other"), seen("old"), now=LATER)
    assert jenkins("old", 1, report(login="P"), started=LATER).job == "old"
    assert (known(), job("new").former) == (["new", "old", "other"], ())


def test_what_was_being_read_under_the_old_name_makes_no_job_of_it() -> None:
    _rename()
    with pytest.raises(NotFound, match="'old' is called 'new' now"):
        record_build(jenkins_facts("old", 8, started=LATER), now=LATER)
    assert known() == ["new", "other"]


def test_what_jenkins_said_once_under_the_old_name_is_of_a_job_of_that_name() -> None:
    _rename()
    facts = jenkins_facts("old", 8, started=LATER, source=FactSource.RETOLD)
    assert record_build(facts, now=LATER).job == "old"
    assert known() == ["new", "old", "other"]


def test_a_renamed_job_is_polled_for_what_was_new_before() -> None:
    _rename()
    look(seen("new", "8:8", last=(7, NOW)), seen("other"))
    look(seen("newest", "8:8", last=(7, NOW)), seen("other"), now=LATER)
    assert ("poll", "newest") in run("SELECT kind, key FROM work")


def test_a_deleted_job_has_no_trouble_and_is_polled_anew_when_it_comes_back() -> None:
    look(seen("a"), seen("b", "2:2"))
    note_job_trouble("b", "It is not there.", now=NOW)
    for _ in range(2):
        look(seen("a"))
    assert job("b").error == ""
    run("DELETE FROM work")
    look(seen("a"), seen("b", "2:2"))
    assert ("poll", "b") in run("SELECT kind, key FROM work")


def test_a_renamed_job_has_no_trouble_of_its_old_name() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    note_job_trouble("old", "It is not there.", now=NOW)
    look(seen("new", last=(7, NOW)), seen("other"))
    assert (job("new").error, job("new").error_since) == ("", None)


def test_builds_that_a_renamed_job_started_still_lead_to_it() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    jenkins("other", 1, report(login="P"), upstream_job="old", upstream_number=7)
    look(seen("new", last=(7, NOW)), seen("other"))
    assert builds.builds("other", limit=1)[0].upstream_job == "new"


def test_a_back_fill_goes_on_under_the_new_name() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    ask_backfill("old", builds=60, now=NOW)
    look(seen("new", last=(7, NOW)), seen("other"), now=LATER)
    assert backfill_of("new") is not None
    due = [claim(["backfill"], now=LATER, lease_ms=1000) for _ in range(2)]
    assert "new" in {task.key for task in due if task}


def test_the_name_of_a_renamed_job_is_taken_apart_anew() -> None:
    add_name_rule("{release}")
    _rename()
    assert job("new").parts.release == "new"


@pytest.mark.parametrize(
    "last",
    [None, (7, None), (8, NOW), (7, NOW + 1000)],
    ids=["none", "no start", "number", "start"],
)
def test_a_new_job_whose_newest_build_is_another_is_no_renamed_one(
    last: tuple[int, int | None] | None,
) -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    look(seen("new", last=last), seen("other"))
    assert known() == ["new", "old", "other"]


def test_a_start_that_lost_what_is_less_than_a_second_is_the_same() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW + 999)
    look(seen("new", last=(7, NOW)), seen("other"))
    assert known() == ["new", "other"]


def test_a_renamed_job_is_known_by_any_of_its_builds() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    asked = []

    def builds_of(job: SeenJob) -> list[tuple[int, int]]:
        asked.append(job.name)
        return [(8, LATER), (7, NOW)]

    found = [seen("new", last=(8, LATER)), seen("other")]
    note_look("main", found, listed=["new", "other"], now=LATER, builds_of=builds_of)
    assert (known(), asked) == (["new", "other"], ["new"])


def test_what_is_written_of_a_job_during_a_look_is_kept() -> None:
    look(seen("a"), seen("b"))

    def builds_of(_: SeenJob) -> list[tuple[int, int]]:
        note_polled("a", to=5, builds="x")
        return []

    found = [seen("a", is_disabled=True), seen("c")]
    note_look("main", found, listed=["a", "c"], now=LATER, builds_of=builds_of)
    assert run("SELECT polled_to, standing FROM job WHERE name = 'a'") == [(5, "disabled")]


def test_a_copy_of_a_job_that_is_still_there_is_a_job_of_its_own() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    look(seen("old"), seen("copy", last=(7, NOW)), seen("other"))
    assert known() == ["copy", "old", "other"]


def test_where_two_missing_jobs_have_that_build_neither_was_renamed() -> None:
    look(seen("one"), seen("two"), seen("other"))
    for name in ("one", "two"):
        jenkins(name, 7, report(login="P"), started=NOW)
    look(seen("new", last=(7, NOW)), seen("other"))
    assert known() == ["new", "one", "other", "two"]


def test_uploads_that_made_a_job_of_the_new_name_are_not_joined_with_the_old_one() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    upload("new", 8, report(login="F"))
    look(seen("new", last=(7, NOW)), seen("other"))
    assert known() == ["new", "old", "other"]
    assert [build.number for build in builds.builds("new", limit=9)] == [8]
    assert job("new").server == "main"


def test_a_job_that_was_marked_as_deleted_and_appears_under_another_name_was_renamed() -> None:
    look(seen("old"), seen("other"))
    jenkins("old", 7, report(login="P"), started=NOW)
    look(seen("other"))
    look(seen("other"))
    assert standing("old")[0] == "deleted"
    look(seen("new", last=(7, NOW)), seen("other"))
    assert known() == ["new", "other"]
    assert standing("new") == ("", None)


# Builds that Jenkins has no more


def test_builds_that_are_gone_are_marked_and_no_others() -> None:
    for number in (1, 2, 3):
        jenkins("a", number, report(login="P"))
        jenkins("b", number, report(login="P"))
    before = jobs.revision("a")
    note_gone("a", [1, 3])
    marked = run("SELECT j.name, number FROM build JOIN job j ON j.id = job_id WHERE gone")
    assert sorted(marked) == [("a", 1), ("a", 3)]
    assert jobs.revision("a") > before


def test_builds_of_an_older_epoch_are_not_marked_with_those_of_the_newest() -> None:
    for number, start in ((1, NOW), (2, NOW + 1), (1, LATER * 2)):
        jenkins("a", number, report(login="P"), started=start)
    note_gone("a", [1, 2])
    assert run("SELECT number, epoch FROM build WHERE gone") == [(1, 1)]


@pytest.mark.sqlite
def test_where_no_build_is_gone_nothing_is_written() -> None:
    jenkins("a", 1, report(login="P"))
    before = written()
    note_gone("a", [])
    assert written() == before


def test_a_look_of_a_server_is_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    look(seen("a"), seen("b"))
    monkeypatch.setattr("tracker.store.seen.set_parts", _fail)
    with pytest.raises(Conflict):
        look(seen("a", is_disabled=True), seen("b", is_disabled=True))
    assert {row.standing for row in jobs.jobs()} == {""}


def _fail(row: object, _patterns: object) -> bool:
    if getattr(row, "name", "") == "b":
        raise Conflict("No.")
    return False
