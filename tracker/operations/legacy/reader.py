"""Reading a database of the earlier application, which may be in use, without touching it.

The file is copied first, under a read lock that lasts as long as the copying: what is read is one
state, and the other program can go on writing at once. No index of it is relied upon, rows may
point to rows that are not there, and columns may be there that we do not know.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tracker.errors import UsageError
from tracker.operations.legacy.faults import damaged, faults_of
from tracker.operations.legacy.tables import (
    LEFT_OUT,
    NEEDED,
    NOT_READ,
    TABLES,
    LegacyBug,
    LegacyJob,
    LegacyMapping,
    LegacyMetadata,
    LegacyModule,
    LegacyRelease,
    LegacyResult,
    statement,
)
from tracker.store.sqlite.driver import sqlite3

MAGIC = b"SQLite format 3\0"
WAIT_SECONDS = 10
_WHERE = "Name the earlier application's file; its DATABASE_URL says where that is."
_INDEX = "CREATE INDEX tracker_results_of_job ON test_results (job_id)"


@dataclass(frozen=True)
class LegacyDatabase:
    """All that is read at once; results are read build by build.

    `schema` is the version that the file says it has. `unknown` names tables and columns that are
    not known here. `left_out` are the rows of each table that has no counterpart.
    """

    path: Path
    schema: str
    releases: tuple[LegacyRelease, ...]
    modules: tuple[LegacyModule, ...]
    jobs: tuple[LegacyJob, ...]
    metadata: tuple[LegacyMetadata, ...]
    bugs: tuple[LegacyBug, ...]
    mappings: tuple[LegacyMapping, ...]
    settings: Mapping[str, str]
    left_out: Mapping[str, int]
    unknown: tuple[str, ...]
    _connection: sqlite3.Connection
    _columns: Mapping[str, frozenset[str]]

    def results(self, job: LegacyJob) -> list[LegacyResult]:
        """The results of a build, in the order of their ids."""
        select = statement("test_results", self._columns["test_results"])
        with faults_of(self.path):
            rows = _fetched(self._connection, f"{select} WHERE job_id = ? ORDER BY id", job.id)
        return list(map(LegacyResult._make, rows))

    def count_results(self) -> int:
        """How many rows of results there are, whether their build is there or not."""
        [(count,)] = self._connection.execute("SELECT count(*) FROM test_results")
        return int(count)


@contextmanager
def opened(path: Path) -> Iterator[LegacyDatabase]:
    """A state of the database; UsageError for a file that is none, Busy while it is locked.

    StorageError for one that is damaged, cut off, or was left in the middle of a write.
    """
    _check_is_file(path)
    _check_header(path)
    with (
        tempfile.TemporaryDirectory(prefix="tracker-legacy-") as folder,
        closing(sqlite3.connect(Path(folder) / "copy.db")) as copy,
    ):
        # What goes wrong meanwhile is said of this file; what goes wrong later is not its fault.
        with faults_of(path):
            _copy(path, copy)
            legacy = _read(path, copy)
        yield legacy


def _check_is_file(path: Path) -> None:
    """A pipe would be waited for without an end."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file.", _WHERE)


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            head = stream.read(len(MAGIC))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", _WHERE) from error
    if head != MAGIC:
        raise UsageError(f"{path} is no SQLite database.", _WHERE)


def _copy(path: Path, target: sqlite3.Connection) -> None:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS)) as source:
        target.execute("PRAGMA synchronous = OFF")
        source.execute("SELECT count(*) FROM sqlite_master").fetchall()  # waits while it is locked
        source.backup(target)
    _check_pages(target, path)


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    [(said,)] = connection.execute("PRAGMA quick_check(1)")
    if said != "ok":
        raise damaged(path, str(said).splitlines()[0])


def _read(path: Path, connection: sqlite3.Connection) -> LegacyDatabase:
    columns = _columns(connection)
    _check_tables(path, columns)
    connection.execute(_INDEX)

    def rows(table: str) -> tuple[object, ...]:
        if table not in columns:
            return ()
        order = " ORDER BY id" if "id" in columns[table] else ""
        found = _fetched(connection, f"{statement(table, columns[table])}{order}")
        return tuple(map(TABLES[table]._make, found))

    return LegacyDatabase(
        path=path,
        schema=_schema(connection, columns),
        releases=cast(tuple[LegacyRelease, ...], rows("releases")),
        modules=cast(tuple[LegacyModule, ...], rows("modules")),
        jobs=cast(tuple[LegacyJob, ...], rows("jobs")),
        metadata=cast(tuple[LegacyMetadata, ...], rows("testcase_metadata")),
        bugs=cast(tuple[LegacyBug, ...], rows("bug_metadata")),
        mappings=cast(tuple[LegacyMapping, ...], rows("bug_testcase_mappings")),
        settings=_settings(connection, columns),
        left_out=_left_out(connection, columns),
        unknown=_unknown(columns),
        _connection=connection,
        _columns=columns,
    )


def _fetched(connection: sqlite3.Connection, sql: str, *values: object) -> list[Any]:
    """The rows of a statement; bytes that are no UTF-8 become U+FFFD."""
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
    # A function that is called for each text takes half the time of reading.
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection.execute(sql, values).fetchall()


def _columns(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """The columns of each table."""
    rows = connection.execute(
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return {table: frozenset(names) for table, names in found.items()}


def _check_tables(path: Path, columns: Mapping[str, frozenset[str]]) -> None:
    lacking = [
        table if table not in columns else f"{table}.{name}"
        for table, names in NEEDED.items()
        for name in (sorted(names - columns[table]) if table in columns else [""])
    ]
    if lacking:
        raise UsageError(
            f"{path} is not a database of the earlier application: it has no {lacking[0]}"
            + (f", and lacks {len(lacking) - 1} more." if len(lacking) > 1 else "."),
            _WHERE,
        )


def _schema(connection: sqlite3.Connection, columns: Mapping[str, frozenset[str]]) -> str:
    if "version_num" not in columns.get("alembic_version", ()):
        return ""
    rows = connection.execute("SELECT version_num FROM alembic_version ORDER BY 1").fetchall()
    return ", ".join(str(row[0]) for row in rows)


def _settings(
    connection: sqlite3.Connection, columns: Mapping[str, frozenset[str]]
) -> dict[str, str]:
    if not {"key", "value"} <= columns.get("app_settings", frozenset()):
        return {}
    rows = connection.execute("SELECT key, coalesce(value, '') FROM app_settings ORDER BY key")
    return {str(key): str(value) for key, value in rows}


def _left_out(
    connection: sqlite3.Connection, columns: Mapping[str, frozenset[str]]
) -> dict[str, int]:
    return {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in LEFT_OUT
        if table in columns
    }


def _unknown(columns: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Tables that are not known here, and columns of those that are read."""
    tables = columns.keys() - TABLES.keys() - LEFT_OUT.keys() - {"alembic_version"}
    fields = {
        f"{table}.{name}"
        for table, kind in TABLES.items()
        for name in columns.get(table, frozenset()) - NOT_READ[table] - set(kind._fields)
    }
    return (*sorted(tables), *sorted(fields))
