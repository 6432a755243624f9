"""The releases: their order, what the catalogue tells of each, and what is recorded of modules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.queries.columns import at
from tracker.queries.select import select, snapshot

_MODULES = (
    "SELECT j.release, j.module, count(DISTINCT j.id), count(b.id),"
    " count(b.id) FILTER (WHERE b.total > 0 AND b.failed + b.error = 0),"
    " count(b.id) FILTER (WHERE b.failed + b.error > 0),"
    " count(b.id) FILTER (WHERE b.total = 0), coalesce(max(b.started), max(b.heard))"
    " FROM job j LEFT JOIN build b ON b.job_id = j.id WHERE j.release <> ''"
    " GROUP BY j.release, j.module ORDER BY j.release, j.module"
)


@dataclass(frozen=True)
class ModuleRow:
    """A module of a release, "" for jobs that belong to none; each build is of one of three kinds.

    `newest` is when the newest build began; where that is known of none, when one was heard of.
    """

    module: str
    jobs: int
    builds: int
    builds_passed: int
    builds_failed: int
    builds_without_results: int
    newest: datetime | None


@dataclass(frozen=True)
class ReleaseRow:
    """A release; `is_told` where the catalogue tells of it, which has the rest but `modules`.

    One that `is_active` is still worked on. The job `main_job` starts the builds of its modules,
    and they were worked through up to `last_build`. It is empty where no job of the name is here.
    """

    name: str
    is_told: bool
    is_active: bool
    branch: str
    main_job: str
    is_main_job_here: bool
    last_build: int | None
    modules: tuple[ModuleRow, ...]


def count_releases() -> int:
    """How many there are, in the catalogue or by jobs."""
    return int(
        select(
            "SELECT count(*) FROM"
            " (SELECT name FROM release UNION SELECT release FROM job WHERE release <> '') r"
        )[0][0]
    )


def releases(*, limit: int, offset: int) -> list[ReleaseRow]:
    """The newest first, those that are not worked on any more behind the others."""
    with snapshot():
        told = {
            row[0]: row[1:]
            for row in select(
                "SELECT r.name, r.is_active, r.main_job, r.last_build, r.branch,"
                " EXISTS (SELECT 1 FROM job j WHERE j.name = r.main_job) FROM release r"
            )
        }
        modules: dict[str, list[ModuleRow]] = defaultdict(list)
        for release, module, jobs, builds, passed, failed, empty, newest in select(_MODULES):
            row = ModuleRow(module, jobs, builds, passed, failed, empty, at(newest))
            modules[release].append(row)
    rows = [_row(name, told.get(name), modules[name]) for name in {*told, *modules}]
    rows.sort(key=lambda row: release_order(row.name), reverse=True)
    rows.sort(key=lambda row: not row.is_active)
    return rows[offset : offset + limit]


def release_names() -> list[str]:
    """The releases that jobs belong to, the newest first: 1.10 comes after 1.9."""
    rows = select("SELECT DISTINCT release FROM job WHERE release <> ''")
    names = (release for (release,) in rows)
    return sorted(names, key=release_order, reverse=True)


def release_order(name: str) -> tuple[Any, ...]:
    """What the names of releases are sorted by: numbers in them count as such."""
    return _natural(name), name


def releases_after(name: str | None) -> list[str]:
    """The releases older than one that may be gone by now; all of them after None."""
    if name is None:
        return release_names()
    return [each for each in release_names() if release_order(each) < release_order(name)]


def releases_before(name: str) -> list[str]:
    """The releases earlier than one, the newest first; not those whose numbers are the same."""
    return [each for each in release_names() if _natural(each) < _natural(name)]


def jobs_without_release() -> int:
    """How many jobs belong to none."""
    return int(select("SELECT count(*) FROM job WHERE release = ''")[0][0])


def _row(name: str, told: Sequence[Any] | None, modules: Sequence[ModuleRow]) -> ReleaseRow:
    is_active, main_job, last_build, branch, is_here = told or (True, "", None, "", False)
    return ReleaseRow(
        name=name,
        is_told=told is not None,
        is_active=bool(is_active),
        branch=branch,
        main_job=main_job,
        is_main_job_here=bool(is_here),
        last_build=last_build,
        modules=tuple(modules),
    )


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that orders 1.9 before 1.10, and numbers before words."""
    return tuple(
        (0, len(part.lstrip("0")), part.lstrip("0")) if part[0] in "0123456789" else (1, 0, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", text)
    )
