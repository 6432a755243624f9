"""How fast a controller is asked: the rate and the slots hold over processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tracker.errors import StorageError
from tracker.jenkins import pace
from tracker.jenkins.pace import Pace

LATER = float("inf")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves: `[now]`."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace.time, "sleep", sleep)
    return now


def turns(limits: Pace, count: int) -> None:
    for _ in range(count):
        with limits.turn(LATER):
            pass


def test_the_rate_holds_from_the_first_second_on(tmp_path: Path, clock: list[float]) -> None:
    limits = Pace(tmp_path, "main", per_second=5, at_once=2)
    turns(limits, 1)
    assert clock[0] == 1000.0
    turns(limits, 50)
    assert clock[0] == pytest.approx(1010.0)


def test_an_idle_time_saves_nothing_up(tmp_path: Path, clock: list[float]) -> None:
    limits = Pace(tmp_path, "main", per_second=5, at_once=2)
    turns(limits, 1)
    clock[0] += 3600
    turns(limits, 6)
    assert clock[0] == pytest.approx(4601.0)


def test_two_servers_do_not_wait_for_each_other(tmp_path: Path, clock: list[float]) -> None:
    turns(Pace(tmp_path, "main", 1, 1), 1)
    turns(Pace(tmp_path, "west", 1, 1), 1)
    assert clock[0] == 1000.0


def test_two_of_our_processes_share_the_rate(tmp_path: Path, clock: list[float]) -> None:
    turns(Pace(tmp_path, "main", 1, 1), 2)
    turns(Pace(tmp_path, "main", 1, 1), 2)
    assert clock[0] == pytest.approx(1003.0)


def test_what_an_earlier_boot_left_does_not_hold_anybody_up(
    tmp_path: Path, clock: list[float]
) -> None:
    (tmp_path / "main.pace").write_text("999999.5")
    turns(Pace(tmp_path, "main", 5, 1), 1)
    assert clock[0] == 1000.0


@pytest.mark.parametrize("text", ["", "no number", "\0\0\0"])
def test_a_file_that_holds_no_time_holds_nobody_up(
    tmp_path: Path, clock: list[float], text: str
) -> None:
    (tmp_path / "main.pace").write_text(text)
    turns(Pace(tmp_path, "main", 5, 1), 1)
    assert clock[0] == 1000.0


def test_nobody_waits_beyond_the_time_there_is(tmp_path: Path, clock: list[float]) -> None:
    limits = Pace(tmp_path, "main", per_second=0.1, at_once=1)
    turns(limits, 1)
    with pytest.raises(TimeoutError), limits.turn(clock[0] + 5):
        raise AssertionError("it had no turn")


def test_what_the_disk_refuses_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full.pace").symlink_to("/dev/full")
    for limits in (Pace(tmp_path / "file", "main", 5, 1), Pace(tmp_path, "full", 5, 1)):
        with (
            pytest.raises(StorageError, match=f"The folder {limits.folder} cannot be written: "),
            limits.turn(LATER),
        ):
            raise AssertionError("it had no turn")


def test_what_goes_wrong_in_a_turn_is_not_the_disks(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError), Pace(tmp_path, "main", 5, 1).turn(LATER):
        raise ConnectionError


HOLD = """
import sys, time
from pathlib import Path
from tracker.jenkins.pace import Pace
with Pace(Path(sys.argv[1]), "main", 1000, 2).turn(float("inf")):
    print("held", flush=True)
    time.sleep(60)
"""


def test_others_slots_are_respected_and_come_back_when_they_die(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    holders = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)})
        for _ in range(2)
    ]
    try:
        for holder in holders:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
        limits = Pace(tmp_path, "main", 1000, 2)
        with pytest.raises(TimeoutError), limits.turn(time.monotonic() + 0.1):
            raise AssertionError("there was no free slot")
        holders[0].kill()
        holders[0].wait()
        with limits.turn(time.monotonic() + 30):
            pass
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()
            assert holder.stdout is not None
            holder.stdout.close()
