"""What is told of single tests by name, beside the catalogue that is told whole.

Only what is told changes: other tests, and of these tests what nothing is said of, stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from tracker.store import audit
from tracker.store.catalogue import TestFacts
from tracker.store.connection import reading, writing
from tracker.store.revisions import raise_all_jobs
from tracker.store.sql import IN_TEXTS, listed, run, run_many
from tracker.store.work import ask_publishing

_COLUMNS = ", ".join(field.name for field in fields(TestFacts))


@dataclass(frozen=True)
class NewFacts:
    """What is told of a test of one release, or ("") of all: values by fields of `TestFacts`."""

    release: str
    name: str
    values: Mapping[str, str | bool]


@dataclass(frozen=True)
class Taken:
    """How many tests were not known before, how many were known otherwise, and how many so."""

    added: int
    changed: int
    same: int


def put_tests(told: Sequence[NewFacts], *, now: int) -> Taken:
    """Take it over, all or nothing; of a test that is told of twice the later one counts."""
    with writing():
        before, after, taken = _compared(told)
        differing = [each for key, each in after.items() if before.get(key) != each]
        if differing:
            run_many(
                "DELETE FROM test_metadata WHERE release = ? AND name = ?",
                [(each.release, each.name) for each in differing],
            )
            marks = ", ".join("?" for _ in fields(TestFacts))
            run_many(
                f"INSERT INTO test_metadata ({_COLUMNS}) VALUES ({marks})",
                [tuple(asdict(each).values()) for each in differing],
            )
            audit.note("test metadata", f"{len(differing)} tests", f"{taken.added} of them new")
            raise_all_jobs()
            ask_publishing(now=now)
        return taken


def would_put(told: Sequence[NewFacts]) -> Taken:
    """What taking it over would change."""
    with reading():
        return _compared(told)[2]


def releases() -> frozenset[str]:
    """The releases that tests can be told of: those of the catalogue, and those of jobs."""
    with reading():
        rows = run("SELECT name FROM release UNION SELECT release FROM job WHERE release <> ''")
    return frozenset(name for (name,) in rows)


_Tests = dict[tuple[str, str], TestFacts]


def _compared(told: Sequence[NewFacts]) -> tuple[_Tests, _Tests, Taken]:
    """Each test that is told of as it is and as it is to be."""
    before = _known({each.name for each in told})
    after: _Tests = {}
    for each in told:
        key = (each.release, each.name)
        known = after.get(key) or before.get(key) or TestFacts(*key)
        after[key] = replace(known, **each.values)  # type: ignore[arg-type]
    added = len(after.keys() - before.keys())
    same = sum(before.get(key) == each for key, each in after.items())
    return before, after, Taken(added, len(after) - added - same, same)


def _known(names: set[str]) -> _Tests:
    """The tests of these names; of two rows of one release and name the later one counts."""
    rows = run(
        f"SELECT {_COLUMNS} FROM test_metadata WHERE name IN {IN_TEXTS} ORDER BY id",
        listed(names),
    )
    known = [TestFacts(*row) for row in rows]
    return {
        (each.release, each.name): replace(each, is_removed=bool(each.is_removed)) for each in known
    }
