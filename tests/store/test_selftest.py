"""The check at the start that a second writer is kept out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import peewee
import pytest

from tracker.errors import StorageError
from tracker.store import selftest
from tracker.store.selftest import check_exclusion

pytestmark = pytest.mark.sqlite


def test_transactions_exclude_each_other_here(tmp_path: Path) -> None:
    check_exclusion(tmp_path)
    assert list(tmp_path.iterdir()) == []


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
