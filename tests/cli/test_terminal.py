"""On a terminal nothing that strangers wrote moves the cursor or makes a line of its own."""

from __future__ import annotations

import contextlib
import os
import pty
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests.cli.conftest import Command
from tests.factories import NOW, cluster_all, jenkins, key_of, report
from tracker import cli
from tracker.store.sql import run
from tracker.store.work import enqueue

# Clears, names the window, ends a line, begins it anew, colours by one byte, turns the direction.
STEERS = "a\x1b[2J\x1b]0;b\x07\nforged\r\x9b31m\u202ec"

ROWS = {
    "a table": ("family", "list"),
    "names and messages of a family": ("family", "show", "1"),
    "an explanation": ("explain", "nightly", key_of(STEERS, STEERS)),
    "errors of tasks": ("task", "list"),
    "errors of tasks in the doctor": ("doctor",),
    "what a comparison finds": ("compare", "nightly/builds/1", "nightly/builds/2"),
    "who did what": ("audit",),
    "an error": ("task", "retry", "publish", "\x9b31m"),
}


def on_a_terminal(*arguments: str) -> str:
    """What a command prints where standard output and error are a terminal."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    told: list[bytes] = []
    reader = threading.Thread(target=lambda: told.extend(_until_closed(ours)))
    reader.start()
    with (
        os.fdopen(theirs, "w", encoding="utf-8") as screen,
        mock.patch.object(sys, "stdout", screen),
        mock.patch.object(sys, "stderr", screen),
        mock.patch.object(sys, "argv", ["tracker", *arguments]),
        contextlib.suppress(SystemExit),
    ):
        cli.main()
    reader.join()
    os.close(ours)
    return b"".join(told).decode()


def _until_closed(terminal: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # so a terminal ends that nobody writes to any more
        while block := os.read(terminal, 65536):
            yield block


@pytest.fixture
def written_to(home: Path) -> None:
    """A tracker that strangers wrote to wherever they can."""
    jenkins("nightly", 1, report(suite=STEERS, **{STEERS: "P"}))
    jenkins("nightly", 2, report(suite=STEERS, message=STEERS, **{STEERS: "F"}))
    cluster_all()
    enqueue("publish", "site", due=NOW)
    run("UPDATE work SET state = 'dead', error = ?", STEERS)
    run(
        "INSERT INTO audit (at, who, address, what, subject, outcome) VALUES (?, ?, '', ?, ?, '')",
        NOW,
        STEERS,
        STEERS,
        STEERS,
    )


@pytest.mark.parametrize("arguments", ROWS.values(), ids=ROWS)
@pytest.mark.usefixtures("written_to")
def test_nothing_steers_a_terminal(arguments: tuple[str, ...]) -> None:
    said = on_a_terminal(*arguments)
    assert said
    assert [char for char in said if not char.isprintable() and char != "\n"] == []
    assert not [line for line in said.splitlines() if line.startswith("forged")]


LONG = {
    "rebuild": (("rebuild",), "judging nightly, job 1 of 2"),
    "retention": (("retention",), "letting go results of build 1 of 1"),
    "reparse": (("reparse", "--all", "--dry-run"), "read nightly #1 again, 1 builds so far"),
}


@pytest.fixture
def recorded(home: Path) -> None:
    """Three builds of two jobs; the last one's results are being let go."""
    for job, number in (("nightly", 1), ("nightly", 2), ("weekly", 1)):
        jenkins(job, number, report(login="F"), started=NOW + number)
    run("UPDATE build SET let_go = ? WHERE job_id <> 1", NOW)


@pytest.mark.parametrize(("arguments", "told"), LONG.values(), ids=LONG)
@pytest.mark.usefixtures("recorded")
def test_long_work_tells_those_who_wait_how_far_it_is(
    arguments: tuple[str, ...], told: str
) -> None:
    assert on_a_terminal(*arguments).splitlines().count(told) == 1


@pytest.mark.usefixtures("recorded")
def test_where_nobody_waits_it_is_silent(command: Command) -> None:
    assert command("rebuild").err == ""
