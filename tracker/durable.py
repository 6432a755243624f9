"""Making bytes safe: what a crash of the machine must not take back."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from tracker.errors import StorageError


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; those of files in it are not enough by themselves."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Make all files of the file system durable at once.

    One `syncfs` costs about what four single files do; for thousands nothing else is usable.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(descriptor)


def own_as_folder(path: Path) -> None:
    """Give what root made to the owner of its folder: whoever runs the service has to open it."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        if path.stat().st_uid != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid)


def make_private(folder: Path) -> None:
    """Have a folder that is its owner's alone where it is made; StorageError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Name another one with --home or TRACKER_HOME.",
        ) from error
