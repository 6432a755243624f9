"""The statuses: which count, which are failures, which of two readings is kept."""

from __future__ import annotations

import pytest

from tracker.verdicts.outcomes import COUNTED, FAILURES, WORST_FIRST, Status, is_judged


def test_skipped_and_unknown_never_count() -> None:
    assert set(Status) - COUNTED == {Status.SKIPPED, Status.UNKNOWN}


def test_failures_are_failed_and_error() -> None:
    assert [status for status in Status if status.is_failure] == sorted(FAILURES)


def test_a_status_is_found_by_its_word_and_no_other() -> None:
    assert [Status.named(status.word) for status in Status] == list(Status)
    with pytest.raises(KeyError):
        Status.named("broken")


def test_the_worse_of_two_readings_comes_first() -> None:
    assert [status.word for status in WORST_FIRST] == [
        "error",
        "failed",
        "unknown",
        "passed",
        "skipped",
    ]


@pytest.mark.parametrize(
    ("state", "result", "judged"),
    [
        ("finished", "UNSTABLE", True),
        ("receiving", None, True),
        ("running", None, False),
        ("lost", None, False),
        ("finished", "ABORTED", False),
        ("finished", "NOT_BUILT", False),
    ],
)
def test_only_builds_that_ran_to_their_end_are_judged(
    state: str, result: str | None, judged: bool
) -> None:
    assert is_judged(state, result) is judged
