"""`tracker plugins`: what can be read, and what would be recorded of a file."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import ROOT

JUNIT = b"""<testsuite name="s" tests="9"><properties><property name="k" value="v"/></properties>
<testcase classname="c" name="ok" time="1.5"/>
<testcase classname="c" name="bad"><failure type="T" message="m">trace</failure>
<system-out>said</system-out></testcase></testsuite>"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "r.xml"
    path.write_bytes(JUNIT)
    return path


def test_every_plugin_is_listed_with_its_version_and_origin(command: Command) -> None:
    listed = command("plugins", "--json").json
    files = sorted((ROOT / "plugins").glob("*.py"))
    assert [row["name"] for row in listed] == [path.stem for path in files]
    assert all(row["version"] >= 1 and row["recognises"] for row in listed)
    assert {row["origin"] for row in listed} == {str(path) for path in files}
    digests = {row["origin"]: row["sha256"] for row in listed}
    assert digests == {str(path): sha256(path.read_bytes()).hexdigest() for path in files}
    assert "RECOGNISES" in command("plugins").out


def test_trying_a_file_says_what_would_be_recorded(command: Command, report: Path) -> None:
    tried = command("plugins", "try", str(report), "--json").json
    assert tried["format"] == "junit"
    assert tried["totals"] == {
        "total": 2, "passed": 1, "failed": 1, "error": 0, "skipped": 0, "unknown": 0,
    }  # fmt: skip
    assert tried["warnings"] == ['suite "s" declares 9 tests, found 2']
    assert tried["recovered"] is False


def test_trying_a_file_shows_each_result_whole(command: Command, report: Path) -> None:
    _, bad = command("plugins", "try", str(report), "--json").json["results"]
    shown = {name: bad[name] for name in ("suite", "name", "status", "type", "message", "trace")}
    assert shown == {
        "suite": ["s", "c"], "name": "bad", "status": "failed", "type": "T", "message": "m",
        "trace": "trace",
    }  # fmt: skip
    assert bad["stdout"] == "said"


def test_trying_a_file_says_how_sure_the_parsers_are(command: Command, report: Path) -> None:
    said = command("plugins", "try", str(report)).out
    assert "PARSER  SURENESS\njunit   0.90\n" in said
    assert "failed   s › c › bad\n" in said


def test_trying_records_nothing(command: Command, report: Path, tmp_path: Path) -> None:
    command("plugins", "try", str(report))
    assert command("dump").out == ""
    assert not list((tmp_path / "home").glob("spool/*/*"))


def test_trying_an_archive_shows_the_reports_in_it(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", JUNIT)
        archive.writestr("b/c.xml", JUNIT.replace(b"bad", b"worse"))
        archive.writestr("notes.txt", "hello")
    tried = command("plugins", "try", str(path), "--json").json
    assert [each["name"] for each in tried["reports"]] == [
        "all.zip",
        "all.zip/a.xml",
        "all.zip/b/c.xml",
    ]
    assert tried["totals"]["total"] == 3
    assert "Entries that are no reports (1): notes.txt (plain text)" in tried["warnings"][0]


def test_trying_a_folder_shows_what_is_in_it(command: Command, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.xml").write_bytes(JUNIT)
    tried = command("plugins", "try", str(tmp_path / "in"), "--json").json
    assert [each["name"] for each in tried["reports"]] == ["in/deep/a.xml"]


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        ("<html><form action='/login'></form></html>", "an HTML page; where it came from may want"),
        ("<other/>", "XML whose first element is <other>"),
        ('{"a": 1}', "JSON"),
        ("", "an empty file"),
    ],
)
def test_a_file_that_no_parser_wants_is_told_as_what_it_looks_like(
    command: Command, tmp_path: Path, data: str, looks_like: str
) -> None:
    path = tmp_path / "x"
    path.write_text(data)
    said = command("plugins", "try", str(path))
    assert said.code == 1
    assert f"No parser recognises 'x': it looks like {looks_like}" in said.err


def test_a_file_that_is_not_there_is_wrong_usage(command: Command) -> None:
    assert command("plugins", "try", "/nowhere/x").code == 2


def test_an_empty_folder_is_wrong_usage(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert command("plugins", "try", str(tmp_path / "empty")).code == 2


def test_a_plugin_dropped_into_a_folder_is_used_and_nothing_else_changes(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.py").write_text(
        "from tracker.intake.contract import Result, Status, parser\n"
        "@parser('mine', recognises='MINE', sniff=lambda head: float(head.text[:4] == 'MINE'))\n"
        "def read(report):\n"
        "    yield Result(report.stream.read().decode().split()[1], Status.PASSED)\n"
    )
    (tmp_path / "r").write_text("MINE hello")
    monkeypatch.setenv("TRACKER_PLUGINS_FOLDER", str(folder))
    tried = command("plugins", "try", str(tmp_path / "r"), "--json").json
    assert (tried["format"], tried["results"][0]["name"]) == ("mine", "hello")
    assert json.dumps(command("plugins", "--json").json).count(str(folder)) == 1
