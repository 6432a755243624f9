"""What proofs counted becomes one line each, in the order of the promises."""

from __future__ import annotations

from types import SimpleNamespace

from tests.counts import lines, not_tried, pytest_terminal_summary, shown_by_tests


def test_a_line_says_promise_figures_and_test() -> None:
    counted = [("P1", "test_kills", {"kills": 60, "acknowledged": 1204, "lost": 0})]
    assert lines(counted) == ["promises: P1 60 kills, 1,204 acknowledged, 0 lost (test_kills)"]


def test_lines_come_in_the_order_of_the_promises() -> None:
    counted = [("P10", "test_b", {"kills": 5}), ("P9", "test_a", {"seconds_at_most": 0.25})]
    assert lines(counted) == [
        "promises: P9 0.25 seconds at most (test_a)",
        "promises: P10 5 kills (test_b)",
    ]


def test_a_promise_that_was_not_tried_is_told_once_for_each_reason() -> None:
    shown = {"faults/test_power.py::test_a": ["P1", "P6"], "faults/test_power.py::test_b": ["P6"]}
    skipped = [
        ("tests/faults/test_power.py::test_b[3]", "only root mounts disks"),
        ("tests/faults/test_power.py::test_a", "only root mounts disks"),
        ("tests/web/test_api.py::test_of_no_promise", "there is no browser"),
    ]
    assert not_tried(skipped, shown) == [
        "promises: P1 not tried: only root mounts disks (test_a)",
        "promises: P6 not tried: only root mounts disks (test_a, test_b)",
    ]


def test_the_table_tells_which_promises_a_test_shows() -> None:
    shown = shown_by_tests()
    assert shown["web/test_kills.py::test_nothing_acknowledged_is_lost_in_60_kills"] == ["P1", "P2"]
    assert shown["faults/test_power.py::test_the_site_is_whole_after_three_power_cuts"] == ["P6"]


def test_a_run_that_skips_a_proof_says_so_at_its_end() -> None:
    said: list[str] = []
    test = "tests/faults/test_power.py::test_the_site_is_whole_after_three_power_cuts"
    skip = ("disk.py", 63, "Skipped: only root mounts disks")
    report = SimpleNamespace(nodeid=test, when="setup", longrepr=skip, user_properties=[])
    pytest_terminal_summary(
        SimpleNamespace(stats={"skipped": [report]}, section=said.append, write_line=said.append)
    )
    name = test.rpartition("::")[2]
    assert said[1:] == [f"promises: P6 not tried: only root mounts disks ({name})"]
