"""What a tracker with a SQLite file exported, in one whose store is in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operations.test_import import HEAD, exported, forged, record_and_let_go, state, take
from tests.operations.test_import import short as short
from tests.store.fresh import lay_out
from tracker.operations.imports import import_lines
from tracker.store import catalogue
from tracker.store.connection import open_store
from tracker.store.sql import run


def test_an_export_of_a_file_says_the_same(short: None, tmp_path: Path, store: str) -> None:
    told = catalogue.Catalogue(
        releases=(catalogue.ReleaseFacts("1.4", main_job="1.4/all"),),
        tests=(catalogue.TestFacts("1.4", "login", case_ref="C1"),),
        issues=(catalogue.IssueFacts("SHOP-1", refs=("C1",)),),
    )
    path = lay_out(tmp_path / "tracker.db")
    open_store(path)
    catalogue.take_catalogue(told, now=0)
    record_and_let_go()
    expected, export = state(), exported()
    open_store(store)
    take(export)
    assert state() == expected
    assert not catalogue.would_change(told)
    assert take(exported()).others == 0


@pytest.mark.parametrize("wrong", [{"last_build": "soon"}, {"is_active": "maybe"}])
def test_a_value_that_cannot_be_there_is_told(store: str, wrong: dict[str, object]) -> None:
    values = {"name": "1.4", "is_active": True, "main_job": "", "last_build": None, "branch": ""}
    fact = {"kind": "fact", "table": "release", "values": {**values, **wrong}}
    assert "means nothing" in import_lines(forged(HEAD, fact), now=0).trouble
    assert run("SELECT count(*) FROM release") == [(0,)]
