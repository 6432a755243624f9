"""A build that arrives before many others: judged later, to the state of an arrival in order."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.factories import NOW, builds_of, history, jenkins, judge_all, record, report, upload
from tests.store.fresh import fresh_store
from tracker.queries.builds import build
from tracker.queries.dump import lines
from tracker.queries.results import results
from tracker.store import episodes
from tracker.store.judging import AT_ONCE, judge_waiting, rebuild, set_budget
from tracker.store.records import BuildFacts, FactSource
from tracker.store.rejudging import waiting_jobs
from tracker.store.sql import Row, run

# A case that breaks and is fixed, a flaky one, one that broke early, and one with gaps.
PICTURES = {
    "login": "P P F F F P P P P P P P P P P P P F F F F F P P P P P P P P",
    "logout": "P F P P P P F P P P P P F P P P F P P P P P F P P P F P P F",
    "search": "P P P F F F F F F F F F F F F F F F F F F F F F F F F F F F",
    "export": ". . F F P P . . F S S F P . . P P P U P P P . F F F P P P P",
}


def work() -> list[tuple[str, str]]:
    return [tuple(row) for row in run("SELECT kind, key FROM work WHERE kind = 'judge'")]


def in_order(**pictures: str) -> list[str]:
    with fresh_store():
        history("nightly", **pictures)
        return list(lines())


def record_in(order: list[int], **pictures: str) -> None:
    builds = dict(builds_of(**pictures))
    for number in order:
        upload("nightly", number, *builds[number], complete=True)


@pytest.mark.usefixtures("store")
def test_a_build_before_more_than_ten_others_waits_for_the_worker() -> None:
    history("nightly", first=2, login="F" + " F" * AT_ONCE)
    upload("nightly", 1, report(login="P"))
    assert waiting_jobs() == ["nightly"]
    assert work() == [("judge", "nightly")]
    assert build("nightly", "1").judging is None
    # Its counts stay, and what they are of may be told otherwise: it is not told until then.
    assert build("nightly", "2").new_failures == 1
    assert results("nightly", "2", "new", limit=9) == []


@pytest.mark.usefixtures("store")
def test_a_build_before_ten_others_is_judged_at_once() -> None:
    history("nightly", first=2, login="F" + " F" * (AT_ONCE - 1))
    upload("nightly", 1, report(login="P"))
    assert (waiting_jobs(), work()) == ([], [])
    assert [row.verdict for row in results("nightly", "2", "new", limit=9)] == ["regression"]


@pytest.mark.usefixtures("store")
def test_builds_that_do_not_count_are_not_later_ones() -> None:
    history("nightly", first=2, login="F" + " F" * (AT_ONCE - 1))
    for number in range(20, 40):
        upload("nightly", number, report(login="F"), state="running", source=FactSource.JENKINS)
    upload("nightly", 1, report(login="P"))
    assert waiting_jobs() == []


@pytest.mark.usefixtures("store")
def test_once_it_was_judged_nothing_waits_and_pages_say_the_new_truth() -> None:
    history("nightly", first=2, login="F" + " F" * AT_ONCE)
    upload("nightly", 1, report(login="P"))
    [(before,)] = run("SELECT revision FROM job")
    judge_all()
    assert waiting_jobs() == []
    assert [row.verdict for row in results("nightly", "2", "new", limit=9)] == ["regression"]
    [(after,)] = run("SELECT revision FROM job")
    assert after > before


@pytest.mark.usefixtures("store")
def test_many_late_builds_wait_as_one_from_the_first_of_them() -> None:
    record_in([*range(10, 31), 5, 2, 7], **PICTURES)
    assert run("SELECT epoch, number FROM rejudging") == [(0, 2)]
    assert work() == [("judge", "nightly")]


@pytest.mark.usefixtures("store")
def test_a_job_that_waits_for_nothing_is_left_as_it_is() -> None:
    history("nightly", login="P F")
    before = list(lines())
    assert not judge_waiting("nightly", now=NOW)
    assert not judge_waiting("nobody", now=NOW)
    assert list(lines()) == before


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("builds", [1, 7, 25])
def test_judging_in_steps_gives_the_state_of_an_arrival_in_order(
    builds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.judging.STEP", 1000)
    record_in([*range(2, 31), 1], **PICTURES)
    steps = 1
    while judge_waiting("nightly", now=NOW, builds=builds):
        steps += 1
    assert steps == -(-30 // builds)
    found = list(lines())
    rebuild()
    assert list(lines()) == found


@pytest.mark.usefixtures("store")
def test_what_is_wrong_with_the_newest_build_is_on_show_until_it_is_judged_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker.store.judging.STEP", 0)
    width = AT_ONCE + 6
    broken, gone = " P" * width + " F", " P" * width + " ."
    history("nightly", first=2, login=broken, **{f"case{n}": gone for n in range(3)})
    newest = run("SELECT * FROM build ORDER BY number DESC LIMIT 1")
    lacks = sorted(run("SELECT * FROM absence")), run("SELECT * FROM loss")
    assert build("nightly", str(width + 2)).regressions == 1
    assert len(lacks[0]) == 3
    upload("nightly", 1, report(login="P"), complete=True)
    while judge_waiting("nightly", now=NOW):
        assert run("SELECT * FROM build ORDER BY number DESC LIMIT 1") == newest
        assert (sorted(run("SELECT * FROM absence")), run("SELECT * FROM loss")) == lacks
    assert build("nightly", str(width + 2)).regressions == 1


FEW = [f"case{place}" for place in range(4)]
GONE = dict.fromkeys(FEW, " P" * 13 + " .")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("number", "is_waiting"),
    [(14, True), (2, True), (2, False)],
    ids=["the newest", "an old one", "one by which the others begin to wait"],
)
def test_of_a_build_that_was_rewritten_nothing_is_said_before_it_is_judged(
    number: int, is_waiting: bool
) -> None:
    """Its totals are other ones, and what it counted is no part of them."""
    broken = dict.fromkeys(("login", "logout"), " P F" + " F" * 11 + " F")
    history("nightly", **{**broken, **GONE, "flaky": " P" * 13 + " F"})
    before = build("nightly", str(number))
    assert before.newly_broken > 0
    assert before.missing == (4 if number == 14 else 0)
    if is_waiting:
        set_budget("nightly", 0.9, now=NOW)
    passed = report(message="it failed", **dict.fromkeys([*broken, *FEW, "flaky"], "P"))
    record(BuildFacts("nightly", number), passed, replace=True)
    row = build("nightly", str(number))
    assert waiting_jobs() == ["nightly"]
    assert (row.totals.failures, row.newly_broken, row.still_failing, row.missing) == (0, 0, 0, 0)
    assert row.judging is None
    [(id_,)] = run("SELECT id FROM build WHERE number = ?", number)
    assert run("SELECT 1 FROM absence WHERE build_id = ?", id_) == []
    assert number == 2 or build("nightly", "2").newly_broken == 2
    judge_all()
    assert list(lines()) == in_order_again()
    assert build("nightly", str(number)).judging is not None


@pytest.mark.usefixtures("store")
def test_a_step_writes_no_build_but_those_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each count that was written anew would be the right one again."""
    record_in([*range(2, 31), 1], **PICTURES)
    run("UPDATE build SET flaky = 77, added = 77")
    judge_waiting("nightly", now=NOW, builds=2)
    assert run("SELECT number FROM build WHERE flaky <> 77 OR added <> 77 ORDER BY number") == [
        (1,),
        (2,),
    ]


@pytest.mark.usefixtures("store")
def test_the_site_is_made_after_the_last_step_alone() -> None:
    record_in([*range(2, 31), 1], **PICTURES)
    run("DELETE FROM work WHERE kind = 'publish'")
    while judge_waiting("nightly", now=NOW, builds=10):
        assert run("SELECT 1 FROM work WHERE kind = 'publish'") == []
    assert run("SELECT due FROM work WHERE kind = 'publish'") == [(NOW,)]


@pytest.mark.usefixtures("store")
def test_a_build_that_no_longer_counts_says_nothing_from_the_first_step_on() -> None:
    history("nightly", login=" ".join("P" * 30 + "F"), logout=" ".join("P" * 30 + "."))
    jenkins("nightly", 31, result="ABORTED")
    run("UPDATE build SET flaky = 7, added = 7, lifted = true WHERE number = 31")
    set_budget("nightly", 0.5, now=NOW)
    assert judge_waiting("nightly", now=NOW, builds=1)
    sql = "SELECT flaky, added, lifted, judging FROM build WHERE number = 31"
    assert [(*row[:2], bool(row[2]), row[3]) for row in run(sql)] == [(0, 0, False, "{}")]


@pytest.mark.usefixtures("store")
def test_a_step_reads_again_only_the_episodes_it_compares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history("nightly", **PICTURES)
    compared: list[int] = []
    read: list[int] = []

    def reading(job_id: int, keys: set[tuple[int, int]]) -> list[Row]:
        rows = [*rows_of(job_id, keys)]
        compared.append(len(keys))
        read.append(len(rows))
        return rows

    rows_of = episodes._rows_of
    monkeypatch.setattr("tracker.store.episodes._rows_of", reading)
    upload("nightly", 30, report("more.xml", other="F"))
    assert 0 < read[0] <= compared[0] < len(run("SELECT 1 FROM episode"))


@pytest.mark.usefixtures("store")
def test_a_step_takes_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    record_in([*range(2, 31), 1], **PICTURES)
    monkeypatch.setattr("tracker.store.judging.STEP", 0)
    assert [row[1] for row in steps_of("nightly")] == [*range(2, 31)]
    monkeypatch.setattr("tracker.store.judging.STEP", 1000)
    set_budget("nightly", 0.5, now=NOW)
    assert steps_of("nightly") == []


def steps_of(job: str) -> list[tuple[int, int]]:
    """The places from which it waits after each step but the last."""
    found: list[tuple[int, int]] = []
    while judge_waiting(job, now=NOW):
        found += run("SELECT epoch, number FROM rejudging")  # type: ignore[arg-type]
    return found


Told = tuple[list[tuple[object, ...]], list[tuple[object, ...]]]


def told_of(step: float, budget: float, *, since_before: bool = False) -> Told:
    """What is said now and what was taken back after a judging in steps by another budget.

    What was said before and still is has its revision. It waits `since_before` it was kept when a
    judging began.
    """
    columns = "case_id, from_build, until_build, state, since_build, evidence"
    with fresh_store(), pytest.MonkeyPatch.context() as patch:
        history("nightly", **PICTURES)
        [(before,)] = run("SELECT max(said) FROM episode")
        patch.setattr("tracker.store.judging.STEP", step)
        set_budget("nightly", budget, now=NOW)
        if since_before:
            run("UPDATE rejudging SET began = NULL")
        judge_all()
        now = run(f"SELECT {columns}, CASE WHEN said <= ? THEN said END FROM episode", before)
        taken = run(f"SELECT {columns}, said FROM overruled")
        rebuild()
        assert run(f"SELECT {columns}, said FROM overruled ORDER BY id")[len(taken) :] == []
        return sorted(now, key=repr), sorted(taken, key=repr)


@pytest.mark.parametrize("budget", [pytest.param(0.01, marks=pytest.mark.nightly), 1.0, 100.0])
def test_steps_leave_no_trace_in_what_was_said_and_taken_back(budget: float) -> None:
    now, taken = told_of(1000, budget)
    assert told_of(0, budget) == (now, taken)
    assert told_of(0, budget, since_before=True) == (now, taken)
    is_other = budget != 1.0
    assert (taken != []) == is_other
    assert all(row[-1] is not None for row in now) != is_other


@pytest.mark.usefixtures("store")
def test_a_rebuild_gives_others_their_turn_and_is_ended_by_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history("nightly", **PICTURES)
    before = list(lines())
    monkeypatch.setattr("tracker.store.judging.STEP", 0)
    turns: list[list[str]] = []

    def others(_seconds: float) -> None:
        turns.append(waiting_jobs())  # no transaction is open here
        if len(turns) == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr("tracker.store.judging.time.sleep", others)
    with pytest.raises(KeyboardInterrupt):
        rebuild()
    assert turns == [["nightly"]] * 20
    judge_all()
    assert list(lines()) == before


@pytest.mark.usefixtures("store")
def test_many_results_of_a_few_later_builds_wait_for_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker.store.judging.RESULTS_AT_ONCE", 2)
    history("nightly", first=2, login="F F", logout="P P")
    assert waiting_jobs() == []
    upload("nightly", 1, report(login="P"))
    assert waiting_jobs() == ["nightly"]


def test_late_builds_give_the_state_of_an_arrival_in_order() -> None:
    expected = in_order(**PICTURES)
    for seed in range(3):
        order = random.Random(seed).sample(range(1, 31), 30)
        with fresh_store():
            record_in(order, **PICTURES)
            judge_all()
            assert list(lines()) == expected


def test_a_build_that_arrives_while_others_wait_is_in_the_state_too() -> None:
    with fresh_store():
        record_in([*range(2, 30), 1], **PICTURES)
        assert judge_waiting("nightly", now=NOW, builds=5)
        record_in([30], **PICTURES)
        assert judge_waiting("nightly", now=NOW, builds=5)
        record_in([1, 30, 3], **PICTURES)
        judge_all()
        assert list(lines()) == in_order_again()


def in_order_again() -> list[str]:
    """The state that a rebuild gives."""
    rebuild()
    return list(lines())


@pytest.mark.usefixtures("store")
def test_another_budget_has_all_builds_judged_again() -> None:
    history("nightly", **PICTURES)
    set_budget("nightly", 0.01, now=NOW)
    assert (waiting_jobs(), work()) == (["nightly"], [("judge", "nightly")])
    judge_all()
    row = build("nightly", "30")
    assert row.judging is not None
    assert row.judging.budget == 0.01
    set_budget("nightly", 1.0, now=NOW)
    judge_all()
    assert list(lines()) == in_order_again()


TWELVE = tuple(f"case{place:02}" for place in range(12))


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, str], list[int]]:
    """Pictures of some cases over up to 24 builds, and an order in which these arrive."""
    size = draw(st.integers(2, 24))
    letters = st.text(alphabet="PPPPPFFES.", min_size=size, max_size=size)
    pictures = {case: " ".join(draw(letters)) for case in ("login", "logout", "search")}
    # Twelve cases that do the same: in some builds all of them fail.
    together = draw(st.text(alphabet="PPPPF", min_size=size, max_size=size))
    pictures |= dict.fromkeys(TWELVE, " ".join(together))
    again = draw(st.lists(st.integers(1, size), max_size=4))
    return pictures, draw(st.permutations([*range(1, size + 1), *again]))


@settings(
    max_examples=examples(6, 40),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories(), st.booleans())
def test_any_history_in_any_order_gives_the_same_state(
    told: tuple[dict[str, str], list[int]], judged_between: bool
) -> None:
    pictures, order = told
    expected = in_order(**pictures)
    with fresh_store():
        half = len(order) // 2
        record_in(order[:half], **pictures)
        if judged_between:
            judge_all()
        record_in(order[half:], **pictures)
        judge_all()
        assert list(lines()) == expected
        rebuild()
        assert list(lines()) == expected
