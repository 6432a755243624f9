"""Statements typed once, for each database."""

from __future__ import annotations

import pytest

from tests.factories import history, jenkins
from tracker.store.connection import reading
from tracker.store.models import Build, Job
from tracker.store.sql import rows_of, save

pytestmark = pytest.mark.usefixtures("store")


def test_rows_are_what_the_query_builder_finds() -> None:
    jenkins("nightly", 1, branch="main", commit="abc")
    history("other", login="P F")
    with reading():
        [build] = rows_of(Build, "number = ? AND branch = ?", 1, "main")
        asked = Build.get((Build.number == 1) & (Build.branch == "main"))
        assert build.__data__ == asked.__data__
        assert (build.job.name, build.complete) == ("nightly", True)


def test_a_row_that_was_found_is_saved_with_what_changed_alone() -> None:
    history("nightly", login="P")
    [job] = rows_of(Job, "name = ?", "nightly")
    assert job.dirty_fields == []
    Job.update(release="2.0").execute()
    job.module = "shop"
    job.save()
    assert [(row.release, row.module) for row in Job.select()] == [("2.0", "shop")]


def test_a_new_row_is_saved_whole_and_gets_its_id() -> None:
    history("nightly", login="P")
    [job] = rows_of(Job, "name = ?", "nightly")
    build = Build(job=job, number=7, epoch=1, branch="main", complete=True)
    save(build)
    stored = Build.get_by_id(build.id)
    assert (stored.job.name, stored.number, stored.epoch) == ("nightly", 7, 1)
    assert (stored.branch, stored.complete, stored.started) == ("main", True, None)
    assert stored.judging == "{}"


def test_of_a_row_that_is_saved_what_others_changed_meanwhile_stays() -> None:
    history("nightly", login="P")
    [build] = rows_of(Build, "number = ?", 1)
    Build.update(lifted=True, url="http://here/").execute()
    build.branch, build.commit = "main", "abc"
    save(build)
    save(build)
    [found] = Build.select()
    assert (found.branch, found.commit, found.lifted) == ("main", "abc", True)
    assert (found.url, found.total) == ("http://here/", 1)


def test_no_row_is_an_empty_list() -> None:
    assert rows_of(Job, "name = ?", "nobody") == []
