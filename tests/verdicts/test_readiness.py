"""Release readiness by counts: what is regressed, what only may be, and what is never green."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.discoveries import Counts
from tracker.verdicts.readiness import Judged, Period, Readiness, Standing, Verdict, readiness

HEALTHY = {f"case {n:03}": Counts(30, 0) for n in range(100)}


def failed(failures: int, runs: int) -> Counts:
    return Counts(runs - failures, failures)


def judged(
    before: Counts | None, after: Counts | None, *, is_open: bool = False, is_broken: bool = False
) -> Judged:
    """The test `login` among a hundred healthy ones."""
    return release(before, after, is_open=is_open, is_broken=is_broken).tests["login"]


def release(
    before: Counts | None, after: Counts | None, *, is_open: bool = False, is_broken: bool = False
) -> Readiness[str]:
    basis = HEALTHY if before is None else {**HEALTHY, "login": before}
    sample = HEALTHY if after is None else {**HEALTHY, "login": after}
    return readiness(
        [Period("1.4", basis)],
        Period("1.5", sample),
        {"login"} if is_open else frozenset(),
        {"login"} if is_broken else frozenset(),
    )


@pytest.mark.parametrize(
    ("before", "after", "standing"),
    [
        (failed(0, 30), failed(7, 7), Standing.REGRESSED),
        (failed(1, 30), failed(5, 10), Standing.REGRESSED),
        (failed(0, 30), failed(2, 7), Standing.WORSE),  # two failures are no regression
        (failed(9, 30), failed(4, 10), Standing.SAME),
        (failed(0, 30), failed(0, 10), Standing.SAME),
        (failed(15, 30), failed(0, 14), Standing.IMPROVED),
        (failed(0, 30), None, Standing.MISSING),
        (failed(0, 30), failed(0, 0), Standing.MISSING),  # it was skipped in every run
        (None, failed(0, 10), Standing.NEW),
        (failed(0, 5), failed(0, 10), Standing.NEW),  # five runs are no basis
        (None, failed(3, 20), Standing.REGRESSED),
        (None, failed(3, 60), Standing.NEW),
        (None, failed(2, 20), Standing.NEW),
        (None, failed(3, 5), Standing.NEW),
    ],
)
def test_a_test_stands_as_its_counts_say(before, after, standing):
    assert judged(before, after).standing is standing


def test_the_more_tests_might_be_red_by_chance_the_more_each_must_show():
    flaky = {f"flaky {n}": failed(6, 30) for n in range(1000)}
    basis, sample = {**flaky, "login": failed(1, 30)}, {**flaky, "login": failed(5, 10)}
    found = readiness([Period("1.4", basis)], Period("1.5", sample))
    assert found.tests["login"].standing is Standing.WORSE
    assert found.tests["login"].p == judged(failed(1, 30), failed(5, 10)).p


def test_an_open_regression_stays_open_with_less():
    assert judged(failed(2, 30), failed(3, 10)).standing is Standing.SAME
    assert judged(failed(2, 30), failed(3, 10), is_open=True).standing is Standing.REGRESSED


def test_an_open_regression_that_is_as_good_as_before_is_closed():
    assert judged(failed(2, 30), failed(1, 10), is_open=True).standing is Standing.SAME


def test_an_open_regression_of_a_new_test_stays_open_below_its_pass_rate():
    assert judged(None, failed(1, 5), is_open=True).standing is Standing.REGRESSED
    assert judged(None, failed(0, 5), is_open=True).standing is Standing.NEW


def test_slow_decay_is_held_against_the_release_that_was_best():
    bases = [
        Period(name, {**HEALTHY, "login": counts})
        for name, counts in (("1.4", failed(9, 30)), ("1.3", failed(4, 30)), ("1.2", failed(0, 30)))
    ]
    sample = Period("1.5", {**HEALTHY, "login": failed(6, 12)})
    found = readiness(bases, sample).tests["login"]
    assert (found.standing, found.basis) == (Standing.REGRESSED, "1.2")
    assert readiness(bases[:1], sample).tests["login"].standing is Standing.SAME


def test_a_release_with_too_few_runs_is_not_the_basis():
    bases = [Period("1.4", {"login": failed(3, 30)}), Period("1.3", {"login": failed(0, 5)})]
    found = readiness(bases, Period("1.5", {"login": failed(1, 10)}))
    assert found.tests["login"].basis == "1.4"


def test_choosing_the_luckiest_of_three_releases_is_paid_for():
    bases = [Period(name, {"login": failed(1, 30)}) for name in ("1.4", "1.3", "1.2")]
    sample = Period("1.5", {"login": failed(5, 10)})
    one, three = readiness(bases[:1], sample), readiness(bases, sample)
    assert math.isclose(three.tests["login"].q, 3 * one.tests["login"].q)


def test_a_test_that_only_an_older_release_had_is_not_missing():
    bases = [Period("1.4", HEALTHY), Period("1.3", {**HEALTHY, "login": failed(0, 30)})]
    assert "login" not in readiness(bases, Period("1.5", HEALTHY)).tests


def test_a_healthy_release_is_ready_and_says_how_many_were_compared():
    found = release(failed(0, 30), failed(0, 10))
    assert found.verdict is Verdict.READY
    assert found.sentence == "of 101 tests none is newly broken or worse than in 1.4"


def test_a_regression_makes_it_not_ready():
    found = release(failed(0, 30), failed(7, 7))
    assert found.verdict is Verdict.NOT_READY
    assert found.those(Standing.REGRESSED) == ["login"]
    assert found.sentence == ("of 101 tests: 1 worse than in 1.4 (at most 5 % of them by chance)")


def test_a_failing_new_test_makes_it_not_ready():
    found = release(None, failed(5, 10))
    assert found.verdict is Verdict.NOT_READY
    assert found.sentence == (
        "of 101 tests: 1 without a basis that passes in less than 95 % of the runs"
    )


def test_tests_that_did_not_run_are_in_the_sentence():
    found = release(failed(0, 30), None)
    assert found.verdict is Verdict.READY
    assert found.sentence.endswith("; 1 did not run")


def test_a_tenth_of_the_tests_missing_is_not_enough_to_be_ready():
    some = dict(list(HEALTHY.items())[:90])
    found = readiness([Period("1.4", HEALTHY)], Period("1.5", some))
    assert found.verdict is Verdict.NOT_ENOUGH


def test_two_runs_of_each_test_are_not_enough_to_be_ready():
    found = readiness([Period("1.4", HEALTHY)], Period("1.5", dict.fromkeys(HEALTHY, failed(0, 2))))
    assert found.verdict is Verdict.NOT_ENOUGH
    assert found.sentence.endswith("; 100 ran fewer than 3 times")
    assert found.tests["case 001"].sentence.endswith("ran too seldom to tell")


def test_an_open_regression_that_did_not_run_again_is_never_ready():
    found = release(failed(0, 30), None, is_open=True)
    assert found.tests["login"].standing is Standing.MISSING
    assert found.verdict is Verdict.NOT_ENOUGH


def test_nothing_at_all_is_not_enough():
    empty: Period[str] = Period("1.5", {})
    assert readiness([], empty).verdict is Verdict.NOT_ENOUGH


def test_no_release_before_leaves_the_pass_rates():
    found = readiness([], Period("1.0", HEALTHY))
    assert found.verdict is Verdict.READY
    assert found.sentence == (
        "no earlier release to hold it against; of 100 tests none is newly broken"
    )


def test_releases_before_that_ran_too_seldom_are_not_spoken_of_as_a_basis():
    seldom = Period("1.4", dict.fromkeys(HEALTHY, failed(0, 5)))
    assert readiness([seldom], Period("1.5", HEALTHY)).sentence == (
        "no test ran often enough in 1.4 to be held against it; of 100 tests none is newly broken"
    )


@pytest.mark.parametrize(
    ("before", "after", "standing"),
    [
        (failed(0, 30), failed(1, 7), Standing.BROKEN),
        (failed(0, 30), failed(2, 7), Standing.BROKEN),
        (failed(0, 30), failed(7, 7), Standing.REGRESSED),
        (None, failed(1, 3), Standing.BROKEN),
        (failed(0, 30), None, Standing.MISSING),
    ],
)
def test_what_broke_lately_is_newly_broken_until_its_counts_tell(before, after, standing):
    assert judged(before, after, is_broken=True).standing is standing


def test_one_failure_that_broke_a_test_makes_it_not_ready():
    assert release(failed(0, 30), failed(1, 7)).verdict is Verdict.READY
    found = release(failed(0, 30), failed(1, 7), is_broken=True)
    assert found.verdict is Verdict.NOT_READY
    assert found.sentence == "of 101 tests: 1 newly broken"
    assert found.tests["login"].sentence.endswith("in 0 of 30 runs in 1.4: newly broken")


def test_the_parts_of_the_sentence_are_of_one_total():
    basis = {**HEALTHY, "worse": failed(0, 30), "perhaps": failed(0, 30), "gone": failed(0, 30)}
    sample = {
        **HEALTHY,
        "worse": failed(7, 7),
        "perhaps": failed(2, 7),
        "failing": failed(5, 10),
        "broken": failed(1, 7),
    }
    found = readiness([Period("1.4", basis)], Period("1.5", sample), broken={"broken"})
    assert found.sentence == (
        "of 105 tests: 1 newly broken, 1 worse than in 1.4 (at most 5 % of them by chance), "
        "1 without a basis that passes in less than 95 % of the runs; 1 may be worse; 1 did not run"
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            failed(0, 30),
            failed(7, 7),
            "failed in 7 of 7 runs, in 0 of 30 runs in 1.4: worse; "
            "of all tests that look as bad, less than 0.1 % do so by chance",
        ),
        (
            failed(0, 30),
            failed(2, 7),
            "failed in 2 of 7 runs, in 0 of 30 runs in 1.4: perhaps worse; "
            "of all tests that look as bad, 100 % do so by chance",
        ),
        (
            failed(9, 30),
            failed(4, 10),
            "failed in 4 of 10 runs, in 9 of 30 runs in 1.4: no more than chance",
        ),
        (
            failed(15, 30),
            failed(0, 14),
            "failed in 0 of 14 runs, in 15 of 30 runs in 1.4: better",
        ),
        (failed(1, 30), None, "did not run; failed in 1 of 30 runs in 1.4: missing"),
        (None, failed(0, 10), "failed in 0 of 10 runs, and has no basis: new"),
        (
            None,
            failed(5, 10),
            "failed in 5 of 10 runs, and has no basis: passes in less than 95 %",
        ),
    ],
)
def test_the_sentence_of_a_test_has_its_counts(before, after, sentence):
    assert judged(before, after).sentence == sentence


def test_the_sentence_of_an_open_regression_says_why_it_is_still_one():
    found = judged(failed(2, 30), failed(3, 10), is_open=True)
    assert found.sentence.endswith(": not clearly better since it was found worse")


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_tests_changes_nothing(rng: random.Random):
    basis = {f"{n}": failed(n % 4, 30) for n in range(40)}
    sample = {f"{n}": failed(n % 7, 10) for n in range(40)}
    mixed = dict(rng.sample(list(sample.items()), len(sample)))
    found = readiness([Period("1.4", basis)], Period("1.5", mixed))
    expected = readiness([Period("1.4", basis)], Period("1.5", sample))
    assert found == expected
    assert list(found.tests) == list(expected.tests)
