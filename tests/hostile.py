"""The hostile files of the corpus, and what may become of each, whichever door it comes through."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CORPUS

_MANIFEST = CORPUS / "MANIFEST.json"


@dataclass(frozen=True)
class Reading:
    """What a report became: how many results, whether damage is told, or refused (None)."""

    results: int | None
    damaged: bool = False


REFUSED = Reading(None)

# Files that may be read, and how; every other file is refused.
_READ = {
    "truncated-in-tag.xml": Reading(1, damaged=True),
    "truncated-in-cdata.xml": Reading(1, damaged=True),
    "two-roots.xml": Reading(1, damaged=True),
    "control-chars.xml": Reading(1, damaged=True),
    "bom-utf8.xml": Reading(1),
    "utf16le-bom.xml": Reading(1),
    "latin1-declared.xml": Reading(1),
    "cp1252-smart-quotes.xml": Reading(1),
    "harmless-doctype.xml": Reading(1),
    "wide.xml": Reading(8000),
    "many-cases.xml": Reading(20_000),
    "huge-system-out.xml": Reading(1),
    "huge-attribute.xml": Reading(1),
    "long-name.xml": Reading(1),
    "long-names-same-start.xml": Reading(2),
    "missing-names.xml": Reading(4),
    "lying-counts.xml": Reading(1),
    "odd-times.xml": Reading(16),
    "odd-timestamps.xml": Reading(13),
    "same-name-many-times.xml": Reading(3),
    "all-outcomes-in-one.xml": Reading(1),
    "markup-in-names.xml": Reading(3),
    "unicode-names.xml": Reading(6),
    "attachments-traversal.xml": Reading(1),
    "processing-instruction.xml": Reading(1),
    "namespaced.xml": Reading(1),
    "json-named.xml": Reading(0),
    "junit-named.json": Reading(1),
    "junit-named.trx": Reading(1),
    "gzip-named.xml": Reading(1),
    "zip-named.xml": Reading(1),
    "nan.json": Reading(1),
    "big-integers.json": Reading(1),
    "duplicate-keys.json": Reading(1),
    "lone-surrogate.json": Reading(1),
    "unknown-status.json": Reading(3),
    "go-interrupted.ndjson": Reading(2, damaged=True),
    "tap-no-plan.tap": Reading(2, damaged=True),
    "tap-short.tap": Reading(2, damaged=True),
    "tap-bail-out.tap": Reading(1, damaged=True),
    "tap-14-subtests.tap": Reading(3),
    "robot-truncated.xml": Reading(1, damaged=True),
    "trx-no-results.trx": Reading(0, damaged=True),
}


@dataclass(frozen=True)
class HostileFile:
    """One file: its path in the corpus, and what may become of it."""

    path: str

    @property
    def name(self) -> str:
        """Its name without folders."""
        return Path(self.path).name

    @property
    def allowed(self) -> Reading:
        """What may become of it."""
        return _READ.get(self.name, REFUSED)

    def armed(self, canary: Path, port: int) -> bytes:
        """Its bytes, with what it names replaced by a file of ours and a port that we watch."""
        data = (CORPUS / self.path).read_bytes()
        data = data.replace(b"file:///etc/hostname", canary.as_uri().encode())
        return data.replace(b"http://127.0.0.1:9/", b"http://127.0.0.1:%d/" % port)


def hostile_files() -> list[HostileFile]:
    """All of them; none where the corpus is not beside the repository."""
    if not _MANIFEST.exists():
        return []
    files: Iterable[dict[str, str]] = json.loads(_MANIFEST.read_text())["files"]
    return [HostileFile(each["file"]) for each in files if each["format"] == "hostile"]
