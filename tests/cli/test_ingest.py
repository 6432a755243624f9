"""`tracker ingest`: files become reports of a build, and every flag is checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import ROOT, environ_of, junit
from tests.factories import NOW, history
from tracker.intake.queued import enqueue_upload
from tracker.queries.builds import build
from tracker.queries.jobs import jobs
from tracker.queries.results import results
from tracker.settings import Settings
from tracker.store.judging import AT_ONCE
from tracker.store.records import BuildFacts
from tracker.store.rejudging import waiting_jobs
from tracker.store.sql import run


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
    folder = str(files).removeprefix("/")
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


def test_ingest_of_an_old_build_judges_all_later_ones_before_it_ends(
    command: Command, files: Path
) -> None:
    history("nightly", first=2, login="F" + " F" * AT_ONCE)
    (files / "old.xml").write_bytes(junit(login="P"))
    said = command("ingest", "--job", "nightly", "--build", 1, files / "old.xml")
    assert (said.code, said.err) == (0, "")
    assert waiting_jobs() == []
    assert [row.verdict for row in results("nightly", "2", "new", limit=9)] == ["regression"]


def test_ingest_does_not_pass_an_upload_that_waits(command: Command, files: Path) -> None:
    enqueue_upload(BuildFacts("nightly", 1), [], replace=False, now=NOW)
    once = ["ingest", "--job", "nightly", "--build", 1, files / "a.xml"]
    said = command(*once, "--replace")
    assert (said.code, said.out) == (3, "")
    assert "Uploads for build 1 of 'nightly' came before" in said.err
    assert command(*once).code == 0


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
        (["--job", "nightly", "--build", "1", "--facet", "a:b,c:d"], "comma"),
        (["--job", "nightly", "--build", "1", "--facet", "a b:c"], "name:value"),
        (["--job", "nightly", "--build", "1", "--facet", "a:b", "--facet", "a:c"], "twice"),
        (["--job", "nightly", "--build", "1", "--facet", "a:\udcff"], "facet"),
        (["--job", "j\udcff", "--build", "1"], "cannot be called"),
        (["--job", "nightly", "--build", "1", "--branch", "\udcff"], "--branch"),
        (["--job", "nightly", "--build", "1", "--commit", "a\nb"], "--commit"),
        (["--job", "nightly", "--build", "1", "--url", "u" * 1001], "--url"),
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


def test_bytes_that_are_no_text_end_with_2_and_no_traceback(
    settings: Settings, files: Path
) -> None:
    for flags in ([b"--job", b"j\xff"], [b"--job", b"j", b"--branch", b"\xff"]):
        said = subprocess.run(
            [sys.executable, "-m", "tracker", "ingest", "--build", "1", *flags, files / "a.xml"],
            cwd=ROOT,
            env=environ_of(settings),
            capture_output=True,
            check=False,
        )
        assert said.returncode == 2
        assert b"Traceback" not in said.stderr


def test_files_above_and_below_have_names_of_their_own(
    command: Command, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "deep" / "a.xml").write_bytes(junit(third="P"))
    (files / "deep" / "deep").mkdir()
    (files / "deep" / "deep" / "a.xml").write_bytes(junit(fourth="P"))
    monkeypatch.chdir(files / "deep")
    paths = ["../a.xml", "./a.xml", "deep/a.xml", "../deep/deep/../b.xml"]
    said = command("ingest", "--job", "nightly", "--build", 1, *paths, "--json")
    assert sorted(said.json["added"]) == ["../a.xml", "a.xml", "b.xml", "deep/a.xml"]


def test_ingest_asks_for_the_site_once(command: Command, files: Path) -> None:
    command("ingest", "--job", "nightly", "--build", 1, files / "a.xml", "--complete")
    assert run("SELECT kind, key FROM work WHERE kind = 'publish'") == [("publish", "site")]
