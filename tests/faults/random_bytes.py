"""What a broken disk does to a database file: pages and bytes that are not what was written."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

PAGE = 4096
BYTES = 40


def spoil_page(path: Path, table: str | None) -> None:
    """Overwrite the first page of a table, or of the free ones, in a file that nobody has open."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
        [page] = row.fetchone() or [int.from_bytes(path.read_bytes()[32:36])]
    with path.open("r+b") as out:
        out.seek((page - 1) * PAGE)
        out.write(random.Random(str(table)).randbytes(PAGE))


def lose_index_rows(path: Path, table: str) -> None:
    """Change rows of a table, and an index of it not, as a write that was lost does."""
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA writable_schema = 1")
        [*index] = file.execute(
            "DELETE FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql <> ''"
            " RETURNING *",
            (table,),
        ).fetchone()
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute(f"UPDATE {table} SET build_id = build_id + 99")
        file.execute("PRAGMA writable_schema = 1")
        file.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", index)


def spoilt(whole: bytes, seed: int) -> bytes:
    """A whole page overwritten by random bytes where the seed is odd, else single bytes."""
    chance, data = random.Random(seed), bytearray(whole)
    if seed % 2:
        begin = PAGE * chance.randrange(1, len(data) // PAGE)
        data[begin : begin + PAGE] = chance.randbytes(PAGE)
    else:
        for _ in range(BYTES):
            data[chance.randrange(100, len(data))] = chance.randrange(256)
    return bytes(data)
