"""The disks of home, raw reports and site: of which kind, and how much room is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.health import LEAST_FREE_MB, MEGABYTE, Word, filled

MOUNTS = Path("/proc/self/mounts")
LOW_MB = 1024
LOW_FILES = 10_000
LOCAL = "Put home on a local disk: stop everything, copy it there, name it with TRACKER_HOME."


@dataclass(frozen=True)
class Kind:
    """File systems whose type begins in one of these ways, and what that means for a database."""

    types: tuple[str, ...]
    verdict: Word
    words: str
    remedy: str


# The log of writes is shared through memory, which holds on one machine and a local disk alone.
KINDS = (
    Kind(
        ("nfs", "cifs", "smb", "ceph", "glusterfs", "lustre", "afs", "9p", "ocfs2", "gfs2"),
        "fail",
        "a network file system: the database would be damaged",
        LOCAL,
    ),
    Kind(
        ("fuse", "virtiofs", "vboxsf", "prl_fs"),
        "fail",
        "handed in from outside, and does not keep what SQLite needs of locks and memory",
        LOCAL,
    ),
    Kind(("tmpfs", "ramfs"), "warn", "kept in memory: a restart of the machine loses all", LOCAL),
    Kind(
        ("overlay", "aufs"),
        "warn",
        "the layer of a container: all is lost when the container is removed",
        "Mount a volume of a local disk at home.",
    ),
)
GOOD = Kind((), "pass", "a local file system", "")


def look_at_type(scene: Scene) -> Findings:
    """Whether the file system of home is one that the log of writes may live on."""
    home = _existing(scene.settings.home)
    name = type_of(home, MOUNTS.read_text(encoding="utf-8", errors="replace"))
    kind = next((kind for kind in KINDS if name.startswith(kind.types)), GOOD)
    yield Finding("file system", kind.verdict, f"{home} is on {name}, {kind.words}.", kind.remedy)


def type_of(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder is on, as a table of mounts tells."""
    found = ("", "a file system of an unknown type")
    for line in mounts.splitlines():
        _, point, name, *_ = line.split(" ")
        place = point.encode().decode("unicode_escape")
        if folder.is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, name)
    return found[1]


def look_at_space(scene: Scene) -> Findings:
    """Whether what recording fills and the site have room, once for each disk."""
    for folder in _one_a_disk(scene):
        yield _space(folder)


def _one_a_disk(scene: Scene) -> Iterator[Path]:
    settings = scene.settings
    folders = [_existing(folder) for folder in (*filled(settings), settings.output)]
    yield from {folder.stat().st_dev: folder for folder in reversed(folders)}.values()


def _space(folder: Path) -> Finding:
    told = os.statvfs(folder)
    free, files = told.f_bavail * told.f_frsize // MEGABYTE, told.f_favail
    words = f"{free:,} MB are free on the disk of {folder}"
    remedy = (
        "Make room: `tracker retention --help` says how to let go of old results, and the files"
        " *.before-* and old backups in home may be moved elsewhere."
    )
    if told.f_flag & os.ST_RDONLY:
        return Finding(
            "space",
            "fail",
            f"The disk of {folder} is mounted read-only: nothing is recorded any more.",
            "The log of the system says why (`journalctl -k`): a failing disk is made read-only.",
        )
    if free < LEAST_FREE_MB:
        return Finding("space", "fail", f"Only {words}: nothing is recorded any more.", remedy)
    if free < LOW_MB:
        return Finding("space", "warn", f"Only {words}.", remedy)
    if told.f_files and files < LOW_FILES:
        return Finding("space", "warn", f"Only {files:,} more files fit on {folder}.", remedy)
    return Finding("space", "pass", f"{words}.")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above that is there."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), Path("/"))
