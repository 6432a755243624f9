"""Totals that were damaged are those of the results again after a rebuild."""

from __future__ import annotations

import pytest

from tests.factories import history, report, upload
from tracker.queries.dump import lines
from tracker.store.connection import writing
from tracker.store.judging import rebuild
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

TOTALS = "SELECT total, passed, failed, error, skipped, unknown, damaged FROM build ORDER BY number"


def test_totals_and_damaged_reports_are_counted_anew() -> None:
    history("nightly", login="P F E S U", other="P P P P P")
    upload("nightly", 6, report(login="P"), report("b.xml", failure="It is no XML."))
    before, told = run(TOTALS), list(lines())
    assert before[-1] == (1, 1, 0, 0, 0, 0, 1)
    with writing():
        run("UPDATE build SET total = total + 7, passed = 0, error = 3, damaged = 5")
    rebuild()
    assert run(TOTALS) == before
    assert list(lines()) == told


def test_totals_of_a_build_whose_results_were_let_go_are_kept() -> None:
    history("nightly", login="P F")
    before = run(TOTALS)
    with writing():
        run("UPDATE build SET let_go = 5, damaged = 1 WHERE number = 1")
        run("DELETE FROM result WHERE build_id IN (SELECT id FROM build WHERE number = 1)")
    rebuild()
    assert run(TOTALS) == before


def test_nothing_is_written_where_all_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    history("nightly", login="P F")
    monkeypatch.setattr("tracker.store.totals.writing", None)  # it would be called
    rebuild()
