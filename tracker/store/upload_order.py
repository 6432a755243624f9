"""Whose turn it is: uploads for one build are read in the order in which they came.

Which report of a name stays depends on that: the first one, or with `replace` the last. So an
upload waits until those were read that came before it, whatever goes wrong with them, but no longer
than PATIENCE: one whose bytes are gone, say, is tried for ever and keeps no other for as long. One
that a later upload passed so takes the place of nothing any more, so that what came last stays; for
as long as the later one's outcome is kept.

The rows of uploads are in the order of their ids, since one comes after the other is written. What
an earlier version queued has no subject, and no order.
"""

from __future__ import annotations

import msgspec

from tracker.clock import HOUR
from tracker.store.connection import reading
from tracker.store.sql import run

PATIENCE = HOUR
# Of a task in `work` that is due: whether it is its turn, where it is an upload. The parameter is
# the time before which one was due that waited for long enough.
IS_ITS_TURN = (
    "(kind <> 'ingest' OR due <= ? OR NOT EXISTS (SELECT 1 FROM work earlier"
    " WHERE earlier.state = 'due' AND earlier.subject = work.subject AND earlier.subject <> ''"
    " AND earlier.id < work.id AND earlier.kind = 'ingest'))"
)


class _Outcome(msgspec.Struct):
    status: int


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_OUTCOME = msgspec.json.Decoder(_Outcome)


def subject_of(job: str, number: int) -> str:
    """The subject of the uploads for a build."""
    return f"{job}#{number}"


def waiting_for(subject: str) -> list[str]:
    """The payloads of the uploads of a subject that were not read yet."""
    with reading():
        rows = run(
            "SELECT payload FROM work WHERE subject = ? AND state = 'due' AND kind = 'ingest'"
            " ORDER BY id",
            subject,
        )
    return [payload for (payload,) in rows]


def was_passed(upload: int) -> bool:
    """Whether an upload that came later for the build was recorded before this one, by its id."""
    with reading():
        rows = run(
            "SELECT later.outcome FROM work later JOIN work ON work.subject = later.subject"
            " WHERE work.id = ? AND later.subject <> '' AND later.id > work.id"
            " AND later.state = 'done' AND later.kind = 'ingest'",
            upload,
        )
    return any(_OUTCOME.decode(said).status < 300 for (said,) in rows)
