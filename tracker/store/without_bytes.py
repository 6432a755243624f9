"""Builds of which nobody wants to keep the bytes: they were let go by age, or never came.

Each letting go notes the time before which came what it took: the settings of today say nothing of
it, since a command may have named another age, and they may have been raised since.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tracker.clock import SECOND
from tracker.store.audit import IMPORTED, LONGEST, SPOOL_LET_GO, note
from tracker.store.connection import reading
from tracker.store.sql import run

# When a build began, or the first that is known of it: its reports came later.
AGE_OF_BUILD = "min(coalesce(b.started, b.heard), b.heard)"
_IS_IMPORTED = (
    "SELECT 1 FROM audit WHERE what = ?3 AND at >= ?1 AND subject IN"
    f" (SELECT substr(name, 1, {LONGEST}) FROM job WHERE id = ?2"
    f" UNION ALL SELECT substr(name, 1, {LONGEST}) FROM former WHERE job_id = ?2) LIMIT 1"
)
_BEFORE = re.compile(r"that came before (\S+)$")


def note_letting_go(count: int, *, before: int) -> None:
    """Write down that so many raw reports go, which came before a time (ms)."""
    at = datetime.fromtimestamp(before / SECOND, UTC).isoformat(timespec="seconds")
    note(SPOOL_LET_GO, "spool", f"{count} reports that came before {at}")


def let_go_before() -> int:
    """The time (ms) before which raw reports came that may have been let go; 0 where none were."""
    with reading():
        rows = run("SELECT at, outcome FROM audit WHERE what = ?", SPOOL_LET_GO)
    return max((_before(*row) for row in rows), default=0)


def is_without_bytes(build_id: int) -> bool:
    """Whether the raw reports of a build may be gone as somebody asked for.

    Either it is so old that they were let go; or it is older than an import of its job, whose
    builds come without them.
    """
    with reading():
        [(age, job_id)] = run(
            f"SELECT {AGE_OF_BUILD}, b.job_id FROM build b WHERE id = ?", build_id
        )
        return age < let_go_before() or bool(run(_IS_IMPORTED, age, job_id, IMPORTED))


def _before(at: int, outcome: str) -> int:
    """What was noted without such a time may have taken all that there was."""
    told = _BEFORE.search(outcome)
    return int(datetime.fromisoformat(told[1]).timestamp()) * SECOND if told else at
