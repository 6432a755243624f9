"""The published site as a validation sees it: its newest generation and what that should hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.decoding import UNDECODABLE
from tracker.published import MANIFEST, Manifest, load_manifest


@dataclass(frozen=True)
class Site:
    """The generation that readers see; `manifest` is None where it cannot be read, for `trouble`.

    It is read before the database is copied, so that a publish in between makes it no newer.
    """

    folder: Path
    manifest: Manifest | None
    trouble: str = ""


def read_site(output: Path) -> Site | None:
    """The generation that is published in `output`; None where nothing was ever published."""
    link = output / "site"
    if not link.is_symlink():
        return None
    folder = link.resolve()
    try:
        return Site(folder, load_manifest(folder))
    except OSError as error:
        return Site(folder, None, f"{folder / MANIFEST}: {error.strerror}")
    except UNDECODABLE as error:
        return Site(folder, None, f"{folder / MANIFEST}: {error}")


def wrong_files(site: Site, *, with_bytes: bool) -> Iterator[str]:
    """The files of a generation that are missing, or hold other bytes where these are read.

    A generation that was removed meanwhile, since newer ones were published, has none.
    """
    files = site.manifest.files if site.manifest else {}
    for name, digest in files.items():
        path = site.folder / name
        try:
            if with_bytes and _sha256(path) != digest:
                yield f"{name}: other bytes than the manifest says"
            elif not with_bytes and not path.is_file():
                yield f"{name}: not there"
        except FileNotFoundError:
            yield f"{name}: not there"
        if not site.folder.is_dir():
            return


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
