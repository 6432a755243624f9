"""A published site as its folder tells of it: what a generation is called and says it holds."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

from tracker.decoding import UNDECODABLE

MANIFEST = "manifest.json"


class Head(msgspec.Struct, frozen=True):
    """Which generation it is, when it was published (ms), and what of."""

    generation: int
    published: int
    revision: int
    made_with: str


class Manifest(Head, frozen=True):
    """What a generation holds: on which revision each page depends, the SHA-256 of each file.

    `links` has, by page, the pages it links to that may vanish without a change of that revision.
    """

    pages: dict[str, str]
    files: dict[str, str]
    links: dict[str, list[str]]


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_MANIFEST = msgspec.json.Decoder(Manifest)
_HEAD = msgspec.json.Decoder(Head)


def read_manifest(site: Path) -> Manifest | None:
    """The manifest of a generation; None where it is missing or not whole."""
    try:
        return load_manifest(site)
    except (OSError, *UNDECODABLE):
        return None


def load_manifest(site: Path) -> Manifest:
    """The manifest of a generation; OSError or UNDECODABLE tell why there is none."""
    return _MANIFEST.decode((site / MANIFEST).read_bytes())


def read_head(site: Path) -> Head | None:
    """The head of a generation's manifest, which may be long: read once for each generation."""
    path = site / MANIFEST
    try:
        file = path.stat()
        return _head(path, file.st_ino, file.st_mtime_ns, file.st_size)
    except (OSError, *UNDECODABLE):
        return None


@functools.lru_cache(maxsize=1)
def _head(path: Path, *_file: int) -> Head:
    return _HEAD.decode(path.read_bytes())


def generation_name(number: int) -> str:
    """What the folder of a generation is called."""
    return f"{number:06}"
