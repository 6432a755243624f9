"""What a broken disk does to a database file: pages and bytes that are not what was written."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

PAGE = 4096
BYTES = 40


def spoil_page(path: Path, table: str) -> None:
    """Overwrite the first page of a table in a file that nobody has open."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
        [page] = row.fetchone()
    with path.open("r+b") as out:
        out.seek((page - 1) * PAGE)
        out.write(random.Random(table).randbytes(PAGE))


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
