"""Versions: what is found is what is loaded, and a bad one is told from a mended one."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from tests.operations.doctor.scenes import scene
from tracker.operations import versions as versions_of
from tracker.operations.doctor.parts import look
from tracker.operations.versions import PARTS, verdict, versions
from tracker.settings import Settings
from tracker.store.sqlite.driver import sqlite3

LINES = ("3.44.6", "3.50.7", "3.51.3")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("3.40.1", "bad"),
        ("3.44.5", "bad"),
        ("3.44.6", "good"),
        ("3.44.10", "good"),
        ("3.45.0", "bad"),
        ("3.50.6", "bad"),
        ("3.50.7", "good"),
        ("3.51.2", "bad"),
        ("3.51.3", "good"),
        ("3.52.0", "good"),
        ("4.0", "good"),
        ("", "unknown"),
        ("none", "unknown"),
    ],
)
def test_a_version_is_held_against_the_mended_one_of_its_line(found, expected):
    assert verdict(found, LINES) == expected


@pytest.mark.parametrize(
    ("found", "expected"), [("26.0", "bad"), ("26.1", "good"), ("26.1rc1", "good"), ("27", "good")]
)
def test_a_short_version_is_understood(found, expected):
    assert verdict(found, ("26.1",)) == expected


def test_every_part_is_found_here():
    assert all(each.found and each.verdict != "unknown" for each in versions())


def test_the_interpreter_and_sqlite_are_those_that_run():
    found = {each.name: each.found for each in versions()}
    assert found["CPython"] == ".".join(map(str, sys.version_info[:3]))
    assert found["SQLite"] == sqlite3.sqlite_version


def test_every_part_says_why_and_what_to_do():
    assert [each.name for each in versions()] == [part.name for part in PARTS]
    assert all(each.reason.endswith(".") and each.remedy.endswith(".") for each in versions())


def test_what_the_packages_demand_is_good_here():
    assert {each.name for each in versions() if each.verdict == "bad"} == set()


def test_a_fault_that_the_tracker_stands_before_is_told_and_is_no_warning(monkeypatch):
    old = [replace(part, find=lambda: "1.0") for part in PARTS]
    monkeypatch.setattr(versions_of, "PARTS", tuple(old))
    found = {each.name: each for each in versions()}
    guarded = {name for name, each in found.items() if each.verdict == "guarded"}
    assert guarded == {"CPython", "SQLite", "expat"}
    assert found["SQLite"].reason.endswith("The tracker's lock file keeps its own writers apart.")
    said = {each.verdict for each in look(scene(Settings.load({}))) if "SQLite" in each.words}
    assert said == {"pass"}
