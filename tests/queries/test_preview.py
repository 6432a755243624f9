"""A budget of false alarms: what another one would have said, before it is saved."""

from __future__ import annotations

import random

import pytest

from tests.factories import NOW, history
from tracker.errors import Busy, NotFound, UsageError
from tracker.queries.builds import build
from tracker.queries.preview import preview
from tracker.store.judging import judge_waiting, set_budget

pytestmark = pytest.mark.usefixtures("store")


def a_single_failure() -> None:
    """A stable test that failed once, in #31, among ten that never did."""
    calm = {f"calm{n}": " ".join("P" * 33) for n in range(10)}
    history("nightly", once=" ".join("P" * 30 + "FPP"), **calm)


def test_it_tells_what_was_said_of_each_build() -> None:
    a_single_failure()
    found = preview("nightly")
    assert (found.budget, found.said, found.proposed) == (1.0, 1, None)
    assert [build.label for build in found.builds if build.said] == ["31"]


def test_a_smaller_budget_would_not_have_called_one_failure_a_regression() -> None:
    a_single_failure()
    found = preview("nightly", 0.01)
    assert (found.said, found.would_say) == (1, 0)
    assert found.would_be is not None
    assert found.judging is not None
    assert found.would_be.seldom < found.judging.limits.seldom


def test_the_budget_in_force_would_say_what_was_said() -> None:
    a_single_failure()
    found = preview("nightly", 1.0)
    assert [build.would_say for build in found.builds] == [build.said for build in found.builds]


@pytest.mark.parametrize("seed", [8, 12])
def test_it_agrees_with_what_was_said_over_breaks_fixes_and_incidents(seed: int) -> None:
    chance = random.Random(seed)
    pictures = {f"case{n:02}": [chance.choice("PPPPPPPPPF") for _ in range(40)] for n in range(12)}
    pictures |= {f"calm{n:02}": ["P"] * 40 for n in range(28)}
    for letters in list(pictures.values())[10:18]:
        start = chance.randrange(15, 30)
        letters[start : start + 6] = "F" * 6
    for outage in (22, 30, 31):  # one night, and one that the next night shows to be none
        for letters in list(pictures.values())[5:30]:
            letters[outage] = "F"
    history("nightly", **{name: " ".join(letters) for name, letters in pictures.items()})
    found = preview("nightly", 1.0)
    assert [build.would_say for build in found.builds] == [build.said for build in found.builds]
    assert found.said > 8


def test_a_preview_is_ended_between_two_builds_once_it_took_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it reckons is no statement, which the database would end."""
    history("nightly", login="P P F P P F F")
    reckoned: list[int] = []

    def late() -> None:
        reckoned.append(1)
        if len(reckoned) == 3:
            raise Busy("Reading this took too long.", "Ask for less.")

    monkeypatch.setattr("tracker.queries.preview.refuse_late", late)
    with pytest.raises(Busy):
        preview("nightly", 0.1)


def test_a_preview_changes_nothing() -> None:
    a_single_failure()
    preview("nightly", 0.01)
    assert build("nightly", "31").regressions == 1
    assert preview("nightly").budget == 1.0


def test_a_budget_that_is_saved_says_what_its_preview_said() -> None:
    a_single_failure()
    set_budget("nightly", 0.01, now=NOW)
    while judge_waiting("nightly", now=NOW):
        pass
    assert build("nightly", "31").regressions == 0
    assert build("nightly", "31").suspects == 1
    assert preview("nightly").said == 0


@pytest.mark.parametrize("budget", [0.0, -1.0, 1e9, float("nan")])
def test_what_is_no_budget_is_refused(budget: float) -> None:
    a_single_failure()
    with pytest.raises(UsageError, match="budget"):
        set_budget("nightly", budget, now=NOW)


def test_a_job_nobody_knows_has_no_budget() -> None:
    with pytest.raises(NotFound, match="nobody"):
        preview("nobody")
    with pytest.raises(NotFound, match="nobody"):
        set_budget("nobody", 1.0, now=NOW)
