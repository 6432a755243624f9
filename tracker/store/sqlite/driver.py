"""The SQLite of this process: the one copy of the library that Peewee uses, too.

POSIX drops the locks of a file when any descriptor of it is closed in the process. A copy of SQLite
knows of its own descriptors alone, so with pysqlite3 beside the standard library's each would
undo the locks of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    from peewee import sqlite3

__all__ = ["sqlite3", "sqlite_version"]


def sqlite_version() -> str:
    """Its version: pysqlite3's where that is installed."""
    return sqlite3.sqlite_version
