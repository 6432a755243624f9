"""Every command: what it does, what it says, what it ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tracker as package
from tests.conftest import ROOT, RunningDemo, environ_of, free_port, junit, running_demo
from tests.factories import history
from tracker import cli
from tracker.queries.builds import build, results
from tracker.queries.jobs import jobs, servers
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run
from tracker.store.tokens import check_token


@dataclass
class Said:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home that commands work for, with its store open for looking."""
    for name in [name for name in os.environ if name.startswith("TRACKER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRACKER_HOME", str(settings.home))
    monkeypatch.setenv("TRACKER_OUTPUT", str(settings.output))
    open_store(settings.database)
    yield settings.home
    close_store()


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command through the one place that turns errors into words and codes."""

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tracker", *map(str, arguments)])
        runner = CliRunner()
        with runner.isolation() as streams:
            try:
                cli.main()
                code: object = 0
            except SystemExit as ending:
                code = ending.code
            out, err = streams[0].getvalue().decode(), streams[1].getvalue().decode()
        assert "Traceback" not in err or code == cli.BUG
        return Said(int(str(code or 0)), out, err)

    return call


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    with running_demo(20) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of two reports and one file that is none."""
    folder = tmp_path / "results"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.xml").write_bytes(junit(login="P", logout="F"))
    (folder / "deep" / "b.xml").write_bytes(junit(other="P"))
    return folder


# init, version, plugins, help.


def test_init_makes_the_database(command: Command, home: Path) -> None:
    said = command("init")
    assert (said.code, said.err) == (0, "")
    assert f"{home}/tracker.db is ready" in said.out


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


def test_plugins_lists_the_parsers(command: Command) -> None:
    assert [row["name"] for row in command("plugins", "--json").json] == [
        "jenkins_testreport",
        "junit",
    ]
    assert "RECOGNISES" in command("plugins").out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_an_example(command: Command, name: str) -> None:
    said = command(name, "--help")
    assert said.code == 0
    assert "Example: tracker" in " ".join(said.out.split())


# ingest.


def test_ingest_records_files(command: Command, files: Path) -> None:
    said = command("ingest", "--job", "team/nightly", "--build", 3, files / "a.xml")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        "team/nightly #3: 2 tests, 1 failed, 0 skipped; 0 regressions, 1 new"
    )
    assert build("team/nightly", "3").totals.failed == 1


def test_ingest_takes_whole_folders(command: Command, files: Path) -> None:
    said = command("ingest", "--job", "nightly", "--build", 1, files, "--json")
    assert (said.code, sorted(said.json["added"])) == (0, ["a.xml", "b.xml"])


def test_ingest_names_files_of_one_name_by_their_paths(command: Command, files: Path) -> None:
    (files / "deep" / "a.xml").write_bytes(junit(third="P"))
    said = command("ingest", "--job", "nightly", "--build", 1, files, "--json")
    folder = str(files).lstrip("/")
    assert sorted(said.json["added"]) == sorted(
        ["b.xml", f"{folder}/a.xml", f"{folder}/deep/a.xml"]
    )


def test_ingest_puts_facets_into_the_variant(command: Command, files: Path) -> None:
    flags = ["--facet", "platform:linux", "--facet", "browser:firefox"]
    command("ingest", "--job", "nightly", "--build", 1, files / "a.xml", *flags)
    variants = {row.variant for row in results("nightly", "1", "all", limit=9)}
    assert variants == {"browser=firefox,platform=linux"}


def test_ingest_tells_the_facts(command: Command, files: Path) -> None:
    flags = ["--branch", "main", "--commit", "abc", "--url", "http://ci/1/", "--complete"]
    command("ingest", "--job", "nightly", "--build", 1, files / "a.xml", *flags)
    row = build("nightly", "1")
    assert (row.branch, row.commit, row.url, row.complete) == ("main", "abc", "http://ci/1/", True)


def test_ingest_again_is_harmless(command: Command, files: Path) -> None:
    once = ["ingest", "--job", "nightly", "--build", 1, files / "a.xml", "--json"]
    assert command(*once).json["added"] == ["a.xml"]
    again = command(*once)
    assert (again.code, again.json["added"], again.json["known"]) == (0, [], ["a.xml"])


def test_ingest_of_other_bytes_under_a_known_name_needs_replace(
    command: Command, files: Path
) -> None:
    one = ["ingest", "--job", "nightly", "--build", 1, files / "a.xml"]
    command(*one)
    (files / "a.xml").write_bytes(junit(login="F"))
    said = command(*one)
    assert (said.code, said.err.startswith("tracker: ")) == (1, True)
    assert "replace" in said.err
    assert command(*one, "--replace").code == 0
    assert build("nightly", "1").totals.total == 1


def test_ingest_ends_with_4_when_some_could_not_be_read(command: Command, files: Path) -> None:
    (files / "notes.txt").write_text("no report")
    said = command("ingest", "--job", "nightly", "--build", 1, files)
    assert said.code == 4
    assert "not read: notes.txt" in said.out
    assert build("nightly", "1").totals.total == 3


def test_ingest_ends_with_1_when_none_could_be_read(command: Command, files: Path) -> None:
    (files / "a.xml").write_text("no report")
    said = command("ingest", "--job", "nightly", "--build", 1, files / "a.xml")
    assert (said.code, said.out) == (1, "")
    assert "a.xml" in said.err
    assert jobs() == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--job", "a//b", "--build", "1"], "empty or dotted folder"),
        (["--job", "nightly", "--build", "0"], "--build"),
        (["--job", "nightly", "--build", "9223372036854775808"], "--build"),
        (["--job", "nightly", "--build", "x"], "--build"),
        (["--build", "1"], "--job"),
        (["--job", "nightly", "--build", "1", "--facet", "linux"], "name:value"),
        (["--job", "nightly", "--build", "1", "--facet", "a:b,c:d"], "name:value"),
    ],
)
def test_wrong_usage_ends_with_2(
    command: Command, files: Path, flags: list[str], words: str
) -> None:
    said = command("ingest", *flags, files / "a.xml")
    assert said.code == 2
    assert words in said.err


def test_a_file_that_is_not_there_ends_with_2(command: Command) -> None:
    said = command("ingest", "--job", "nightly", "--build", 1, "gone.xml")
    assert (said.code, said.err) == (
        2,
        "tracker: gone.xml cannot be read: No such file or directory.\n",
    )


# server, job, poll.


def test_a_server_is_added_listed_and_checked(command: Command, demo: RunningDemo) -> None:
    assert command("server", "add", "main", demo.url, "--jobs", "team/*").code == 0
    assert [row.name for row in servers()] == ["main"]
    assert run("SELECT kind, key FROM work") == [("discover", "main")]
    assert demo.url in command("server", "list").out
    assert command("server", "list", "--json").json[0]["patterns"] == ["team/*"]
    said = command("server", "check", "main")
    assert said.code == 0
    assert "it knows us as anonymous; 2 jobs match." in said.out
    assert command("server", "check", "main", "--json").json["jobs"] == [
        "team/nightly",
        "team/smoke",
    ]


def test_a_server_that_shows_no_job_ends_with_1(command: Command, demo: RunningDemo) -> None:
    command("server", "add", "main", demo.url, "--jobs", "nothing")
    said = command("server", "check", "main")
    assert said.code == 1
    assert "Job/Read" in said.err


def test_a_server_that_does_not_answer_ends_with_3(command: Command) -> None:
    command("server", "add", "main", f"http://127.0.0.1:{free_port()}/")
    said = command("server", "check", "main")
    assert said.code == 3
    assert "connection is refused" in said.err


def test_a_server_that_refuses_us_ends_with_3_and_the_token_is_not_told(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("11aa-secret\n")
    flags = ["--user", "ci", "--token-file", tmp_path / "token"]
    command("server", "add", "main", f"http://127.0.0.1:{free_port()}/", *flags)
    said = command("server", "check", "main")
    assert said.code == 3
    assert "secret" not in said.out + said.err


def test_a_token_file_that_is_gone_ends_with_2(command: Command) -> None:
    command("server", "add", "main", "http://127.0.0.1:9/", "--token-file", "/nowhere/token")
    said = command("server", "check", "main")
    assert said.code == 2
    assert "/nowhere/token" in said.err


def test_an_address_that_is_none_ends_with_2(command: Command) -> None:
    assert command("server", "add", "main", "ci.example").code == 2


def test_an_unknown_server_ends_with_1(command: Command) -> None:
    said = command("server", "check", "gone")
    assert (said.code, "server list" in said.err) == (1, True)


def test_a_job_is_added_and_listed(command: Command, demo: RunningDemo) -> None:
    command("server", "add", "main", demo.url)
    assert "now known" in command("job", "add", "team/smoke", "--server", "main").out
    assert "already known" in command("job", "add", "team/smoke", "--server", "main").out
    assert run("SELECT key FROM work WHERE kind = 'poll'") == [("team/smoke",)]
    assert [row["name"] for row in command("job", "list", "--json").json] == ["team/smoke"]


def test_jobs_are_listed_with_their_newest_builds(command: Command) -> None:
    history("nightly", login="P F", logout="P P")
    assert command("job", "list").out.splitlines()[1].split() == ["nightly", "#2", "2", "1", "1"]


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
    assert (said.code, said.out) == (0, "2 builds of team/smoke were new.\n")
    assert "reading team/smoke #20, build 2 of 2" in said.err
    assert command("poll", "team/smoke").out == "0 builds of team/smoke were new.\n"
    assert command("poll", "team/smoke", "--build", 5).out == "team/smoke #5 is recorded.\n"
    assert "not there" in command("poll", "team/smoke", "--build", 99).out


def test_polling_a_job_of_no_server_ends_with_1(command: Command) -> None:
    history("nightly", login="P")
    said = command("poll", "nightly")
    assert (said.code, "--server" in said.err) == (1, True)


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


# token.


def test_a_token_is_made_listed_and_revoked(command: Command) -> None:
    text = command("token", "create", "ci").out.strip()
    assert check_token(text, "ingest") == "ci"
    listed = command("token", "list")
    assert "ci" in listed.out
    assert text not in listed.out
    assert command("token", "list", "--json").json[0]["scope"] == "ingest"
    assert command("token", "revoke", "ci").code == 0
    assert command("token", "list", "--json").json[0]["revoked"] is not None
    assert command("token", "revoke", "ci").code == 1


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
    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracker.store.judging.rebuild", interrupt)
    assert command("rebuild").code == 130


def test_a_bug_ends_with_70_and_says_that_it_is_one(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise ZeroDivisionError("no number")

    monkeypatch.setattr("tracker.store.judging.rebuild", broken)
    said = command("rebuild")
    assert said.code == 70
    assert "ZeroDivisionError: no number" in said.err
    assert said.err.splitlines()[-1].startswith("tracker: This is a bug")


def test_a_reader_that_stops_reading_is_no_error(settings: Settings) -> None:
    open_store(settings.database)
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
