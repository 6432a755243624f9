"""The disk: its type as the table of mounts tells it, and its room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.operations.doctor.scenes import only, scene
from tracker.operations.doctor import disk
from tracker.settings import Settings

MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
nas:/export /srv nfs4 rw,vers=4.2 0 0
/dev/sdb1 /srv/local xfs rw 0 0
//nas/share /mnt/with\\040space cifs rw 0 0
tmpfs /run tmpfs rw 0 0
sshfs /home/far fuse.sshfs rw 0 0
overlay /container overlay rw 0 0
none /srvother btrfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/var/lib/tracker", "ext4"),
        ("/srv/tracker", "nfs4"),
        ("/srv/local/tracker", "xfs"),
        ("/srvother/tracker", "btrfs"),
        ("/mnt/with space/tracker", "cifs"),
    ],
)
def test_the_innermost_mount_tells_the_type(folder: str, name: str) -> None:
    assert disk.type_of(Path(folder), MOUNTS) == name


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [
        ("/srv", "fail"),
        ("/mnt/with space", "fail"),
        ("/home/far", "fail"),
        ("/run", "warn"),
        ("/container", "warn"),
        ("/srv/local", "pass"),
        ("/", "pass"),
    ],
)
def test_only_a_local_file_system_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, verdict: str
) -> None:
    kind = disk.type_of(Path(folder), MOUNTS)
    table = tmp_path / "mounts"
    table.write_text(f"/dev/sda1 / {kind} rw 0 0\n")
    monkeypatch.setattr(disk, "MOUNTS", table)
    settings = Settings.load({}, home=tmp_path, output=tmp_path)
    assert only(disk.look_at_type(scene(settings))).verdict == verdict


@pytest.mark.parametrize(
    ("free_mb", "files", "flags", "verdict"),
    [
        (50_000, 1_000_000, 0, "pass"),
        (500, 1_000_000, 0, "warn"),
        (50, 1_000_000, 0, "fail"),
        (50_000, 100, 0, "warn"),
        (50_000, 1_000_000, os.ST_RDONLY, "fail"),
    ],
)
def test_little_room_is_told(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    free_mb: int,
    files: int,
    flags: int,
    verdict: str,
) -> None:
    blocks = free_mb * 256
    told = os.statvfs_result((4096, 4096, blocks, blocks, blocks, 10**7, files, files, flags, 255))
    monkeypatch.setattr(disk.os, "statvfs", lambda _: told)
    assert only(disk.look_at_space(scene(settings))).verdict == verdict
