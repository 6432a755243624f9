"""Finding parsers: ours, a folder's, installed ones; and what is wrong with one, by its file."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from tracker.errors import SettingsError
from tracker.intake import plugins
from tracker.intake.contract import parser
from tracker.intake.plugins import PluginSources, endings, load_plugins

PLUGIN = """
from tracker.intake.contract import parser

@parser("{name}", recognises="x", sniff=lambda head: 0.0)
def read(report):
    yield from ()
"""


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "plugins"
    path.mkdir()
    return path


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own"
    path.mkdir()
    (path / "ours.py").write_text(PLUGIN.format(name="ours"))
    return path


def found(own, folder=None, *enabled):
    return [each.parser.name for each in load_plugins(PluginSources(own, folder, enabled))]


def error(own, folder=None, *enabled):
    with pytest.raises(SettingsError) as caught:
        load_plugins(PluginSources(own, folder, enabled))
    return str(caught.value)


def test_the_parsers_of_this_program_are_found():
    assert "junit" in [each.parser.name for each in load_plugins(PluginSources.of("", ""))]


def test_a_file_in_the_folder_is_enough(own, folder):
    (folder / "mine.py").write_text(PLUGIN.format(name="mine"))
    assert found(own, folder) == ["mine", "ours"]


def test_the_folder_of_the_settings_is_looked_into(folder):
    (folder / "mine.py").write_text(PLUGIN.format(name="mine"))
    loaded = load_plugins(PluginSources.of(str(folder), ""))
    assert str(folder / "mine.py") in [each.origin for each in loaded]


def test_a_file_may_have_several_parsers(own, folder):
    (folder / "two.py").write_text(
        PLUGIN.format(name="one") + PLUGIN.format(name="two").replace("def read", "def read2")
    )
    assert found(own, folder) == ["one", "ours", "two"]


def test_other_files_of_the_folder_are_left_alone(own, folder):
    for name in ("_helper.py", "README.md", "data.json"):
        (folder / name).write_text("raise RuntimeError")
    assert found(own, folder) == ["ours"]


def test_a_name_that_is_taken_names_both_files(own, folder):
    (folder / "again.py").write_text(PLUGIN.format(name="ours"))
    said = error(own, folder)
    assert str(own / "ours.py") in said
    assert str(folder / "again.py") in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named(own, folder, text, reason):
    (folder / "bad.py").write_text(text)
    said = error(own, folder)
    assert str(folder / "bad.py") in said
    assert reason in said


def test_a_file_that_ends_the_process_is_named(own, folder):
    (folder / "bad.py").write_text("raise SystemExit(3)")
    assert str(folder / "bad.py") in error(own, folder)


def test_a_file_without_a_parser_is_named(own, folder):
    (folder / "bad.py").write_text("x = 1")
    assert f"{folder / 'bad.py'} has no parser" in error(own, folder)


def test_a_folder_that_is_not_there_is_named(own, tmp_path):
    assert str(tmp_path / "gone") in error(own, tmp_path / "gone")


@pytest.fixture
def entry_points(monkeypatch):
    """Pretend that distributions were installed: `entry_points(name="module:object")`."""

    def install(**points):
        made = [
            importlib.metadata.EntryPoint(name, value, plugins.ENTRY_POINTS)
            for name, value in points.items()
        ]
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: made)

    return install


@parser("installed", recognises="x", sniff=lambda head: 0.0)
def installed_parser(report):
    yield from ()


HERE = f"{__name__}:installed_parser"


def test_an_installed_parser_is_used_once_it_is_enabled(own, entry_points):
    entry_points(theirs=HERE)
    assert found(own) == ["ours"]
    assert found(own, None, "theirs") == ["installed", "ours"]


def test_an_installed_parser_that_is_not_there_is_named(own, entry_points):
    entry_points(theirs=HERE)
    said = error(own, None, "nobody")
    assert "'nobody'" in said
    assert "theirs" in said


def test_an_entry_point_that_is_no_parser_is_named(own, entry_points):
    entry_points(theirs="json:loads")
    assert "'theirs' is not a parser" in error(own, None, "theirs")


def test_an_entry_point_that_cannot_be_loaded_is_named(own, entry_points):
    entry_points(theirs="nothing_of_this_name:parser")
    assert "'theirs'" in error(own, None, "theirs")


def test_enabled_names_are_read_from_one_setting(folder):
    sources = PluginSources.of(str(folder), " a, b ,,")
    assert sources.enabled == ("a", "b")
    assert sources.folder == Path(folder)


def test_the_endings_of_files_that_may_be_reports_come_from_the_plugins(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from tracker.intake.contract import parser\n"
        "@parser('mine', recognises='', sniff=lambda head: 0.0, endings=('.Mine', '.log.txt'))\n"
        "def read(report):\n    yield from ()\n"
    )
    assert endings(PluginSources(tmp_path)) == (".log.txt", ".log.txt.gz", ".mine", ".mine.gz")
