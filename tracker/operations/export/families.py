"""Failure families, their signatures, and what people decided of them: the section of an export.

Of some jobs alone there are the families that failures of theirs are in, without the texts of
signatures that only other jobs have.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from tracker.operations.export import records
from tracker.store.connection import reading
from tracker.store.sql import IN, listed, run

_SEEN = (
    "(SELECT a.signature_id FROM appearance a JOIN build b ON b.id = a.build_id"
    f" WHERE b.job_id IN {IN})"
)


def family_records(jobs: Collection[int] | None) -> list[records.Record]:
    """What is told of the families of these jobs, of all where None; empty where there are none."""
    with reading():
        signatures = _signatures(jobs)
        families = _families(None if jobs is None else {each.family for each in signatures})
        decisions = _decisions({each.id for each in families})
    return [*families, *signatures, *decisions]


def _signatures(jobs: Collection[int] | None) -> list[records.Signature]:
    where = "" if jobs is None else f" WHERE id IN {_SEEN}"
    rows = run(
        "SELECT id, algorithm, type, message, frames, helpers, place, words, family_id, first"
        f" FROM signature{where} ORDER BY id",
        *(() if jobs is None else (listed(jobs),)),
    )
    return [
        records.Signature(
            id=number,
            algorithm=algorithm,
            type=type,
            message=message,
            frames=_texts(frames),
            helpers=_texts(helpers),
            place=place,
            words=_texts(words),
            family=family,
            first=first,
        )
        for number, algorithm, type, message, frames, helpers, place, words, family, first in rows
    ]


def _families(some: Collection[int] | None) -> list[records.Family]:
    """Of some alone neither the title nor the reason: texts of other jobs may be in these."""
    rows = run("SELECT id, name, title, reason, merged_into FROM family ORDER BY id")
    if some is not None:
        return [records.Family(id=row[0], name=row[1]) for row in rows if row[0] in some]
    return [
        records.Family(id=number, name=name, title=title, reason=reason, merged_into=merged_into)
        for number, name, title, reason, merged_into in rows
    ]


def _decisions(families: Collection[int]) -> list[records.Decision]:
    rows = run("SELECT kind, family_id, other_id, these, those, name, at FROM decision ORDER BY id")
    return [
        records.Decision(
            of=kind,
            family=family,
            other=other,
            these=_ids(these),
            those=_ids(those),
            name=name,
            at=at,
        )
        for kind, family, other, these, those, name, at in rows
        if family in families
    ]


def _texts(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _ids(text: str) -> tuple[int, ...]:
    return msgspec.json.decode(text, type=tuple[int, ...])
