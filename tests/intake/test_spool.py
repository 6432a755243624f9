"""The spool: raw bytes are there whole, once, or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tracker.errors import StorageError
from tracker.intake import spool


def files(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def test_bytes_are_kept_under_their_digest(tmp_path):
    kept = spool.store(tmp_path, [b"ab", b"c"])
    assert kept.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert kept.size == 3
    assert kept.path == spool.path_of(tmp_path, kept.sha256)
    assert kept.path.read_bytes() == b"abc"


def test_the_same_bytes_are_kept_once(tmp_path):
    first = spool.store(tmp_path, [b"abc"])
    assert spool.store(tmp_path, [b"a", b"bc"]) == first
    assert files(tmp_path) == [first.path]


def test_a_file_that_is_safe_is_not_replaced_by_one_that_is_not_yet(tmp_path):
    safe = spool.store(tmp_path, [b"abc"])
    os.utime(safe.path, (10, 10))
    before = safe.path.stat()
    assert spool.store(tmp_path, [b"abc"], durable=False) == safe
    after = safe.path.stat()
    assert (after.st_ino, after.st_mtime > before.st_mtime) == (before.st_ino, True)
    assert files(tmp_path) == [safe.path]


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_that_was_cut_is_replaced_by_a_whole_one(tmp_path, durable):
    cut = spool.store(tmp_path, [b"abc"])
    cut.path.write_bytes(b"a")
    assert spool.store(tmp_path, [b"abc"], durable=durable).path.read_bytes() == b"abc"


def test_different_bytes_do_not_meet(tmp_path):
    kept = [spool.store(tmp_path, [str(n).encode()]) for n in range(50)]
    assert files(tmp_path) == sorted(each.path for each in kept)


def test_bytes_that_were_not_kept_leave_nothing_behind(tmp_path):
    with spool.writer(tmp_path) as out:
        out.write(b"abc")
    assert files(tmp_path) == []


def test_an_error_in_the_middle_leaves_nothing_behind(tmp_path):
    def chunks():
        yield b"abc"
        raise RuntimeError("the sender is gone")

    with pytest.raises(RuntimeError, match="gone"):
        spool.store(tmp_path, chunks())
    assert files(tmp_path) == []


def test_a_file_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    happened = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda fd: happened.append("sync") or fsync(fd))
    monkeypatch.setattr(
        Path, "rename", lambda self, to: happened.append("rename") or rename(self, to)
    )
    spool.store(tmp_path, [b"abc"])
    assert happened == ["sync", "sync", "rename", "sync"]  # the second: the name of a new folder


def test_a_failing_sync_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def fail(_descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match="Input/output error"):
        spool.store(tmp_path, [b"abc"])
    assert files(tmp_path) == []


def test_a_full_disk_is_told():
    with Path("/dev/full").open("wb", buffering=0) as full:
        out = spool.Writer(full, Path("/nowhere"))
        with pytest.raises(OSError, match="No space"):
            out.write(b"abc")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "spool").write_text("a file stands here")
    with pytest.raises(StorageError, match="cannot be written"):
        spool.store(tmp_path / "spool", [b"abc"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="cannot be written"):
        spool.store(tmp_path, [b"abc"])


def test_others_cannot_look_into_the_spool(tmp_path):
    kept = spool.store(tmp_path / "spool", [b"abc"])
    for path in (kept.path, kept.path.parent, tmp_path / "spool" / "incoming"):
        assert path.stat().st_mode & 0o077 == 0


def test_bytes_that_are_elsewhere_are_told_of(tmp_path):
    kept = spool.store(tmp_path / "here", [b"abc"])
    report = spool.SpooledReport(kept.path, "a.xml", kept.sha256, kept.size)
    spool.check_there(tmp_path / "here", [report])
    kept.path.unlink()
    with pytest.raises(StorageError, match=r"a\.xml are not in the spool .*here"):
        spool.check_there(tmp_path / "here", [report])


def test_what_broken_uploads_left_behind_is_removed_after_a_while(tmp_path):
    aside = tmp_path / "incoming"
    aside.mkdir()
    for name, seconds in (("old", 10), ("new", 30)):
        (aside / name).touch()
        os.utime(aside / name, (seconds, seconds))
    spool.tidy(tmp_path, older_than=20_000)
    assert files(tmp_path) == [aside / "new"]


def test_tidying_minds_nothing_that_another_process_removed_first(tmp_path, monkeypatch):
    (tmp_path / "incoming").mkdir()
    gone = tmp_path / "incoming" / "gone"
    monkeypatch.setattr(Path, "glob", lambda *_: iter([gone]))
    spool.tidy(tmp_path, older_than=20_000)
    assert files(tmp_path) == []
