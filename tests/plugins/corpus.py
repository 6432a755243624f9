"""The corpus of real reports: which files there are, what is expected of them, what is ours."""

from __future__ import annotations

import functools
import importlib
import json
from dataclasses import dataclass
from typing import Any

from tests.conftest import CORPUS
from tests.plugins.reading import parser_of, read, seconds, totals
from tracker.intake.contract import ReportError

MANIFEST = CORPUS / "MANIFEST.json"
# The corpus calls some formats otherwise than we do.
PARSERS = {"xunit-v2": "xunit", "subunit-v2": "subunit"}

Figures = dict[str, float]


@dataclass(frozen=True)
class Entry:
    """One file of the corpus; `expected` is None where nothing can be expected of it."""

    file: str
    parser: str
    expected: Figures | None
    ambiguous: bool
    ours: Figures | None
    why: str

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return (CORPUS / self.file).read_bytes()

    @property
    def figures(self) -> Figures | None:
        """What our reading has to give: the expected figures, with ours in their place."""
        if self.why and self.ours is None:
            return None
        return {**(self.expected or {}), **(self.ours or {})}


def entries(parser: str) -> list[Entry]:
    """The files of one format; none where the corpus is not beside the repository."""
    told = readings(parser)
    return [_entry(each, parser, told) for each in _manifest() if _parser(each) == parser]


def found(entry: Entry) -> Figures | None:
    """What the plugin says of the file; None where it refuses it. Each file is read once."""
    return _found(entry.parser, entry.file)


@functools.cache
def _found(parser: str, file: str) -> Figures | None:
    try:
        records = read(parser_of(parser), (CORPUS / file).read_bytes(), file)
    except ReportError:
        return None
    return {**totals(records), "seconds": seconds(records)}


def differences(entry: Entry) -> dict[str, tuple[object, object]]:
    """Figure -> (ours, expected) where they differ; {} is right."""
    is_right, expected = found(entry), entry.figures
    if is_right is None or expected is None:
        same = is_right is None and expected is None
        return {} if same else {"read": (is_right, expected)}
    return {
        name: (is_right[name], value)
        for name, value in expected.items()
        if abs(is_right[name] - value) > (0.01 if name == "seconds" else 0)
    }


@functools.cache
def _manifest() -> list[dict[str, Any]]:
    return list(json.loads(MANIFEST.read_text())["files"]) if MANIFEST.exists() else []


def _parser(file: dict[str, Any]) -> str:
    name = str(file["format"])
    if name == "jenkins-api":
        return "jenkins_testreport" if file.get("kind") == "testReport" else ""
    if name == "other":
        return _OTHER.get(str(file.get("kind")), "")
    return PARSERS.get(name, name.replace("-", "_"))


_OTHER = {"xml:Site": "ctest", "jest-json": "jest", "mocha-json": "mocha", "dart-json": "dart"}


def _entry(file: dict[str, Any], parser: str, otherwise: dict[str, Any]) -> Entry:
    ours, why = otherwise.get(file["file"], ({}, ""))
    expected = file.get("expected")
    told = _figures(expected) if isinstance(expected, dict) and "passed" in expected else None
    return Entry(file["file"], parser, told, bool(file.get("ambiguous")), ours, why)


def _figures(expected: dict[str, Any]) -> Figures:
    """The manifest's figures in our words: what it sets apart has its place in ours."""
    figures: Figures = {
        "total": expected["tests"],
        "passed": expected["passed"] + expected.get("warnings", 0),
        "failed": expected["failed"],
        "error": expected.get("errors", 0),
        "skipped": expected["skipped"] + expected.get("inconclusive", 0) + expected.get("todo", 0),
        "unknown": 0,
    }
    if type(expected.get("flaky")) is int:  # not a boolean, which says something else
        figures["flaky"] = int(expected["flaky"])
    if isinstance(expected.get("duration"), int | float):
        figures["seconds"] = expected["duration"]
    return figures


def readings(parser: str) -> dict[str, Any]:
    """What the plugin reads otherwise than the manifest expects, with the reasons."""
    try:
        module = importlib.import_module(f"tests.plugins.readings.{parser}")
    except ModuleNotFoundError:
        return {}
    return dict(module.READINGS)
