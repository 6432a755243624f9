"""A look at every page: what it finds is told, and nothing is written into such a file any more."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.factories import history
from tests.faults.random_bytes import lose_index_rows, spoil_page
from tracker.errors import StorageError
from tracker.queries.jobs import names
from tracker.store.connection import close_store, open_store, writing
from tracker.store.engine import engine
from tracker.store.probe import probe
from tracker.store.revisions import raise_revision
from tracker.store.sql import run
from tracker.store.sqlite.damage import look_for_damage, mark_of

pytestmark = pytest.mark.sqlite
DAMAGED = r"The database is damaged \(.*\): nothing is written into it"


@pytest.fixture
def whole(store: Path) -> Path:
    """A database with a history, open."""
    history("nightly", login="P F P", logout="P P P")
    return store


@pytest.fixture
def spoilt(whole: Path) -> Path:
    """The same with a spoilt page, beyond those that an opening reads, open and looked at."""
    close_store()
    spoil_page(whole, "result")
    open_store(whole)
    assert look()
    return whole


def look(*, is_thorough: bool = False) -> str:
    """What a look finds."""
    return engine().look_for_damage(lambda: False, is_thorough=is_thorough)


def on_disk(path: Path) -> list[bytes]:
    """The database and its log of writes."""
    log = path.with_name(f"{path.name}-wal")
    return [each.read_bytes() for each in (path, log) if each.exists()]


def write() -> None:
    """What any writer does."""
    with writing():
        raise_revision()


def test_in_a_whole_file_nothing_is_found(whole: Path) -> None:
    assert (look(), look(is_thorough=True)) == ("", "")
    write()


def test_what_is_found_names_the_page(spoilt: Path) -> None:
    assert re.search(r"(?i)page \d+.*error code", mark_of(spoilt).read_text())


@pytest.mark.parametrize("steps", [1, 500], ids=["of the schema", "of a table"])
def test_a_page_that_the_disk_cannot_read_is_found(
    whole: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr("tracker.store.sqlite.damage._STEPS_BETWEEN_LOOKS", steps)
    close_store()

    def fail() -> bool:
        """SQLite's own descriptors can be read no more."""
        for each in Path("/proc/self/fd").iterdir():
            if each.exists() and each.samefile(whole):
                unreadable = os.open(whole, os.O_WRONLY)
                os.dup2(unreadable, int(each.name))
                os.close(unreadable)
        return False

    assert re.search("disk I/O|ailed to read|unable to get", look_for_damage(whole, fail))
    assert mark_of(whole).exists()


def test_a_look_that_is_kept_from_looking_says_so(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.sqlite.damage._STEPS_BETWEEN_LOOKS", 1)
    over = iter([True])
    with pytest.raises(StorageError, match=r"could be looked at \(SQLite: interrupted"):
        look_for_damage(whole, lambda: next(over, False))


def test_a_file_that_is_gone_is_out_of_reach(whole: Path) -> None:
    whole.unlink()
    with pytest.raises(StorageError, match="is out of reach: No such file"):
        look()


def test_what_was_found_is_said_where_it_cannot_be_kept(spoilt: Path) -> None:
    mark_of(spoilt).unlink()
    mark_of(spoilt).mkdir()
    with pytest.raises(StorageError, match=r"is damaged \(Page .*cannot be written"):
        look()


def test_nothing_is_written_into_a_damaged_file(spoilt: Path) -> None:
    before = on_disk(spoilt)
    with pytest.raises(StorageError, match=DAMAGED):
        write()
    assert on_disk(spoilt) == before


def test_a_row_that_refers_to_none_keeps_nobody_from_writing(whole: Path) -> None:
    run("PRAGMA foreign_keys = 0")
    run("UPDATE report SET build_id = build_id + 99")
    run("PRAGMA foreign_keys = 1")
    assert (look(), look(is_thorough=True)) == ("", "")
    write()


def test_an_index_that_lacks_a_row_is_told_and_keeps_nobody_from_writing(whole: Path) -> None:
    close_store()
    lose_index_rows(whole, "report")
    open_store(whole)
    assert look() == ""
    assert "missing from index" in look(is_thorough=True)
    assert not mark_of(whole).exists()
    write()


def test_a_page_that_no_table_has_is_looked_at(whole: Path) -> None:
    run("CREATE TABLE gone (x)")
    run("DROP TABLE gone")
    close_store()
    spoil_page(whole, None)
    open_store(whole)
    assert "freelist" in look()


def test_a_disk_that_has_another_number_since_a_reboot_is_the_same(
    spoilt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.stat

    def elsewhere(path: Path, **more: bool) -> os.stat_result:
        found = list(stat(path, **more))
        return os.stat_result([*found[:2], found[2] + 1, *found[3:]])

    monkeypatch.setattr("os.stat", elsewhere)
    with pytest.raises(StorageError, match=DAMAGED):
        write()


def test_damage_that_was_found_while_the_file_was_replaced_is_not_that_of_the_new_one(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.sqlite.damage._STEPS_BETWEEN_LOOKS", 1)
    close_store()
    copy = tmp_path / "copy.db"
    shutil.copy(whole, copy)
    spoil_page(whole, "result")

    def replace() -> bool:
        if copy.exists():
            copy.replace(whole)
        return False

    assert look_for_damage(whole, replace)
    open_store(whole)
    write()


def test_what_can_be_read_is_read(spoilt: Path) -> None:
    assert names() == ["nightly"]


def test_a_probe_tells_of_damage(spoilt: Path) -> None:
    found = probe(spoilt, 1)
    assert found.is_damaged
    assert "The database is damaged" in found.unreadable


def test_a_restored_file_is_another_one(spoilt: Path, tmp_path: Path) -> None:
    close_store()
    spoilt.rename(tmp_path / "former.db")
    shutil.copy(tmp_path / "former.db", spoilt)
    open_store(spoilt)
    write()


def test_a_look_that_finds_nothing_takes_it_back(spoilt: Path) -> None:
    mark = mark_of(spoilt).read_text()
    close_store()
    spoilt.unlink()
    open_store(spoilt)
    mark_of(spoilt).write_text(mark)
    assert look() == ""
    assert not mark_of(spoilt).exists()
    write()


def test_a_new_file_is_whole(spoilt: Path) -> None:
    close_store()
    spoilt.unlink()
    open_store(spoilt)
    write()


def test_who_removes_the_mark_has_repaired_it(spoilt: Path) -> None:
    mark_of(spoilt).unlink()
    write()


def test_a_look_that_is_over_says_nothing(spoilt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.store.sqlite.damage._STEPS_BETWEEN_LOOKS", 1)
    mark_of(spoilt).unlink()
    assert engine().look_for_damage(lambda: True) == ""
    assert not mark_of(spoilt).exists()
