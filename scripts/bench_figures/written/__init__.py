"""One made-up run as every tool would write it."""

from __future__ import annotations

from pathlib import Path

from scripts.bench_figures.written import json, lines, xml
from scripts.bench_figures.written.run import Writer, made_up

FOLDERS = frozenset({"allure"})
WRITERS: dict[str, Writer] = {**xml.WRITERS, **json.WRITERS, **lines.WRITERS}


def write(name: str, cases: int, folder: Path) -> Path:
    """The report of one format below `folder`; of Allure, a folder of one file a case."""
    pieces = WRITERS[name](made_up(cases))
    path = folder / name
    if name in FOLDERS:
        path.mkdir()
        for place, piece in enumerate(pieces):
            (path / f"{place:08}-result.json").write_bytes(_bytes(piece))
        return path
    with path.open("wb") as file:
        file.writelines(map(_bytes, pieces))
    return path


def _bytes(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode()
