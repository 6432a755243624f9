"""Any order, any repetition, same state."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.counts import RecordCount
from tests.examples import examples
from tests.factories import DAY, NOW, builds_of, jenkins, judge_all, report, upload
from tests.store.fresh import fresh_store
from tracker.errors import Conflict
from tracker.queries.dump import lines
from tracker.store.judging import rebuild

Recording = Callable[[], object]

PICTURES = {
    "login": "P P F S F P",
    "logout": "P F P P P P",
    "search": ". . F F P F",
    "export": "F F F U E F",
}


def _recordings() -> list[Recording]:
    """What became known of three jobs, in the order in which it happened."""
    do = functools.partial
    nightly: list[Recording] = [
        do(upload, "team/nightly", number, *reports, branch="main")
        for number, reports in builds_of(**PICTURES)
    ]
    told: list[Recording] = [
        do(jenkins, "team/nightly", 1, result="UNSTABLE", branch="origin/main", duration=9),
        do(jenkins, "team/nightly", 2, report("more.xml", more="F"), result="FAILURE"),
        # Two reports of one build that overlap, one that cannot be read and is sent again.
        do(upload, "team/nightly", 3, report("x.xml", login="P", logout="E", only="P")),
        do(upload, "team/nightly", 3, report("y.xml", failure="cut off")),
        do(upload, "team/nightly", 3, report("y.xml", login="F", message="whole", late="F")),
        do(upload, "team/nightly", 4, report("z.xml", failure="cut off"), complete=True),
        # Running, then finished; aborted; nothing but facts.
        do(jenkins, "team/nightly", 5, result=None, started=NOW),
        do(jenkins, "team/nightly", 5, result="SUCCESS", started=NOW, duration=7),
        do(jenkins, "team/nightly", 6, result=None, started=NOW + DAY),
        do(jenkins, "team/nightly", 7, report(login="F", more="F"), result="ABORTED"),
        do(jenkins, "team/nightly", 8, result="NOT_BUILT"),
    ]
    smoke: list[Recording] = [
        do(jenkins, "smoke", number, *reports, upstream_job="team/nightly", upstream_number=number)
        for number, reports in builds_of(suite="smoke", opens="P F F P", login="F P . F")
    ]
    # A controller that was rebuilt: numbers begin again, and once more.
    west: list[Recording] = [
        do(jenkins, "west", number, report(day=letter, all="F"), started=NOW + (day - 200) * DAY)
        for number, day, letter in (
            (1, 0, "P"),
            (2, 1, "F"),
            (1, 50, "F"),
            (2, 51, "P"),
            (3, 52, "F"),
            (1, 90, "P"),
        )
    ]
    return [*nightly, *told, *smoke, *west]


RECORDINGS = _recordings()


def state_after(order: Sequence[int]) -> list[str]:
    """The canonical state after these of the recordings."""
    for place in order:
        # The report that could be read stays when the one that could not comes late.
        with contextlib.suppress(Conflict):
            RECORDINGS[place]()
    judge_all()
    return list(lines())


@functools.cache
def expected() -> tuple[str, ...]:
    """The state after each of them, as it happened."""
    with fresh_store():
        return tuple(state_after(range(len(RECORDINGS))))


@st.composite
def orders(draw: st.DrawFn) -> list[int]:
    """Every recording at least once, some of them again, in any order."""
    every = range(len(RECORDINGS))
    again = draw(st.lists(st.sampled_from(every), max_size=12))
    return draw(st.permutations([*every, *again]))


def try_orders(check: Callable[[list[int]], None], most: int, record_count: RecordCount) -> None:
    """Check so many orders, and print how many recordings that were."""
    tried: list[int] = []

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # making a failing order small would take minutes
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(orders())
    def each(order: list[int]) -> None:
        tried.append(len(order))
        check(order)

    try:
        each()
    finally:
        record_count("P3", sequences=len(tried), recordings=sum(tried))


def test_any_order_with_any_repetition_gives_the_same_state(record_count: RecordCount) -> None:
    wanted = list(expected())

    def check(order: list[int]) -> None:
        with fresh_store():
            assert state_after(order) == wanted
            rebuild()
            assert list(lines()) == wanted

    try_orders(check, examples(10, 500), record_count)


def test_everything_is_in_the_state() -> None:
    kinds = {line.partition('"kind":"')[2].partition('"')[0] for line in expected()}
    assert kinds == {"job", "build", "report", "result", "output", "episode", "break window"}
    assert any('"epoch":2' in line for line in expected())
