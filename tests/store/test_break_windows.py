"""Break windows: reckoned when a case breaks, and anew while it goes on failing."""

from __future__ import annotations

import msgspec
import pytest

from tests.factories import history, jenkins
from tracker.store.break_windows import BreakWindow
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def kept() -> dict[int, BreakWindow]:
    """The windows of all cases by the number of the build in which they were reckoned."""
    rows = run(
        "SELECT b.number, w.found FROM break_window w JOIN build b ON b.id = w.build_id"
        " ORDER BY b.number"
    )
    return {number: msgspec.json.decode(found, type=BreakWindow) for number, found in rows}


def test_each_of_the_first_failures_narrows_the_window() -> None:
    history("nightly", login=" ".join("P" * 40 + "FFFF"), calm=" ".join("P" * 44))
    widths = [len(window.chances) for window in kept().values()]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0]


def test_what_a_build_told_is_forgotten_when_it_counts_no_more() -> None:
    history("nightly", login=" ".join("P" * 20 + "FFFF"), calm=" ".join("P" * 24))
    before = kept()
    jenkins("nightly", 24, result="ABORTED")
    assert kept() == {number: window for number, window in before.items() if number < 24}


def test_a_break_that_was_fixed_and_came_back_has_windows_of_its_own() -> None:
    history(
        "nightly",
        login=" ".join("P" * 20 + "FFF" + "P" * 20 + "FFF"),
        calm=" ".join("P" * 46),
    )
    rows = run("SELECT count(DISTINCT since_build) FROM break_window")
    assert rows == [(2,)]
