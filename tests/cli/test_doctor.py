"""`tracker doctor`: what it prints and ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import RunningDemo
from tracker.clock import now_ms
from tracker.store.heartbeats import beat
from tracker.store.jobs import add_server


@pytest.mark.sqlite
def test_warnings_alone_are_no_failure(command: Command, home: Path) -> None:
    beat("here:1", now=now_ms())
    said = command("doctor")
    assert (said.code, "WARN  backup: None was ever taken.\n      tracker backup" in said.out) == (
        0,
        True,
    )
    assert said.out.splitlines()[-1].endswith(" 0 failed.")


def test_a_failure_ends_with_1_and_says_what_to_do(command: Command, home: Path) -> None:
    said = command("doctor")
    assert said.code == 1
    assert "FAIL  worker: No worker lives" in said.out
    assert "      tracker worker" in said.out


def test_for_programs_each_finding_is_a_row(command: Command, home: Path) -> None:
    said = command("doctor", "--json").json
    assert set(said["findings"][0]) == {"check", "verdict", "words", "remedy"}
    assert sum(said["counts"].values()) == len(said["findings"])


def test_it_asks_each_jenkins_for_the_time(command: Command, home: Path, demo: RunningDemo) -> None:
    add_server("main", demo.url)
    add_server("gone", "http://127.0.0.1:9/", prefix="gone")
    said = command("doctor").out
    assert "ok    clock: The clock of 'main' and ours differ by" in said
    assert "WARN  clock: 'gone' does not tell" in said


@pytest.mark.sqlite
def test_it_works_where_there_is_no_home(command: Command, tmp_path: Path) -> None:
    said = command("--home", tmp_path / "none", "doctor")
    assert (said.code, "tracker init" in said.out) == (1, True)
    assert not (tmp_path / "none").exists()
