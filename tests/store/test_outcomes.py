"""Outcomes over the builds of a job: what counts of each, and in how little memory."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.factories import history, key_of
from tracker.store import outcomes
from tracker.store.connection import writing
from tracker.store.identity import id_of
from tracker.store.models import Build, Job
from tracker.store.outcomes import (
    Place,
    judged_before,
    judged_builds,
    letters,
    newest_with_results,
    remembered_before,
)
from tracker.store.sql import run, run_many

pytestmark = pytest.mark.usefixtures("store")


def test_each_case_has_a_letter_for_each_build() -> None:
    history("nightly", login="P F E S U .", other="P P P P P P")
    login = id_of(key_of("login"))
    assert letters(judged_builds(Job.get().id), {login, 5}) == {login: "PFF...", 5: "......"}
    assert letters([], {login}) == {login: ""}
    assert letters(judged_builds(Job.get().id), ()) == {}


@pytest.fixture
def three_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging looks back at three builds, and makes limits from two."""
    monkeypatch.setattr(outcomes, "LOOK", 3)
    monkeypatch.setattr(outcomes, "REMEMBERED", 1)
    monkeypatch.setattr(outcomes, "BEFORE", 2)


def numbers_before(number: int) -> list[int]:
    before = judged_before(Job.get().id, Place(0, 0, number))
    return [build.place.number for build in before]


@pytest.mark.usefixtures("three_back")
def test_of_a_long_history_only_the_newest_builds_before_one_are_read() -> None:
    history("nightly", login="P P P P P P P")
    assert numbers_before(7) == [4, 5, 6]
    assert numbers_before(3) == [1, 2]


@pytest.mark.usefixtures("three_back")
def test_where_some_of_the_newest_builds_were_incidents_more_are_read() -> None:
    history("nightly", login="P P P P P P P")
    run("UPDATE build SET judging = '{\"incident\": {}}' WHERE number > 4")
    assert numbers_before(7) == [3, 4, 5, 6]


@pytest.mark.usefixtures("three_back")
def test_where_most_of_the_newest_builds_were_incidents_all_are_read() -> None:
    history("nightly", login="P P P P P P P")
    run("UPDATE build SET judging = '{\"incident\": {}}' WHERE number > 3")
    assert numbers_before(7) == [1, 2, 3, 4, 5, 6]


@pytest.mark.usefixtures("three_back")
def test_a_pass_is_remembered_of_builds_before_those_that_are_read() -> None:
    history("nightly", login="P P P P P P P")
    first = Build.get(Build.number == 3)
    assert remembered_before(Job.get().id, Place(0, 0, 4)) == [first.id]


def test_the_newest_build_with_results_may_be_long_ago() -> None:
    history("nightly", login="P P P . . .")
    job = Job.get().id
    run("UPDATE build SET judging = '{\"incident\": {}}' WHERE number = 3")
    found = newest_with_results(job, Place(0, 0, 7))
    assert found is not None
    assert found.place.number == 2
    assert newest_with_results(job, Place(0, 0, 1)) is None


def test_outcomes_of_all_cases_take_few_bytes_each() -> None:
    """One for each case and build, and once for each case what a dict and a text take."""
    cases, builds = 1000, 100
    with writing():
        job = Job.create(name="nightly")
        for number in range(1, builds + 1):
            build = Build.create(job=job, number=number, total=cases, state="finished")
            run_many(
                f"INSERT INTO result (build_id, case_id, status) VALUES ({build.id}, ?, 1)",
                [(case << 32,) for case in range(cases)],
            )
    judged = judged_builds(job.id)
    wanted = {case << 32 for case in range(cases)}
    tracemalloc.start()
    try:
        found = letters(judged, wanted)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(found.values()) == {"F" * builds}
    assert most < 15 * cases * builds


def test_builds_without_attempts_are_asked_for_their_results_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history("nightly", login="P F P P")
    judged = judged_builds(Job.get().id)
    asked: list[str] = []
    monkeypatch.setattr(outcomes, "run", lambda sql, *told: asked.append(sql) or run(sql, *told))
    letters(judged, {id_of(key_of("login"))})
    assert len(asked) == 1 + len(judged)
