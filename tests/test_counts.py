"""What proofs counted becomes one line each, in the order of the promises."""

from __future__ import annotations

from tests.counts import lines


def test_a_line_says_promise_figures_and_test() -> None:
    counted = [("P1", "test_kills", {"kills": 60, "acknowledged": 1204, "lost": 0})]
    assert lines(counted) == ["promises: P1 60 kills, 1,204 acknowledged, 0 lost (test_kills)"]


def test_lines_come_in_the_order_of_the_promises() -> None:
    counted = [("P10", "test_b", {"kills": 5}), ("P9", "test_a", {"seconds_at_most": 0.25})]
    assert lines(counted) == [
        "promises: P9 0.25 seconds at most (test_a)",
        "promises: P10 5 kills (test_b)",
    ]
