"""`tracker retention`, `tracker export` and `tracker import` as an operator uses them."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import ROOT
from tests.factories import history
from tests.operations.test_import import HEAD, forged
from tests.store.fresh import fresh_store
from tests.store.test_retention import put_back, saved, shorten
from tracker.clock import now_ms
from tracker.queries.dump import lines
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.sql import run


@functools.cache
def _thirty() -> bytes:
    """Thirty builds of a job, recorded once."""
    with fresh_store():
        history("nightly", login=" ".join("P" * 30))
        return saved()


@pytest.fixture
def old(home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with these thirty builds, a year old."""
    shorten(monkeypatch)
    if isinstance(settings.store, Path):
        put_back(settings, _thirty())
    else:
        history("nightly", login=" ".join("P" * 30))
    run("UPDATE build SET started = ?", now_ms() - 365 * 86_400_000)
    return home


def test_retention_without_a_policy_says_so(command: Command, old: Path) -> None:
    said = command("retention")
    assert said.code == 0
    assert "Results are kept for ever" in said.out
    assert "Raw reports are kept for ever" in said.out


def test_a_dry_run_tells_what_would_go_and_why_the_rest_stays(command: Command, old: Path) -> None:
    said = command("retention", "--keep-results", "300d", "--dry-run")
    assert "16 results of 16 builds would be let go." in said.out
    assert "  they are the newest 60 of their job, or these are judged by them: 14" in said.out
    assert run("SELECT count(let_go) FROM build") == [(0,)]


def test_results_older_than_the_flag_go(command: Command, old: Path) -> None:
    said = command("retention", "--keep-results", "300", "--json")
    assert (said.code, said.json["builds"], said.json["jobs"]) == (0, 16, {"nightly": 16})
    assert run("SELECT count(let_go) FROM build") == [(16,)]


def test_the_settings_say_what_goes(
    command: Command, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_KEEP_BUILDS", "20")
    assert command("retention", "--json").json["builds"] == 10


def test_a_build_is_kept_and_no_longer_kept(command: Command, old: Path) -> None:
    assert command("retention", "keep", "nightly", "3").code == 0
    assert command("retention", "list", "--json").json == [{"job": "nightly", "build": "3"}]
    assert command("retention", "--keep-builds", "1", "--json").json["kept"]["kept"] == 1
    assert command("retention", "keep", "nightly", "3", "--undo").code == 0
    assert "No build is kept" in command("retention", "list").err


@pytest.mark.parametrize("build", ["x", "-1", "1~", ""])
def test_what_is_no_build_is_wrong_usage(command: Command, old: Path, build: str) -> None:
    assert command("retention", "keep", "nightly", "--", build).code == 2


def test_what_is_no_number_of_days_is_wrong_usage(command: Command, old: Path) -> None:
    said = command("retention", "--keep-results", "soon")
    assert (said.code, "write 400d" in said.err) == (2, True)


def test_a_let_go_build_is_not_read_again(command: Command, old: Path) -> None:
    command("retention", "--keep-builds", "1")
    said = command("reparse", "--job", "nightly", "--build", "1")
    assert said.code == 1
    assert "The results of build 1 of 'nightly' were let go on" in said.err
    assert command("reparse", "--job", "nightly", "--all", "--dry-run").out.count("#1:") == 0
    assert "builds since then are left out" in command("export", "-", "--since", "400d").err


# Exports.


@pytest.mark.sqlite
def test_an_export_is_imported_elsewhere(command: Command, old: Path, tmp_path: Path) -> None:
    state = list(lines())
    file = tmp_path / "all.jsonl"
    assert command("export", file).code == 0
    other = tmp_path / "other"
    said = command("--home", other, "import", file)
    assert said.code == 0
    assert "30 builds with 30 results were imported, of 1 new jobs; 0 builds were here" in said.out
    assert list(lines()) == state
    assert "30 builds were here already" in command("--home", other, "import", file).out
    connection.close_store()


@pytest.mark.sqlite
def test_a_cut_export_is_partly_imported(command: Command, old: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    command("export", file)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:30]))
    said = command("--home", tmp_path / "other", "import", file, "--json")
    assert said.code == 4
    assert "Line 31 of the export" in said.err
    assert said.json["trouble"] in said.err
    connection.close_store()


def test_a_file_that_is_no_export_ends_with_words(command: Command, old: Path) -> None:
    said = command("import", Path(__file__))
    assert (said.code, said.out) == (1, "")
    assert "is no export" in said.err


def test_a_table_is_written_to_standard_output(command: Command, old: Path) -> None:
    said = command("export", "-", "--what", "builds", "--format", "csv")
    assert said.out.splitlines()[0].startswith("job,build,state,result,complete,started")
    assert len(said.out.splitlines()) == 31


def test_json_lines_of_a_table_begin_with_its_rows(command: Command, old: Path) -> None:
    first = command("export", "-", "--what", "results").out.splitlines()[0]
    assert json.loads(first)["name"] == "login"


def test_csv_of_everything_is_wrong_usage(command: Command, old: Path) -> None:
    said = command("export", "-", "--what", "all", "--format", "csv")
    assert (said.code, "holds one table" in said.err) == (2, True)


@pytest.mark.parametrize(("since", "builds"), [("400d", 30), ("300d", 0), ("2020-01-01", 30)])
def test_builds_since_a_time_are_exported(
    command: Command, old: Path, since: str, builds: int
) -> None:
    said = command("export", "-", "--what", "builds", "--since", since)
    assert len(said.out.splitlines()) == builds


def test_what_is_no_time_is_wrong_usage(command: Command, old: Path) -> None:
    assert command("export", "-", "--since", "lately").code == 2


def test_a_job_that_is_not_here_is_not_exported(
    command: Command, old: Path, tmp_path: Path
) -> None:
    said = command("export", tmp_path / "x.jsonl", "--job", "nightli")
    assert (said.code, "No job is called nightli." in said.err) == (2, True)
    assert not (tmp_path / "x.jsonl").exists()


def test_no_export_takes_the_place_of_the_database(command: Command, old: Path) -> None:
    said = command("export", old / "tracker.db")
    assert (said.code, "is the database itself" in said.err) == (2, True)


def test_a_disk_that_is_full_is_no_bug(old: Path) -> None:
    connection.close_store()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tracker", "--home", str(old), "export", "-"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr.startswith(b"tracker: What is written: No space left on device.")
    assert b"Traceback" not in done.stderr


def test_what_an_export_says_does_not_steer_the_terminal(
    command: Command, old: Path, tmp_path: Path
) -> None:
    file = tmp_path / "forged.jsonl"
    file.write_bytes(b"".join([*forged(HEAD), *forged({"kind": "job", "name": "\x1b[2J"})]))
    said = command("import", file)
    assert (said.code, "\x1b" in said.err) == (4, False)
    assert "\N{REPLACEMENT CHARACTER}[2J" in said.err
