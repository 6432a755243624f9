"""The check at the start that a second writer is kept out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import peewee
import pytest

from tracker.errors import StorageError
from tracker.store import sqlite
from tracker.store.connection import close_store, open_store
from tracker.store.sqlite import selftest
from tracker.store.sqlite.selftest import check_exclusion

pytestmark = pytest.mark.sqlite


def test_transactions_exclude_each_other_here(tmp_path: Path) -> None:
    assert check_exclusion(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("is_known", "times"), [(True, 1), (False, 2)])
def test_a_file_system_is_asked_once_by_a_process_unless_it_could_not_tell(
    is_known: bool, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(sqlite, "_EXCLUSIVE", set())
    monkeypatch.setattr(sqlite, "check_exclusion", lambda at: asked.append(at) or is_known)
    for name in ("a", "b"):
        open_store(tmp_path / f"{name}.db")
        close_store()
    assert len(asked) == times


def test_a_peewee_that_ignores_the_lock_type_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Older(peewee.SqliteDatabase):
        def __init__(self, path: str, lock_type: str, timeout: int) -> None:
            super().__init__(path, timeout=timeout)

    older = SimpleNamespace(SqliteDatabase=Older, OperationalError=peewee.OperationalError)
    monkeypatch.setattr(selftest, "peewee", older)
    with pytest.raises(StorageError, match="do not exclude each other"):
        check_exclusion(tmp_path)
