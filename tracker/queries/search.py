"""Finding tests and jobs by parts of their names, wherever in the name and in whatever order.

A test is found in the newest judged build of each job, where it has a status or is missing, and in
a newer one that has results already. Tests that none of these knows any more are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tracker.errors import UsageError
from tracker.queries.build_labels import label_of
from tracker.queries.columns import suite_names
from tracker.queries.select import select, snapshot
from tracker.store.identity import key
from tracker.store.outcomes import JUDGED
from tracker.store.sql import listed
from tracker.verdicts.outcomes import Status

LONGEST = 200
MOST_WORDS = 8
# What stands between the parts of names, as people paste them from logs and from pages.
_BETWEEN = re.compile(r"[\s/:#.›>]+")
# So many tests are looked up in the newest builds at once; most searches need no more.
_AT_ONCE = 500
_MISSING = "missing"


@dataclass(frozen=True)
class FoundCase:
    """A test in a job: `status` is that of the newest `build` that tells of it, or `missing`."""

    job: str
    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    build: str
    status: str


@dataclass(frozen=True)
class _Newest:
    """A build that is the newest of its job, in one way or another."""

    job: str
    label: str
    place: tuple[int, int]


def words_of(text: str) -> tuple[str, ...]:
    """The words that must all stand in a name; UsageError where there are too many to look for."""
    words = tuple(dict.fromkeys(filter(None, _BETWEEN.split(text))))
    if len(text) > LONGEST or len(words) > MOST_WORDS:
        raise UsageError(
            f"This is too much to search for: {text[:40]!r}….",
            f"Give at most {MOST_WORDS} parts of a name, {LONGEST} characters in all.",
        )
    return words


def jobs_called(words: Sequence[str], limit: int) -> list[str]:
    """Names of jobs that have all the words in them, in the order of names."""
    if not words:
        return []
    condition, parameters = _having(words, "name")
    rows = select(
        f"SELECT name FROM job WHERE {condition} ORDER BY name LIMIT ?", *parameters, limit
    )
    return [name for (name,) in rows]


def cases_called(words: Sequence[str], limit: int) -> list[FoundCase]:
    """Tests whose suites, name and facets have all the words, in the order of names, then jobs."""
    with snapshot():
        return list(islice(_found(_matching(words, "s.path, c.name, c.variant")), limit))


def cases_after(words: Sequence[str], case: int, job: str, limit: int) -> list[FoundCase]:
    """The same tests by key and job, those behind this one."""
    with snapshot():
        found = _found(_matching(words, "c.id", first=case))
        rest = (row for row in found if (row.key, row.job) > (key(case), job))
        return list(islice(rest, limit))


def _found(ids: Sequence[int]) -> Iterator[FoundCase]:
    """What the newest builds say of these tests, some at a time."""
    newest = _newest_builds()
    for start in range(0, len(ids), _AT_ONCE):
        yield from _in_newest(ids[start : start + _AT_ONCE], newest)


def _matching(words: Sequence[str], order: str, first: int = 0) -> list[int]:
    """Ids of tests that have the words, from the id `first` on."""
    if not words:
        return []
    condition, parameters = _having(words, "s.path || ' ' || c.name || ' ' || c.variant")
    rows = select(
        "SELECT c.id FROM test_case c JOIN suite s ON s.id = c.suite_id"
        f" WHERE {condition} AND c.id >= ? ORDER BY {order}",
        *parameters,
        first,
    )
    return [case for (case,) in rows]


def _having(words: Sequence[str], name: str) -> tuple[str, list[str]]:
    """SQL: all words stand in `name`, where A to Z are the same as a to z."""
    condition = " AND ".join([rf"lower({name}) LIKE lower(?) ESCAPE '\'"] * len(words))
    return condition, [f"%{_literal(word)}%" for word in words]


def _literal(word: str) -> str:
    """A word without what LIKE takes for a sign."""
    return re.sub(r"([\\%_])", r"\\\1", word)


def _newest_builds() -> dict[int, _Newest]:
    """The newest build of each job that has results, and the newest judged one, by their ids."""
    newest = (
        "SELECT (SELECT b.id FROM build b WHERE b.job_id = j.id AND b.total > 0"
        " AND b.let_go IS NULL{} ORDER BY b.epoch DESC, b.number DESC LIMIT 1) AS id FROM job j"
    )
    rows = select(
        f"SELECT f.id, j.name, {label_of('f')}, f.epoch, f.number"
        f" FROM ({newest.format('')} UNION {newest.format(f' AND {JUDGED}')}) newest"
        " JOIN build f ON f.id = newest.id JOIN job j ON j.id = f.job_id"
    )
    return {build: _Newest(job, label, tuple(place)) for build, job, label, *place in rows}


def _in_newest(ids: Sequence[int], newest: Mapping[int, _Newest]) -> list[FoundCase]:
    """What the newest builds say of these tests, in their order, then in that of the jobs."""
    place = {case: at for at, case in enumerate(ids)}
    rows = select(
        "SELECT c.id, s.path, c.name, c.variant, f.build_id, f.status FROM ("
        " SELECT r.build_id, r.case_id, r.status FROM result r"
        " WHERE r.build_id IN (SELECT value FROM json_each(?1))"
        " AND r.case_id IN (SELECT value FROM json_each(?2))"
        " UNION ALL SELECT a.build_id, a.case_id, NULL FROM absence a"
        " WHERE a.build_id IN (SELECT value FROM json_each(?1))"
        " AND a.case_id IN (SELECT value FROM json_each(?2)) AND a.other_case IS NULL"
        ") f JOIN test_case c ON c.id = f.case_id JOIN suite s ON s.id = c.suite_id",
        listed(newest),
        listed(ids),
    )
    found: dict[tuple[int, str], FoundCase] = {}
    # What has a result is not missing, and of two builds the newer one tells.
    rows.sort(key=lambda row: (row[5] is not None, newest[row[4]].place))
    for case, path, name, variant, build, status in rows:
        found[place[case], newest[build].job] = FoundCase(
            job=newest[build].job,
            key=key(case),
            suite=suite_names(path),
            name=name,
            variant=variant,
            build=newest[build].label,
            status=_MISSING if status is None else Status(status).word,
        )
    return [found[each] for each in sorted(found)]
