"""`kill -9` in the midst of commands that write: a second run ends where an undisturbed one does.

Each is killed in one of its transactions after the other, when all of it is written and nothing is
committed. Backup, restore, retention and publish are killed where they are tested.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import home as home
from tests.commands import run_command
from tests.counts import RecordCount
from tests.factories import cluster_all, judge_all
from tests.operations.legacy.odd import RESULT, small
from tests.reports import junit
from tracker import cli
from tracker.queries.dump import lines
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sqlite import Sqlite

pytestmark = pytest.mark.sqlite

NIGHTS = ("PPFF", "PFFF", "FFPF", "PFPF")
MOST = 12


@dataclass(frozen=True)
class Killed:
    """A command, by files of a folder, and what is undone before, so that it has something to do.

    One that `is_new` begins with an empty database.
    """

    words: tuple[str, ...]
    undo: str = ""
    is_new: bool = False


COMMANDS = {
    "ingest": Killed(("ingest", "--job", "nightly", "--build", "9", "{}/reports")),
    "import": Killed(("import", "{}/export.jsonl"), is_new=True),
    "import-legacy": Killed(("import-legacy", "{}/legacy.db")),
    "metadata import": Killed(("metadata", "import", "{}/tests.csv")),
    "rebuild": Killed(("rebuild",), "DELETE FROM episode; UPDATE build SET regressions = 7"),
    "reparse": Killed(
        ("reparse",), "UPDATE result SET place = NULL; UPDATE report SET parser_version = 0"
    ),
    "family recluster": Killed(
        ("family", "recluster"), "UPDATE signature SET first = 7; UPDATE family SET title = ''"
    ),
}


@dataclass
class Scene:
    """A tracker with a history, kept to begin from again and again."""

    settings: Settings
    folder: Path

    def begin(self, command: Killed) -> list[str]:
        """Everything as it was before the command; its words."""
        close_store()
        shutil.rmtree(self.settings.home)
        shutil.copytree(self.folder / "kept", self.settings.home)
        if command.is_new:
            for path in self.settings.home.glob("tracker.*"):
                path.unlink()
            open_store(self.settings.store)
            close_store()
        with closing(sqlite3.connect(self.settings.database)) as file:
            file.executescript(command.undo)
        return [word.format(self.folder) for word in command.words]

    def state(self) -> list[str]:
        """What the whole file says, once the worker has judged what waits; the file is sound."""
        open_store(self.settings.store)
        judge_all()
        cluster_all()
        found = list(lines())
        close_store()
        with closing(sqlite3.connect(self.settings.database)) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert file.execute("PRAGMA foreign_key_check").fetchall() == []
            families = [
                *file.execute("SELECT id, family_id, first FROM signature"),
                *file.execute("SELECT id, title FROM family"),
            ]
        return [*found, *sorted(map(str, families))]


@pytest.fixture
def scene(settings: Settings, home: Path, tmp_path: Path) -> Scene:
    """Four nights of two suites, and the files that commands read."""
    reports = tmp_path / "reports"
    reports.mkdir()
    for number, letters in enumerate(NIGHTS, 1):
        cases = {f"c{place}": letter for place, letter in enumerate(letters)}
        (reports / "a.xml").write_bytes(junit(**cases))
        (reports / "b.xml").write_bytes(junit(more=letters[0]))
        run_command("ingest", "--job", "nightly", "--build", number, reports)
    run_command("export", tmp_path / "export.jsonl")
    results = [RESULT, {**RESULT, "id": 2, "job_id": 2}]
    small(tmp_path / "legacy.db", results=results).touch()
    (tmp_path / "tests.csv").write_text("testcase_name,priority\nc0,P0\nc1,P2\n")
    cluster_all()
    close_store()
    shutil.copytree(home, tmp_path / "kept")
    return Scene(settings, tmp_path)


def in_child(words: list[str], count: int) -> tuple[int, int]:
    """Run a command in a child, killed in its transaction of this number: its end, and how many."""
    heard, said = os.pipe()
    child = os.fork()
    if not child:
        strike_in(count, said)
        sys.argv[1:] = words
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            cli.main()
        finally:
            os._exit(0)
    os.close(said)
    with os.fdopen(heard, "rb") as pipe:
        commits = len(pipe.read())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), commits


def strike_in(count: int, said: int) -> None:
    """Have this process be killed so; each transaction is a byte."""
    writing, left = Sqlite.writing, iter(range(count - 1))

    @contextmanager
    def counted(self: Sqlite, deadline: float | None = None) -> Iterator[None]:
        with writing(self, deadline):
            yield
            os.write(said, b".")
            if count and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

    Sqlite.writing = counted  # type: ignore[method-assign]


def kill_in_each(scene: Scene, command: Killed, most: int) -> int:
    """How often it was killed: in each of its transactions, or as many as may be."""
    scene.begin(command)
    before = scene.state()
    words = scene.begin(command)
    assert run_command(*words).code == 0
    wanted = scene.state()
    assert wanted != before, "it has nothing to do"
    code, commits = in_child(scene.begin(command), 0)
    assert (code, commits > 0) == (0, True)
    kills = sorted({1 + place * commits // most for place in range(most)})
    for count in kills:
        words = scene.begin(command)
        assert in_child(words, count)[0] == -signal.SIGKILL
        assert run_command(*words).code == 0
        assert scene.state() == wanted
    return len(kills)


@pytest.mark.parametrize("name", ["import"])
def test_a_command_that_is_killed_is_done_by_the_next_run(
    scene: Scene, name: str, record_count: RecordCount
) -> None:
    kills = kill_in_each(scene, COMMANDS[name], 2)
    record_count("P1", kills_of_commands=kills, differ=0)


@pytest.mark.nightly
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_that_is_killed_is_done_by_the_next_run(
    scene: Scene, name: str, record_count: RecordCount
) -> None:
    kills = kill_in_each(scene, COMMANDS[name], MOST)
    record_count("P1", kills_of_commands=kills, differ=0)
