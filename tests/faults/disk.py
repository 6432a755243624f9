"""A disk of our own that can lose its power: ext4 in a file, mounted through a loop device."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

# From linux/ext4.h: what is not on the disk is lost, the journal is not written out before.
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
MEGABYTES = 512


@dataclass
class Disk:
    """The image and where it is mounted."""

    image: Path
    folder: Path

    def mount(self) -> None:
        """Mount it, which replays its journal."""
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.folder)], check=True)

    def unmount(self) -> None:
        """Unmount it, as soon as nobody uses it any more."""
        for _ in range(200):
            if subprocess.run(["umount", str(self.folder)], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.folder} stays in use")

    def cut_power(self) -> None:
        """From now on nothing reaches the disk, and what was only in memory is gone."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A new, empty, mounted disk; a test that cannot have one is skipped, with the reason."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own can only be mounted by root")
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed (Debian: e2fsprogs)")
    made = Disk(folder / "image", folder / "disk")
    made.folder.mkdir()
    with made.image.open("wb") as image:
        image.truncate(MEGABYTES * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(made.image)], check=True)
    try:
        made.mount()
    except subprocess.CalledProcessError:
        pytest.skip("this machine has no loop devices to mount a disk with")
    try:
        yield made
    finally:
        if made.folder.is_mount():
            made.unmount()
