"""Loose files that only together are a report: Allure's, one for each result and each fixture.

They are laid into one tar of the spool, as if they had been sent so. Allure itself finds its files
by these names; whether they are what they are called is for the parser to see.
"""

from __future__ import annotations

import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tracker.intake import spool
from tracker.intake.spool import SpooledReport

_PART = re.compile(r"(.+-(result|container)|categories|executor)\.json|.+-attachment(\..*)?")
_RESULT = re.compile(r".+-result\.json")
_KEPT = re.compile(r".+-(result|container)\.json")
PIECE = 1024 * 1024


def bundled(folder: Path, reports: Sequence[SpooledReport]) -> list[SpooledReport]:
    """The reports, with the loose files of each Allure folder as one in place of the first."""
    groups: dict[tuple[str, str], list[SpooledReport]] = defaultdict(list)
    for report in reports:
        if _is_part(report):
            groups[_folder(report), report.variant].append(report)
    found: list[SpooledReport] = []
    done: set[tuple[str, str]] = set()
    for report in reports:
        key = (_folder(report), report.variant)
        parts = groups.get(key, [])
        if not (_is_part(report) and _is_results(parts)):
            found.append(report)
        elif key not in done:
            done.add(key)
            found.append(_bundle(folder, key[0], parts))
    return found


def _folder(report: SpooledReport) -> str:
    folder = PurePosixPath(report.name).parent.as_posix()
    return "" if folder == "." else folder


def _is_part(report: SpooledReport) -> bool:
    return _PART.fullmatch(PurePosixPath(report.name).name) is not None


def _is_results(parts: Sequence[SpooledReport]) -> bool:
    return len(parts) > 1 and any(
        _RESULT.fullmatch(PurePosixPath(part.name).name) for part in parts
    )


def _bundle(folder: Path, name: str, parts: Sequence[SpooledReport]) -> SpooledReport:
    """A tar of the files in the order of their names, without times, so that it is always the
    same; attachments are told by their names alone and left out.
    """
    kept = sorted(
        (part for part in parts if _KEPT.fullmatch(PurePosixPath(part.name).name)),
        key=lambda part: (part.name, part.sha256),
    )
    stored = spool.store(folder, _tar(kept))
    return replace(
        kept[0],
        path=stored.path,
        name=name or "allure-results",
        sha256=stored.sha256,
        size=stored.size,
    )


def _tar(parts: Sequence[SpooledReport]) -> Iterator[bytes]:
    for part in parts:
        header = tarfile.TarInfo(PurePosixPath(part.name).name)
        header.size = part.size
        yield header.tobuf(tarfile.PAX_FORMAT)
        with part.path.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece
        yield bytes(-part.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)
