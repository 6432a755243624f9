"""Reading a backup of PostgreSQL: the rows in it, without any server.

`pg_restore` writes the data as a script of COPY blocks, a row a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tracker.errors import StorageError
from tracker.operations.backup.programs import output_of
from tracker.store.sqlite.driver import sqlite3
from tracker.store.sqlite.filling import make_file
from tracker.store.versions import migrations

MAGIC = b"PGDMP"
HISTORY = "schema_migration"
_COPY = re.compile(rb'COPY (?:"?\w+"?\.)?"?(\w+)"? \((.*)\) FROM stdin;\n')
_END = b"\\.\n"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_FLAGS = {"t": 1, "f": 0}

Values = list[str | int | None]


@dataclass(frozen=True)
class Block:
    """The rows of one table, as lines of a script; to be read before the next block."""

    table: str
    columns: tuple[str, ...]
    lines: Iterator[bytes]

    def rows(self) -> Iterator[list[str | None]]:
        """Their values as texts."""
        for line in self.lines:
            yield [_value(part) for part in line.decode()[:-1].split("\t")]


def is_dump(path: Path) -> bool:
    """Whether a file begins as a backup of PostgreSQL does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def count_rows(dump: Path) -> dict[str, int]:
    """Read a backup from end to end; the rows of each table. StorageError where it is damaged."""
    found: Counter[str] = Counter()
    with output_of(["pg_restore", "--data-only", "--file=-", str(dump)]) as script:
        for block in _blocks(script):
            found[block.table] = sum(1 for _ in block.lines)
    return dict(found)


def rows_of(dump: Path, table: str) -> list[dict[str, str | None]]:
    """The rows of one table, by their columns."""
    arguments = ["pg_restore", "--data-only", f"--table={table}", "--file=-", str(dump)]
    with output_of(arguments) as script:
        return [
            dict(zip(block.columns, row, strict=True))
            for block in _blocks(script)
            for row in block.rows()
        ]


def make_file_of(dump: Path, target: Path) -> None:
    """Put all rows of a backup into the new SQLite file `target`, of the schema that it has.

    StorageError where it is damaged, none of the tracker, or of a newer version.
    """
    made = sorted(row["name"] or "" for row in rows_of(dump, HISTORY))
    if not made:
        raise StorageError(
            f"{dump} is no backup of the tracker.", "Name a file that `tracker backup` made."
        )
    if newer := sorted(set(made) - set(migrations())):
        raise StorageError(
            f"{dump} was made by a newer version (it has {', '.join(newer)}).",
            "Restore it with the version that took it, as its manifest names it.",
        )
    make_file(target, until=made[-1])
    with (
        closing(sqlite3.connect(target, isolation_level=None)) as file,
        output_of(["pg_restore", "--data-only", "--file=-", str(dump)]) as script,
    ):
        file.execute("PRAGMA synchronous = off")
        file.execute("BEGIN")
        for block in _blocks(script):
            if block.table != HISTORY:
                _fill(file, block, dump)
        file.execute("COMMIT")


def _fill(file: sqlite3.Connection, block: Block, dump: Path) -> None:
    kinds = {
        name: kind for _, name, kind, *_ in file.execute(f'PRAGMA table_info("{block.table}")')
    }
    numbers = [n for n, column in enumerate(block.columns) if kinds.get(column) == "INTEGER"]
    columns = ", ".join(f'"{column}"' for column in block.columns)
    marks = ", ".join("?" * len(block.columns))
    try:
        file.executemany(
            f'INSERT INTO "{block.table}" ({columns}) VALUES ({marks})',
            (_with_flags(row, numbers) for row in block.rows()),
        )
    except sqlite3.Error as error:
        if "full" in str(error):  # of the disk, not of the dump
            raise
        raise StorageError(
            f"In {dump} the rows of {block.table} cannot be read: {error}.", "Use another backup."
        ) from error


def _with_flags(row: list[str | None], numbers: list[int]) -> Values:
    """Flags are `t` and `f` in a script, and numbers in SQLite, which reads all other numbers."""
    values: Values = list(row)
    for place in numbers:
        if row[place] in _FLAGS:
            values[place] = _FLAGS[str(row[place])]
    return values


def _blocks(script: IO[bytes]) -> Iterator[Block]:
    for line in script:
        if found := _COPY.fullmatch(line):
            columns = tuple(name.strip().strip('"') for name in found[2].decode().split(","))
            lines = _lines(script)
            yield Block(found[1].decode(), columns, lines)
            for _ in lines:  # what nobody read
                pass


def _lines(script: IO[bytes]) -> Iterator[bytes]:
    for line in script:
        if line == _END:
            return
        yield line


def _value(part: str) -> str | None:
    if part == r"\N":
        return None
    return _ESCAPED.sub(_meant, part) if "\\" in part else part


def _meant(found: re.Match[str]) -> str:
    return _LETTERS.get(found[1], found[1])
