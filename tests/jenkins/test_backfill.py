"""Back-fills: newest first, resumed where they were left, gaps named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import NOW
from tests.jenkins.stub import BEGAN, DAY, Stub, a_build, known_as, reading_of, unfetched
from tracker.jenkins.backfill import CHUNK, fill, gaps_of
from tracker.jenkins.client import Unreachable
from tracker.jenkins.recording import Vanished
from tracker.queries.backfills import backfill
from tracker.queries.builds import builds, count_builds
from tracker.settings import Settings
from tracker.store.backfills import ask_backfill, backfill_of


def ask(stub: Stub, wanted: int = 60) -> None:
    known_as(stub.url, "nightly")
    ask_backfill("nightly", builds=wanted, now=NOW)


def numbers() -> list[int]:
    return [row.number for row in builds("nightly", limit=999) if row.complete]


def test_it_reads_newest_first_a_few_at_a_time(stub: Stub, settings: Settings, store: Path) -> None:
    stub.has(*(a_build(number) for number in range(1, 31)))
    ask(stub)
    filled = fill(reading_of(stub.url, settings))
    assert (filled.done, filled.total, filled.is_over) == (CHUNK, 30, False)
    assert numbers() == list(range(30, 30 - CHUNK, -1))
    while not filled.is_over:
        filled = fill(reading_of(stub.url, settings))
    assert numbers() == list(range(30, 0, -1))
    row = backfill("nightly")
    assert row is not None
    assert (row.done, row.total, row.finished is not None) == (30, 30, True)


def test_only_as_many_builds_as_are_wanted_are_read(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(*(a_build(number) for number in range(1, 31)))
    ask(stub, 3)
    assert fill(reading_of(stub.url, settings)).is_over
    assert numbers() == [30, 29, 28]


def test_builds_that_begin_meanwhile_push_nothing_out(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(*(a_build(number) for number in range(1, 26)))
    ask(stub)
    fill(reading_of(stub.url, settings))
    stub.has(*(a_build(number) for number in range(1, 34)))
    while not fill(reading_of(stub.url, settings)).is_over:
        pass
    assert numbers() == list(range(25, 0, -1))


def test_what_is_on_record_costs_no_request(stub: Stub, settings: Settings, store: Path) -> None:
    stub.has(*(a_build(number) for number in range(1, 6)))
    ask(stub)
    fill(reading_of(stub.url, settings))
    ask(stub)
    stub.asked.clear()
    fill(reading_of(stub.url, settings))
    listings = [path for path in stub.asked if path == "job/nightly/api/json"]
    assert len(listings) == 1  # which builds there are


def test_a_build_that_cannot_be_read_is_named_and_the_others_are_read(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = {"error": "odd"}
    ask(stub)
    assert fill(reading_of(stub.url, settings)).is_over
    assert numbers() == [3, 1]
    row = backfill("nightly")
    assert row is not None
    assert row.error.startswith("#2: ")


def test_a_build_that_cannot_be_read_now_is_read_behind_the_others(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = 503
    ask(stub)
    filled = fill(reading_of(stub.url, settings))
    assert (filled.is_over, filled.is_retry) == (False, True)
    assert numbers() == [3, 1]
    stub.answers["job/nightly/2/api/json"] = a_build(2)
    assert fill(reading_of(stub.url, settings)).is_over
    assert numbers() == [3, 2, 1]
    row = backfill("nightly")
    assert row is not None
    assert (row.done, row.total, row.failed, row.error) == (3, 3, (), "")


def test_a_build_that_never_can_be_read_ends_the_trying(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1), unfetched(2), a_build(3))
    stub.answers["job/nightly/2/api/json"] = 503
    ask(stub)
    for _ in range(3):
        filled = fill(reading_of(stub.url, settings))
    assert filled.is_over
    row = backfill("nightly")
    assert row is not None
    assert (row.failed, "503" in row.error) == ((2,), True)


def test_a_server_that_goes_down_leaves_it_where_it_was(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(a_build(1), unfetched(2), a_build(3))
    ask(stub)
    fill_to_plan = reading_of(stub.url, settings)
    stub.answers["job/nightly/2/api/json"] = 503
    whole = stub.answers["job/nightly/api/json"]

    def goes_down(path: str, tree: str) -> object:
        if path == "job/nightly/2/api/json":
            stub.answers["job/nightly/api/json"] = 503
        return Stub.answer(stub, path, tree)

    stub.answer = goes_down  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        fill(fill_to_plan)
    filling = backfill_of("nightly")
    assert filling is not None
    assert (filling.done, filling.rest) == (1, (2, 1))
    stub.answer = Stub.answer.__get__(stub)  # type: ignore[method-assign]
    stub.answers["job/nightly/api/json"] = whole
    stub.answers["job/nightly/2/api/json"] = a_build(2)
    assert fill(reading_of(stub.url, settings)).is_over
    assert numbers() == [3, 2, 1]


def test_a_job_that_is_renamed_in_the_middle_stops_it_and_keeps_what_is_stored(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has(*(a_build(number) for number in range(1, 31)))
    ask(stub)
    fill(reading_of(stub.url, settings))
    stub.answers = {"job/weekly/api/json": stub.answers["job/nightly/api/json"]}
    with pytest.raises(Vanished, match="renamed, moved or deleted"):
        fill(reading_of(stub.url, settings))
    assert count_builds("nightly") == CHUNK
    filling = backfill_of("nightly")
    assert filling is not None
    assert filling.done == CHUNK


def test_gaps_of_the_build_discarder_are_kept(stub: Stub, settings: Settings, store: Path) -> None:
    stub.has(*(a_build(number) for number in (41, 42, 47, 50)))
    ask(stub)
    fill(reading_of(stub.url, settings))
    row = backfill("nightly")
    assert row is not None
    assert row.gaps == ((48, 49), (43, 46), (1, 40))


@pytest.mark.parametrize(
    ("found", "is_all", "gaps"),
    [
        ([], True, []),
        ([3, 2, 1], True, []),
        ([9, 8], False, []),
        ([9, 8], True, [(1, 7)]),
        ([9, 6, 5], False, [(7, 8)]),
    ],
)
def test_gaps_between_numbers_are_found(found: list[int], is_all: bool, gaps: list[object]) -> None:
    assert gaps_of(found, is_all=is_all) == gaps


def test_time_left_is_told_by_the_pace_so_far(stub: Stub, settings: Settings, store: Path) -> None:
    stub.has(*(a_build(number, timestamp=BEGAN + number * DAY) for number in range(1, 31)))
    ask(stub)
    ticks = iter(range(NOW, NOW + 10**9, 1000))
    fill(reading_of(stub.url, settings, clock=lambda: next(ticks)))
    row = backfill("nightly")
    assert row is not None
    assert row.seconds_left is not None
    assert 20 <= row.seconds_left <= 80


def test_a_job_without_builds_is_filled_at_once(
    stub: Stub, settings: Settings, store: Path
) -> None:
    stub.has()
    ask(stub)
    assert fill(reading_of(stub.url, settings)).is_over
    assert backfill_of("nightly") is None
