"""What tests of backups share: a process that writes, and reading a database from beside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tracker.queries.dump import lines
from tracker.store.connection import close_store, open_store

# Records build after build until it is killed.
WRITER = """
import itertools, sys
from pathlib import Path
from tests.factories import report, upload
from tracker.store.connection import open_store
open_store(Path(sys.argv[1]))
for number in itertools.count(1):
    upload("nightly", number, report(login="P", logout="F"), complete=True)
"""


def dump_of(database: Path, scratch: Path | None = None) -> list[str]:
    """What a database says; where a folder is given, a copy in it is read instead."""
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        database = Path(shutil.copy(database, scratch / "copy.db"))
    open_store(database)
    found = list(lines())
    close_store()
    return found


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does; fails after a minute."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in a minute")
