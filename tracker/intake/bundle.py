"""Loose files that only together are a report: Allure's, one for each result and each fixture.

They are laid into one tar of the spool, as if they had been sent so, and called by the folder and
its digest: more files of the folder may come later. Allure itself finds its files by these names;
whether they are what they are called is for the parser to see.
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

_PART = re.compile(r".+-(result|container)\.json")
_BESIDE = re.compile(r"(categories|executor)\.json|.+-attachment(\..*)?")
PIECE = 1024 * 1024
HEAD = 64 * 1024
_SIGN = b'"uuid"'


def bundled(folder: Path, reports: Sequence[SpooledReport]) -> list[SpooledReport]:
    """The reports, with the loose files of each Allure folder as one in place of the first."""
    groups: dict[tuple[str, str], list[SpooledReport]] = defaultdict(list)
    is_part = [_is_part(report) for report in reports]
    for report, is_one in zip(reports, is_part, strict=True):
        if is_one:
            groups[_folder(report), report.variant].append(report)
    found: list[SpooledReport] = []
    for report, is_one in zip(reports, is_part, strict=True):
        parts = groups.get((_folder(report), report.variant), [])
        if not _is_results(parts) or not (is_one or _lies_beside(report)):
            found.append(report)
        elif report is parts[0]:
            found.append(_bundle(folder, _folder(report), parts))
    return found


def _folder(report: SpooledReport) -> str:
    folder = PurePosixPath(report.name).parent.as_posix()
    return "" if folder == "." else folder


def _is_part(report: SpooledReport) -> bool:
    """Whether a file is Allure's, and not only called like one: others write JSON too."""
    if not _PART.fullmatch(PurePosixPath(report.name).name):
        return False
    with report.path.open("rb") as stream:
        return _SIGN in stream.read(HEAD)


def _is_results(parts: Sequence[SpooledReport]) -> bool:
    return len(parts) > 1 and any(part.name.endswith("-result.json") for part in parts)


def _lies_beside(report: SpooledReport) -> bool:
    """Whether it is called as what results refer to, and is told by its name alone."""
    return _BESIDE.fullmatch(PurePosixPath(report.name).name) is not None


def _bundle(folder: Path, name: str, parts: Sequence[SpooledReport]) -> SpooledReport:
    """A tar of the files in the order of their names, without times, so that it is always the
    same; attachments are told by their names alone and left out.
    """
    kept = sorted(parts, key=lambda part: (part.name, part.sha256))
    stored = spool.store(folder, _tar(kept))
    return replace(
        kept[0],
        path=stored.path,
        name=f"{name or 'allure-results'} ({stored.sha256[:8]})",
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
