"""Slower and faster cases: rows made from durations, the same in whatever order builds arrive."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.factories import NOW, history, judge_all, key_of, record, report, upload
from tests.store.fresh import fresh_store
from tracker.queries.dump import lines
from tracker.store.identity import id_of
from tracker.store.judging import rebuild
from tracker.store.records import BuildFacts, FactSource, ReadReport
from tracker.store.sql import run

State = Callable[..., list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("store")

OTHERS = 30


def timed(
    number: int, login: float | None, *, slow: float = 1.0, letter: str = "P", **more: float
) -> ReadReport:
    """A report in which `login` took so many ms, as did `more`, and others what they always do.

    The whole machine may have been slower.
    """
    rng = random.Random(number)
    took = {**{f"other{n}": 200.0 + 50 * n for n in range(OTHERS)}, **more}
    if login is not None:
        took["login"] = login
    made = report(
        f"r{number}.xml", login=letter, **dict.fromkeys([*took][: OTHERS + len(more)], "P")
    )
    told = {id_of(key_of(case)): ms * slow * rng.uniform(0.97, 1.03) for case, ms in took.items()}
    rows = [
        (case, status, round(told[case]) if case in told else None, *rest)
        for case, status, _, *rest in made.contents.results
    ]
    contents = dataclasses.replace(made.contents, results=rows)
    return dataclasses.replace(made, sha256=f"{number:064x}", contents=contents)


def nights(durations: Iterable[float | None], slow: dict[int, float] | None = None) -> None:
    """Record a build for each duration of `login`, oldest first."""
    for number, each in enumerate(durations, 1):
        upload(
            "nightly",
            number,
            timed(number, each, slow=(slow or {}).get(number, 1.0)),
            complete=True,
        )


def paces(state: State) -> list[tuple[str, str, int, int | None]]:
    """Whose pace changed and how, in which build that was noticed, and until which it was so."""
    return [
        (row["key"], row["pace"], row["from"][1], row["until"] and row["until"][1])
        for row in state("pace")
    ]


LOGIN = key_of("login")


def test_a_case_that_takes_longer_is_slower_from_the_build_on_that_shows_it(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 6)
    assert paces(state) == [(LOGIN, "slower", 29, None)]


def test_a_case_that_takes_less_is_faster(state: State) -> None:
    nights([900.0] * 25 + [300.0] * 6)
    assert paces(state) == [(LOGIN, "faster", 29, None)]


def test_what_was_noticed_is_kept_with_its_numbers(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    [row] = state("pace")
    said = json.loads(row["evidence"])
    assert said["window"]["after"] == [0, 25]
    assert said["window"]["by"] == said["window"]["likely"] == [0, 26]
    assert (said["before"]["runs"], said["now"]["runs"]) == (25, 4)
    assert said["before"]["median"] == pytest.approx(500, rel=0.03)
    assert said["now"]["median"] == pytest.approx(1500, rel=0.03)
    assert row["factor"] == said["factor"] == pytest.approx(3, rel=0.05)
    assert re.match(r"[23]\.\d times slower since #26: 1\.5 s in 4 runs, ", said["sentence"])


def test_a_case_that_is_soon_as_before_again_is_slower_no_more(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 6 + [500.0] * 8)
    assert paces(state) == [(LOGIN, "slower", 29, 34)]


def test_a_case_that_was_slower_for_long_and_is_as_before_is_slower_no_more(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 20 + [500.0] * 6)
    assert paces(state) == [(LOGIN, "slower", 29, 48)]


def test_a_slower_case_that_got_half_of_it_back_becomes_faster(state: State) -> None:
    nights([500.0] * 25 + [2000.0] * 20 + [1000.0] * 6)
    assert [each[1:] for each in paces(state)] == [("slower", 29, 49), ("faster", 49, None)]


def test_a_case_that_becomes_slower_once_more_has_a_row_for_each_time(state: State) -> None:
    nights([500.0] * 20 + [1000.0] * 20 + [4000.0] * 8)
    rows = [each[1:] for each in paces(state)]
    assert [each[0] for each in rows] == ["slower", "slower"]
    assert rows[0][2] == rows[1][1]
    assert rows[1][2] is None


def test_what_is_slower_for_most_of_its_history_is_usual_at_last(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 62)
    [(_, pace, _, ended)] = paces(state)
    assert pace == "slower"
    assert ended is not None


def test_a_case_that_is_younger_than_most_builds_can_be_slower_too(state: State) -> None:
    nights([None] * 20 + [500.0] * 20 + [1500.0] * 6)
    [(key, pace, began, _)] = paces(state)
    assert (key, pace) == (LOGIN, "slower")
    assert began <= 46


def test_builds_that_tell_no_durations_have_no_paces(state: State) -> None:
    history("nightly", login="P" + " P" * 20)
    run("UPDATE result SET duration = NULL")
    rebuild()
    assert paces(state) == []


def test_nights_on_which_the_whole_machine_was_slow_say_nothing_of_a_case(state: State) -> None:
    nights([500.0] * 21, slow=dict.fromkeys(range(16, 22), 2.0))
    assert paces(state) == []


def test_failures_do_not_count_as_durations(state: State) -> None:
    nights([500.0] * 15)
    for number in range(16, 22):
        upload("nightly", number, timed(number, 1500, letter="F"), complete=True)
    assert paces(state) == []


def test_a_case_that_does_not_tell_how_long_it_took_stays_as_it_was(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 5 + [None] * 3)
    assert paces(state) == [(LOGIN, "slower", 29, None)]


def test_builds_that_do_not_count_are_no_part_of_the_history(state: State) -> None:
    nights([500.0] * 15)
    for number in range(16, 22):
        upload(
            "nightly",
            number,
            timed(number, 1500),
            source=FactSource.JENKINS,
            state="finished",
            result="ABORTED",
            complete=True,
        )
    assert paces(state) == []


def test_an_incident_is_no_part_of_the_history(state: State) -> None:
    nights([500.0] * 25 + [1500.0] * 3)
    ran = timed(29, 1500)
    failure = {7: ("", "no disk", "")}
    rows = [
        (case, 0 if case == id_of(LOGIN) else 1, ms, None if case == id_of(LOGIN) else 7, None)
        for case, _, ms, *_ in ran.contents.results
    ]
    broken = dataclasses.replace(ran.contents, results=rows, failures=failure)
    upload("nightly", 29, dataclasses.replace(ran, contents=broken), complete=True)
    assert run("SELECT in_incident FROM build WHERE number = 29") == [(OTHERS,)]
    assert paces(state) == []
    upload("nightly", 30, timed(30, 1500), complete=True)
    assert paces(state) == [(LOGIN, "slower", 30, None)]


HISTORY = [500.0] * 20 + [1500.0] * 6 + [500.0] * 4 + [250.0] * 5


def in_order() -> list[str]:
    with fresh_store():
        nights(HISTORY)
        return list(lines())


def test_builds_that_arrive_in_any_order_give_the_same_rows() -> None:
    told = in_order()
    assert sum('"kind":"pace"' in line for line in told) >= 1
    for seed in (1, 2, 3):
        order = list(enumerate(HISTORY, 1))
        random.Random(seed).shuffle(order)
        with fresh_store():
            for number, each in order:
                upload("nightly", number, timed(number, each), complete=True)
            judge_all()
            assert list(lines()) == told


def test_a_late_build_takes_back_what_later_ones_said(state: State) -> None:
    nights([500.0] * 15 + [1500.0] * 5)
    for number in (16, 17):
        record(
            BuildFacts("nightly", number, complete=True),
            dataclasses.replace(timed(number, 500), sha256=f"{number + 100:064x}"),
            now=NOW,
            replace=True,
        )
    assert paces(state) == []


def test_a_rebuild_gives_the_same_rows() -> None:
    nights(HISTORY)
    before = list(lines())
    rebuild()
    assert list(lines()) == before


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM pace", "UPDATE pace SET until_build = 3, pace = 'faster', evidence = '{}'"],
)
def test_a_rebuild_mends_rows_that_went_wrong(damage: str) -> None:
    nights(HISTORY)
    before = list(lines())
    run(damage)
    assert list(lines()) != before
    rebuild()
    assert list(lines()) == before
