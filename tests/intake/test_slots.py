"""Whose turn it is: small reports have slots of their own, big ones step back."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tracker.errors import Busy
from tracker.intake import slots
from tracker.intake.slots import SMALL_BYTES, slot
from tracker.intake.spool import SpooledReport


def report(size: int) -> SpooledReport:
    return SpooledReport(Path("a.xml"), "a.xml", "", size)


BIG = [report(SMALL_BYTES + 1)]
SMALL = [report(SMALL_BYTES)]


@pytest.fixture
def full_of(monkeypatch):
    """Take the slots of such reports until none is left; others are told Busy at once."""
    monkeypatch.setattr(slots, "_PATIENCE_SECONDS", 0.0)
    with ExitStack() as taken:

        def take(reports):
            for place in range(100):
                try:
                    taken.enter_context(slot(reports))
                except Busy:
                    return place
            return 100

        yield take


def test_small_reports_do_not_queue_behind_big_ones(full_of):
    assert full_of(BIG) == 2
    with slot(SMALL):
        pass


def test_big_reports_do_not_queue_behind_small_ones(full_of):
    assert full_of(SMALL) == 2
    with slot(BIG):
        pass


def test_many_small_files_are_as_big_as_one(full_of):
    full_of(BIG)
    with pytest.raises(Busy, match="All parsers are busy"), slot(SMALL * 2):
        pass


@pytest.mark.parametrize(("head", "place"), [(b"PK\x03\x04", 10), (b"\x1f\x8b", 10), (b"<te", 0)])
def test_a_packed_report_counts_as_what_it_unpacks_to(tmp_path, head, place):
    path = tmp_path / "r"
    path.write_bytes(head + bytes(200 * 1024))
    with slot([SpooledReport(path, "r", "", path.stat().st_size)]) as nice:
        assert nice == place


def test_a_big_report_steps_back_and_a_small_one_does_not():
    with slot(BIG) as big, slot(SMALL) as small:
        assert (big, small) == (10, 0)


def test_a_slot_is_free_again_after_an_error():
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), slot(BIG):
            raise ZeroDivisionError
    with slot(BIG):
        pass
