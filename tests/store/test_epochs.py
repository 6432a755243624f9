"""A controller that was rebuilt counts again from 1: both builds of a number stay."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import DAY, NOW, jenkins, report, upload
from tests.store.fresh import fresh_store
from tracker.queries.builds import build, builds
from tracker.queries.dump import lines

State = Callable[..., list[dict[str, Any]]]
MINUTE = 60_000


def tell(number: int, day: int, letter: str) -> None:
    jenkins("nightly", number, report(login=letter, day=letter), started=NOW + day * DAY)


@pytest.mark.usefixtures("store")
def test_both_builds_of_a_number_stay() -> None:
    tell(1, 0, "P")
    tell(1, 100, "F")
    assert [(row.epoch, row.totals.failures) for row in builds("nightly", limit=9)] == [
        (1, 2),
        (0, 0),
    ]


@pytest.mark.usefixtures("store")
def test_the_newest_has_the_plain_label_and_older_ones_their_epoch() -> None:
    tell(1, 0, "P")
    tell(2, 1, "P")
    tell(1, 100, "F")
    assert [row.label for row in builds("nightly", limit=9)] == ["1", "2", "1~0"]
    assert build("nightly", "1").epoch == build("nightly", "1~1").epoch == 1
    assert build("nightly", "1~0").epoch == 0


@pytest.mark.usefixtures("store")
def test_history_goes_on_over_the_border_of_epochs(state: State) -> None:
    tell(1, 0, "P")
    tell(2, 1, "P")
    tell(1, 100, "F")
    tell(2, 101, "P")
    found = [(row["state"], row["since"], row["from"], row["until"]) for row in state("episode")]
    each_of_two_cases = [
        ("regression", [1, 1], [1, 1], [1, 2]),
        ("recovering", [1, 1], [1, 2], None),
    ]
    assert found == each_of_two_cases * 2


@pytest.mark.usefixtures("store")
def test_a_build_told_again_is_the_same_build() -> None:
    tell(1, 0, "P")
    jenkins("nightly", 1, started=NOW + 59_000)
    assert len(builds("nightly", limit=9)) == 1


@pytest.mark.usefixtures("store")
def test_an_uploads_clock_may_be_wrong_by_hours() -> None:
    upload("nightly", 1, report(login="P"), started=NOW)
    jenkins("nightly", 1, started=NOW + 5 * 3600 * 1000)
    assert len(builds("nightly", limit=9)) == 1


@pytest.mark.usefixtures("store")
def test_news_of_an_older_epochs_build_find_it() -> None:
    tell(1, 0, "P")
    tell(1, 100, "P")
    jenkins("nightly", 1, report("late.xml", late="F"), started=NOW)
    assert build("nightly", "1~0").totals.total == 3
    assert build("nightly", "1").totals.total == 2


OLD = [(1, 0, "P"), (2, 1, "P"), (3, 2, "F")]
NEW = [(1, 100, "F"), (2, 101, "P")]
NEWEST = [(1, 200, "F")]


def told(builds: tuple[tuple[int, int, str], ...]) -> list[str]:
    with fresh_store():
        for each in builds:
            tell(*each)
        return list(lines())


@pytest.mark.parametrize(
    "known",
    [OLD[:1] + NEW[:1], OLD[:2] + NEW, OLD[:1] + NEW[:1] + NEWEST, OLD[:2] + NEW[:1] + NEWEST],
)
def test_any_order_of_arrival_gives_the_same_epochs(known: list[tuple[int, int, str]]) -> None:
    states = {tuple(told(order)) for order in itertools.permutations(known)}
    assert len(states) == 1


@pytest.mark.usefixtures("store")
def test_numbers_that_start_again_begin_an_epoch_though_none_repeats() -> None:
    for number in (50, 51, 52):
        tell(number, number - 50, "P")
    tell(1, 100, "P")
    tell(2, 101, "F")
    assert [(row.epoch, row.number) for row in builds("nightly", limit=9)] == [
        (1, 2),
        (1, 1),
        (0, 52),
        (0, 51),
        (0, 50),
    ]
