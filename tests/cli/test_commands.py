"""Every command: what it does, what it says, what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tracker as package
from tests.cli.conftest import Command
from tests.conftest import ROOT, RunningDemo, environ_of
from tests.factories import NOW, history, record, report
from tracker import cli
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.judging import set_budget
from tracker.store.records import BuildFacts
from tracker.store.seen import SeenJob, note_look
from tracker.store.sql import run
from tracker.store.tokens import check_token

# init, version, plugins, help.


@pytest.mark.sqlite
def test_init_makes_the_database(command: Command, home: Path) -> None:
    said = command("init")
    assert (said.code, said.err) == (0, "")
    assert f"{home}/tracker.db is ready" in said.out


@pytest.mark.sqlite
def test_a_home_can_be_named_by_a_flag(command: Command, tmp_path: Path) -> None:
    assert command("--home", tmp_path / "other", "init").code == 0
    assert (tmp_path / "other" / "tracker.db").exists()


def test_version_is_the_packages(command: Command) -> None:
    assert command("version").out == f"{package.__version__}\n"


def test_version_waits_for_no_library() -> None:
    code = (
        "import sys; sys.argv = ['tracker', 'version']\n"
        "from tracker.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'flask', 'jenkins', 'lxml', 'peewee', 'jinja2', 'requests', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert said.stdout.decode().splitlines() == [package.__version__, "[]"]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_an_example(command: Command, name: str) -> None:
    said = command(name, "--help")
    assert said.code == 0
    assert "Example: tracker" in " ".join(said.out.split())


# job, poll.


def test_a_job_is_added_and_listed(command: Command, demo: RunningDemo) -> None:
    command("server", "add", "main", demo.url)
    assert "now known" in command("job", "add", "team/smoke", "--server", "main").out
    assert "already known" in command("job", "add", "team/smoke", "--server", "main").out
    assert run("SELECT key FROM work WHERE kind = 'poll'") == [("team/smoke",)]
    assert [row["name"] for row in command("job", "list", "--json").json] == ["team/smoke"]


def test_a_job_that_a_look_found_is_known_and_keeps_its_link(
    command: Command, demo: RunningDemo
) -> None:
    command("server", "add", "west", demo.url, "--prefix", "west", "--jobs", "team/smoke")
    there = f"{demo.url}job/team/job/smoke/"
    seen = SeenJob("west/team/smoke", "team/smoke", there)
    note_look("west", [seen], listed=None, now=NOW)
    assert "already known" in command("job", "add", "west/team/smoke", "--server", "west").out
    assert run("SELECT jenkins_name, url FROM job") == [("team/smoke", there)]
    assert run("SELECT patterns FROM server") == [("team/smoke",)]


def test_jobs_are_listed_with_their_newest_builds(command: Command) -> None:
    history("nightly", login="P F", logout="P P")
    assert command("job", "list").out.splitlines()[1].split() == ["nightly", "#2", "2", "1", "1"]
    set_budget("nightly", 0.9, now=NOW)
    record(BuildFacts("nightly", 2), report(login="F"), replace=True)
    assert command("job", "list").out.splitlines()[1].split() == ["nightly", "#2", "1", "1", "-"]


def test_an_empty_list_says_what_to_do(command: Command) -> None:
    for name in ("job", "server", "token"):
        said = command(name, "list")
        assert (said.code, said.out) == (0, "")
        assert "tracker" in said.err


def test_polling_reads_what_is_new(
    command: Command, demo: RunningDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_FIRST_BUILDS", "2")
    command("server", "add", "main", demo.url)
    command("job", "add", "team/smoke", "--server", "main")
    said = command("poll", "team/smoke")
    assert (said.code, said.out.splitlines()) == (
        0,
        [
            "1 builds of team/smoke were new.",
            "Older ones are left to the worker, or to `tracker backfill team/smoke`.",
        ],
    )
    assert "reading team/smoke #20, build 1 of 1" in said.err
    said = command("backfill", "team/smoke", "--builds", 2)
    assert (said.code, said.out.splitlines()[-1]) == (
        0,
        "2 builds of team/smoke are worked through.",
    )
    assert command("poll", "team/smoke").out == "0 builds of team/smoke were new.\n"
    assert command("poll", "team/smoke", "--build", 5).out == "team/smoke #5 is recorded.\n"
    assert "not there" in command("poll", "team/smoke", "--build", 99).out


def test_polling_a_job_of_no_server_is_wrong_usage(command: Command) -> None:
    history("nightly", login="P")
    said = command("poll", "nightly")
    assert (said.code, "--server" in said.err) == (2, True)


# publish, dump, rebuild.


def test_publishing_makes_a_site_without_broken_links(command: Command, home: Path) -> None:
    history("nightly", login="P F")
    said = command("publish", "--check")
    assert (said.code, said.err) == (0, "")
    assert Path(said.out.splitlines()[-1]).is_file()
    assert "Nothing is new" in command("publish").out
    assert command("publish", "--force", "--json").json["is_new"] is True


def test_a_dump_is_one_json_object_a_line(command: Command) -> None:
    history("nightly", login="P F")
    lines = [json.loads(line) for line in command("dump").out.splitlines()]
    assert [line["kind"] for line in lines].count("build") == 2


def test_rebuilding_leaves_the_dump_as_it_was(command: Command) -> None:
    history("nightly", login="P F S F P")
    before = command("dump").out
    assert command("rebuild").out == "1 jobs were judged again.\n"
    assert command("dump").out == before


def test_the_jobs_that_are_named_are_judged_again_and_no_others(command: Command) -> None:
    for job in ("nightly", "weekly"):
        history(job, login="P F")
    run("UPDATE build SET regressions = 7")
    assert command("rebuild", "nightly").out == "1 jobs were judged again.\n"
    assert run("SELECT DISTINCT regressions FROM build WHERE regressions = 7 AND job_id = 1") == []
    assert run("SELECT count(*) FROM build WHERE regressions = 7") == [(2,)]
    assert command("rebuild", "nihgtly").code == 2


# token.


def test_a_token_is_made_listed_and_revoked(command: Command) -> None:
    text = command("token", "create", "ci").out.strip()
    assert check_token(text, "ingest", now=0).name == "ci"
    listed = command("token", "list")
    assert "ci" in listed.out
    assert text not in listed.out
    assert command("token", "list", "--json").json[0]["scope"] == "ingest"
    assert command("token", "revoke", "ci").code == 0
    assert command("token", "list", "--json").json[0]["revoked"] is not None
    assert command("token", "revoke", "ci").code == 2


def test_a_scope_that_is_none_ends_with_2(command: Command) -> None:
    assert command("token", "create", "ci", "--scope", "all").code == 2


# Exit codes and words, in one place.


def test_a_setting_that_is_none_ends_with_2(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_COLOUR", "blue")
    said = command("job", "list")
    assert (said.code, said.err) == (
        2,
        "tracker: TRACKER_COLOUR is not a setting. README.md lists the settings.\n",
    )


def test_an_unknown_command_ends_with_2(command: Command) -> None:
    assert command("frobnicate").code == 2


def test_a_store_that_cannot_be_made_ends_with_3(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = command("--home", tmp_path / "file", "init")
    assert said.code == 3
    assert "cannot be made" in said.err


def test_an_interrupt_ends_with_130(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracker.store.judging.rebuild", interrupt)
    assert command("rebuild").code == 130


def test_a_bug_ends_with_70_and_says_that_it_is_one(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> int:
        raise ZeroDivisionError("no number")

    monkeypatch.setattr("tracker.store.judging.rebuild", broken)
    said = command("rebuild")
    assert said.code == 70
    assert "ZeroDivisionError: no number" in said.err
    assert said.err.splitlines()[-1].startswith("tracker: This is a bug")


@pytest.mark.sqlite
def test_a_bug_is_one_also_where_the_database_is_gone_by_then(
    command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tracker.store.judging.rebuild", lambda **_: settings.store.unlink() or 1 / 0
    )
    said = command("rebuild")
    assert said.code == 70
    assert said.err.splitlines()[-1].startswith("tracker: This is a bug")


@pytest.mark.sqlite
def test_what_stumbles_over_damage_says_that_and_where(
    command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> int:
        raise ZeroDivisionError("no number")

    monkeypatch.setattr("tracker.store.judging.rebuild", broken)
    monkeypatch.setattr("tracker.store.sqlite.damage._said", lambda *_: ["page 3"])
    said = command("rebuild")
    assert said.code == 3
    assert "ZeroDivisionError: no number" in said.err
    assert said.err.splitlines()[-1] == (
        "tracker: The database is damaged (page 3). Restore the newest backup."
    )


def test_a_reader_that_stops_reading_is_no_error(settings: Settings) -> None:
    open_store(settings.store)
    history("nightly", **{f"case{place}": "F F F" for place in range(300)})
    close_store()
    dump = f"{sys.executable} -m tracker dump"
    said = subprocess.run(
        ["bash", "-c", f"{dump} | head -n 1; echo ${{PIPESTATUS[0]}}"],
        cwd=ROOT,
        env=environ_of(settings),
        capture_output=True,
        check=True,
    )
    assert said.stderr.decode() == ""
    assert said.stdout.decode().splitlines()[-1] == "0"


def test_the_module_is_the_command(settings: Settings) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tracker", "worker", "--until-idle"],
        cwd=ROOT,
        env=environ_of(settings),
        capture_output=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, b"")
    assert b"starts" in said.stderr
    assert b"ends" in said.stderr
