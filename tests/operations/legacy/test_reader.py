"""Reading files of the earlier application: whole, odd, locked, cut, and files that are none."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.operations.legacy.odd import JOB, MODULE, RELEASE, RESULT, change, make, small
from tracker.errors import Busy, StorageError, UsageError
from tracker.operations.legacy import reader
from tracker.operations.legacy.reader import opened
from tracker.operations.legacy.tables import LEFT_OUT, SCHEMA, LegacyResult


def test_all_rows_of_the_real_file_are_read(corpus: Path, expected: dict[str, Any]) -> None:
    tables = expected["tables"]
    with opened(corpus) as legacy:
        found = {
            "releases": len(legacy.releases),
            "modules": len(legacy.modules),
            "jobs": len(legacy.jobs),
            "test_results": sum(len(legacy.results(job)) for job in legacy.jobs),
            "testcase_metadata": len(legacy.metadata),
            "bug_metadata": len(legacy.bugs),
            "bug_testcase_mappings": len(legacy.mappings),
            **legacy.left_out,
        }
        assert legacy.schema == SCHEMA == expected["schema_head"]
        assert legacy.unknown == ()
    assert found == {name: tables[name] for name in found}
    assert found.keys() == tables.keys() - {"alembic_version"}


def test_the_tables_that_are_left_out_are_those_of_the_real_file(corpus: Path) -> None:
    with opened(corpus) as legacy:
        assert legacy.left_out.keys() == LEFT_OUT.keys()


def test_a_file_is_read_and_not_touched(corpus: Path) -> None:
    before = (corpus.read_bytes(), corpus.stat().st_mtime_ns, {*corpus.parent.iterdir()})
    corpus.chmod(0o400)
    with opened(corpus):
        pass
    assert (corpus.read_bytes(), corpus.stat().st_mtime_ns, {*corpus.parent.iterdir()}) == before


def test_what_changes_while_it_is_read_is_not_seen(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    with opened(path) as legacy:
        change(path, "DELETE FROM test_results")  # nothing is locked
        assert len(legacy.results(legacy.jobs[0])) == 1


def one(path: Path) -> LegacyResult:
    with opened(path) as legacy:
        [row] = legacy.results(legacy.jobs[0])
        return row


def test_what_is_null_or_not_there_is_empty(tmp_path: Path) -> None:
    row = one(small(tmp_path / "a.db", results=[{"job_id": 1}]))
    assert row == LegacyResult(None, "", "", "", "", "", "", None, None, None, "", "", "", None, "")


def test_values_of_another_type_are_read_as_what_they_stand_for(tmp_path: Path) -> None:
    odd = {**RESULT, "test_name": 7, "order_index": "no number", "was_rerun": 1.0}
    row = one(small(tmp_path / "a.db", results=[odd]))
    assert (row.test_name, row.order_index, row.was_rerun) == ("7", None, 1)


def test_bytes_that_are_no_text_are_marked(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    change(path, "UPDATE test_results SET test_name = CAST(? AS TEXT)", b"a\xffb")
    assert one(path).test_name == "a�b"


def test_columns_and_tables_that_are_not_known_are_named(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.db",
        releases=[{**RELEASE, "colour": "red"}],
        owners=[{"name": "nobody"}],
    )
    with opened(path) as legacy:
        assert legacy.unknown == ("owners", "releases.colour")


@pytest.mark.parametrize(("schema", "read"), [("0123456789ab", "0123456789ab"), (None, "")])
def test_another_schema_is_told_and_read_by_its_columns(
    tmp_path: Path, schema: str | None, read: str
) -> None:
    path = make(tmp_path / "a.db", schema, releases=[RELEASE], modules=[MODULE], jobs=[JOB])
    with opened(path) as legacy:
        assert (legacy.schema, len(legacy.jobs)) == (read, 1)


def test_a_file_that_lacks_optional_tables_and_columns_is_read(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    change(path, "DROP TABLE bug_metadata")
    change(path, "ALTER TABLE test_results DROP COLUMN was_rerun")
    assert one(path).was_rerun is None
    with opened(path) as legacy:
        assert legacy.bugs == ()


@pytest.mark.parametrize(
    ("statement", "lacking"),
    [
        ("DROP TABLE modules", "it has no modules"),
        ("ALTER TABLE jobs DROP COLUMN module_id", "it has no jobs.module_id"),
    ],
)
def test_a_database_of_something_else_is_refused(
    tmp_path: Path, statement: str, lacking: str
) -> None:
    path = small(tmp_path / "a.db")
    change(path, statement)
    with pytest.raises(UsageError, match=lacking), opened(path):
        pass


@pytest.mark.parametrize("data", [b"", b"no database at all", b"PK\x03\x04" + bytes(2000)])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"no SQLite database.*DATABASE_URL"), opened(path):
        pass


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no file"), opened(tmp_path / "pipe"):
        pass


def test_an_error_of_another_database_is_not_said_of_this_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), opened(small(tmp_path / "a.db")):
        sqlite3.connect(":memory:").execute("SELECT * FROM nothing")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"), opened(tmp_path / "a.db"):
        pass


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_file_that_is_cut_is_refused(corpus: Path, share: float) -> None:
    data = corpus.read_bytes()
    corpus.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(StorageError, match=r"damaged.*Nothing was imported"), opened(corpus):
        pass


def test_a_file_with_a_spoilt_page_is_refused(corpus: Path) -> None:
    data = bytearray(corpus.read_bytes())
    data[3 * 1024 : 9 * 1024] = b"\xa5" * 6 * 1024
    corpus.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"), opened(corpus):
        pass


def test_a_file_that_stays_locked_is_refused(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "WAIT_SECONDS", 0.05)
    writer = sqlite3.connect(corpus, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Busy, match=r"locked.*Try again"), opened(corpus):
        pass
    writer.close()


def test_a_transaction_that_is_open_does_not_keep_the_file_from_being_read(corpus: Path) -> None:
    writer = sqlite3.connect(corpus, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM releases")
    with opened(corpus) as legacy:
        assert len(legacy.releases) == 2
    writer.close()


def test_a_file_left_in_the_middle_of_a_write_is_refused(corpus: Path, tmp_path: Path) -> None:
    """The journal of a writer that was killed stands beside the file, which is half changed."""
    writer = sqlite3.connect(corpus, isolation_level=None)
    writer.execute("PRAGMA cache_size = 2")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE test_results SET failure_message = hex(randomblob(2000))")
    left = tmp_path / "left.db"
    shutil.copy(corpus, left)
    shutil.copy(f"{corpus}-journal", f"{left}-journal")
    writer.execute("ROLLBACK")
    writer.close()
    with pytest.raises(StorageError, match="in the middle of a write"), opened(left):
        pass


def test_a_file_with_a_write_ahead_log_is_read_with_what_is_in_it(corpus: Path) -> None:
    writer = sqlite3.connect(corpus)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE releases SET name = '9.9' WHERE id = 1")
    writer.commit()
    with opened(corpus) as legacy:
        assert legacy.releases[0].name == "9.9"
    writer.close()
