"""The rows of failure families: made, moved, merged into one another, told, and changed in turn.

One assignment is in force at a time in the whole database: it is worked out on a snapshot, without
the write lock, and written only if no other was written meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

import msgspec

from tracker.store.connection import reading, writing
from tracker.store.counters import count_up, counter
from tracker.store.revisions import raise_revision
from tracker.store.sightings import known_signatures
from tracker.store.sql import IN, listed, run, run_many
from tracker.store.work import ask_publishing
from tracker.verdicts import families
from tracker.verdicts.signatures import Signature

_TRIES = 3
_VERSION = "families"
T = TypeVar("T")


def settle(work_out: Callable[[], T], write: Callable[[T], None]) -> None:
    """Work something out on a snapshot, and write it if the families are still as they were."""
    for _ in range(_TRIES):
        with reading():
            version = counter(_VERSION)
            found = work_out()
        with writing():
            if counter(_VERSION) == version:
                write(found)
                return
    with writing():
        write(work_out())


def not_on_record(signatures: dict[int, Signature]) -> dict[int, Signature]:
    """Those of these signatures, by their ids, that no build here has had yet."""
    rows = run(f"SELECT id FROM signature WHERE id IN {IN}", listed(signatures))
    return {each: signatures[each] for each in signatures.keys() - {row[0] for row in rows}}


def move(homes: Mapping[int, int]) -> None:
    """Put each of these signatures into the family it is to be in."""
    run_many(
        "UPDATE signature SET family_id = ? WHERE id = ?",
        [(family, each) for each, family in sorted(homes.items())],
    )


def lead(family: int, to: int) -> None:
    """From now on the address of a family leads to another one; its name goes with it."""
    run(
        "UPDATE family SET name = (SELECT name FROM family WHERE id = ?)"
        " WHERE id = ? AND name = ''",
        family,
        to,
    )
    run("UPDATE family SET merged_into = ? WHERE id = ? OR merged_into = ?", to, family, family)
    run("UPDATE family SET merged_into = NULL WHERE id = ?", to)


def new_family() -> int:
    """The id of a family that is made now; it is called nothing until it is told."""
    [(number,)] = run("INSERT INTO family (name, title, reason) VALUES ('', '', '') RETURNING id")
    return int(number)


def retell(changed: Collection[int], now: int) -> None:
    """Say again what these families are, and that pages which name them are to be made anew."""
    run_many("UPDATE family SET title = '' WHERE id = ?", [(each,) for each in sorted(changed)])
    tell(changed)
    next_version()
    rows = run(
        "SELECT DISTINCT b.job_id FROM signature s JOIN appearance a ON a.signature_id = s.id"
        " JOIN build b ON b.id = a.build_id"
        f" WHERE s.family_id IN {IN} ORDER BY b.job_id",
        listed(changed),
    )
    raise_revision()
    for (job_id,) in rows:
        raise_revision(job_id)
    ask_publishing(now=now)


def tell(changed: Collection[int]) -> None:
    """Write what families are called, and why their failures belong together.

    A title stays while failures join, so that pages of other jobs which name it stay true.
    """
    for family in sorted(changed):
        group = [each.signature for each in known_signatures("s.family_id = ?", family)]
        run(
            "UPDATE family SET title = CASE title WHEN '' THEN ? ELSE title END, reason = ?"
            " WHERE id = ?",
            *(families.title(group), families.reason(group), family),
        )


def next_version() -> None:
    """Say that signatures or families are others now, to who works out where failures belong."""
    count_up(_VERSION)


def as_json(ids: Iterable[int]) -> str:
    """Ids of signatures as decisions have them."""
    return msgspec.json.encode(sorted(ids)).decode()


def ids_of(text: str) -> frozenset[int]:
    """The ids of such a text."""
    return frozenset(msgspec.json.decode(text, type=list[int]))
