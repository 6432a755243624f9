"""A published site as its folder tells of it: what a generation is called and says it holds."""

from __future__ import annotations

from pathlib import Path

import msgspec

MANIFEST = "manifest.json"


class Manifest(msgspec.Struct, frozen=True):
    """What a generation holds: on which revision each page depends, the SHA-256 of each file.

    `links` has, by page, the pages it links to that may vanish without a change of that revision.
    """

    generation: int
    published: int
    revision: int
    made_with: str
    pages: dict[str, str]
    files: dict[str, str]
    links: dict[str, list[str]]


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_MANIFEST = msgspec.json.Decoder(Manifest)


def read_manifest(site: Path) -> Manifest | None:
    """The manifest of a generation; None where it is missing or not whole."""
    try:
        return load_manifest(site)
    except (OSError, msgspec.DecodeError):
        return None


def load_manifest(site: Path) -> Manifest:
    """The manifest of a generation; OSError or msgspec.DecodeError tells why there is none."""
    return _MANIFEST.decode((site / MANIFEST).read_bytes())


def generation_name(number: int) -> str:
    """What the folder of a generation is called."""
    return f"{number:06}"
