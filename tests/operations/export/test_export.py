"""Exports for other programs: flat tables in three formats, and the file they are written to."""

from __future__ import annotations

import builtins
import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DAY, NOW, history, jenkins, key_of, report
from tracker.errors import UsageError
from tracker.operations.export.everything import lines
from tracker.operations.export.formats import FORMATS, guarded
from tracker.operations.export.selection import Selection
from tracker.operations.export.tables import TABLES, rows

STARTED = "2026-11-18T11:06:40.000Z"


def written(form: str, what: str, selection: Selection | None = None) -> bytes:
    """A table as a format has it."""
    out = io.BytesIO()
    FORMATS[form](TABLES[what], rows(TABLES[what], selection or Selection()), out)
    return out.getvalue()


def as_csv(what: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written("csv", what).decode(), newline="")))


@pytest.fixture
def nightly(store: Path) -> None:
    """A build of a job with a test that fails."""
    jenkins("nightly", 1, report(login="P", logout="P"), started=NOW, duration=1500)
    jenkins("nightly", 2, report(login="F", logout="P"), result="UNSTABLE", started=NOW)


def test_results_are_a_row_each(nightly: None) -> None:
    failed = {row["build"]: row for row in as_csv("results") if row["name"] == "login"}
    assert failed["2"] == {
        "job": "nightly",
        "build": "2",
        "started": STARTED,
        "key": key_of("login"),
        "suite": "s",
        "name": "login",
        "variant": "",
        "status": "failed",
        "duration": "0.5",
        "type": "",
        "message": "it failed",
    }
    assert failed["1"]["status"] == "passed"


def test_builds_are_a_row_each_with_their_counts(nightly: None) -> None:
    first, second = as_csv("builds")
    assert (first["build"], first["duration"], first["complete"]) == ("1", "1.5", "True")
    assert (second["result"], second["total"], second["failed"]) == ("UNSTABLE", "2", "1")
    assert second["regressions"] == "1"


def test_verdicts_are_a_row_for_each_state_of_a_test(nightly: None) -> None:
    [row] = as_csv("verdicts")
    assert (row["name"], row["state"], row["from"], row["until"]) == (
        "login",
        "regression",
        "2",
        "",
    )
    assert row["sentence"].startswith("1 failure; by chance")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "'"]
)
def test_a_text_that_a_spreadsheet_takes_for_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@given(st.text())
def test_a_guard_that_is_taken_away_gives_the_text_back(text: str) -> None:
    told = guarded(text) or ""
    assert told.removeprefix("'") == text or told == text
    assert not (told.startswith("'") and told[1:] != text)


def test_names_are_guarded_and_numbers_are_not(store: Path) -> None:
    jenkins("nightly", 1, report(message="=HYPERLINK(1)", **{"-x": "F"}))
    [row] = as_csv("results")
    assert (row["name"], row["message"], row["duration"]) == ("'-x", "'=HYPERLINK(1)", "0.5")


def test_csv_keeps_line_ends_and_quotes_of_texts(store: Path) -> None:
    jenkins("nightly", 1, report(message='a "b"\r\nc, d\n', login="F"))
    assert as_csv("results")[0]["message"] == 'a "b"\r\nc, d\n'


def test_json_lines_have_an_object_a_row(nightly: None) -> None:
    found = [json.loads(line) for line in written("jsonl", "results").splitlines()]
    assert len(found) == 4
    assert {row["status"] for row in found} == {"passed", "failed"}
    assert found[0]["duration"] == 0.5


def test_parquet_has_typed_columns(nightly: None, tmp_path: Path) -> None:
    (tmp_path / "builds.parquet").write_bytes(written("parquet", "builds"))
    table = pyarrow.parquet.read_table(tmp_path / "builds.parquet")
    assert [str(table.schema.field(name).type) for name in ("started", "total", "complete")] == [
        "timestamp[ms, tz=UTC]",
        "int64",
        "bool",
    ]
    assert table.column("duration").to_pylist() == [1.5, None]
    assert table.column("started")[0].as_py().isoformat() == "2026-11-18T11:06:40+00:00"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("what", TABLES)
def test_a_table_without_rows_can_be_written(store: Path, form: str, what: str) -> None:
    assert isinstance(written(form, what), bytes)


def test_parquet_without_its_library_names_the_extra(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"regression-tracker\[parquet\]"):
        written("parquet", "results")


def test_builds_before_a_time_are_left_out(nightly: None) -> None:
    jenkins("nightly", 3, report(login="P"), started=NOW + DAY)
    late = Selection(since=NOW + 1)
    assert len(written("jsonl", "builds", late).splitlines()) == 1
    assert len(written("jsonl", "results", late).splitlines()) == 1


def test_jobs_are_selected_by_patterns(store: Path) -> None:
    history("team/nightly", login="P")
    history("team/smoke", login="P")
    history("other", login="P")
    found = written("jsonl", "builds", Selection(("team/*", "!*/smoke"))).splitlines()
    assert [json.loads(line)["job"] for line in found] == ["team/nightly"]


def test_an_export_has_no_token_server_or_person(store: Path) -> None:
    history("nightly", login="F")
    kinds = {json.loads(line)["kind"] for line in lines(Selection(), now=NOW)}
    assert kinds == {"export", "job", "build", "report", "result", "sum", "end"}


def test_no_text_of_a_csv_begins_a_cell_inside(store: Path) -> None:
    """Some spreadsheets take `;` and tabs for separators, too, but not inside quotes."""
    history("nightly", suite="s;=1+1", login="P")
    [_, row] = written("csv", "results").decode().splitlines()
    assert '"s;=1+1"' in row
