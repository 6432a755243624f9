"""What an export tells beside the builds themselves: rules, the catalogue, jobs.

What is here already stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import DataError, IntegrityError

from tracker.store.connection import writing
from tracker.store.models import Former, GivenParts, Job
from tracker.store.revisions import raise_revision
from tracker.store.rows import with_flags
from tracker.store.rules import new_job
from tracker.store.sql import run

# What a column refers to, by the name that an export has of it.
_REFERRED = {"issue_id": "(SELECT id FROM known_issue WHERE key = ?)"}


def put_rule(kind: str, pattern: str, value: str) -> bool:
    """A rule of names or results, after those that are here; whether it was not here yet."""
    with writing():
        if run("SELECT 1 FROM rule WHERE kind = ? AND pattern = ?", kind, pattern):
            return False
        run("INSERT INTO rule (kind, pattern, value) VALUES (?, ?, ?)", kind, pattern, value)
        raise_revision()
        return True


def put_row(table: str, values: Mapping[str, object]) -> bool:
    """A row of the catalogue; whether it was not here yet.

    The names of the columns are those of the table: the caller sees to that. ValueError for values
    that the table cannot have.
    """
    marks = {name: _REFERRED.get(name, "?") for name in values}
    given = with_flags(table, values).values()
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM {mark}" for name, mark in marks.items())
    with writing():
        try:
            if run(f"SELECT 1 FROM {table} WHERE {same} LIMIT 1", *given):
                return False
            made = run(
                f"INSERT INTO {table} ({', '.join(marks)}) VALUES ({', '.join(marks.values())})"
                " ON CONFLICT DO NOTHING RETURNING 1",
                *given,
            )
        except (IntegrityError, DataError) as error:
            raise ValueError(f"a row of {table} cannot be kept: {error}") from error
        if made:
            raise_revision()
        return bool(made)


def put_job(
    name: str,
    told: Mapping[str, Any],
    former: Sequence[tuple[str, int]],
    given: tuple[str, str] | None,
) -> bool:
    """A job with its former names, and the release and module that were given; whether it is new.

    It belongs to no server: `tracker server add` and a look at it find that again.
    """
    with writing():
        if Job.get_or_none(Job.name == name) is not None:
            return False
        job = new_job(name)
        for field, value in told.items():
            setattr(job, field, value)
        job.save()
        for before, until in former:
            if Job.get_or_none(Job.name == before) is None:
                Former.insert(name=before, job=job, until=until).on_conflict_ignore().execute()
        if given:
            GivenParts.create(job=job, release=given[0], module=given[1])
        raise_revision(job.id)
        return True


def set_flags(build_id: int, *, gone: bool, kept: bool) -> None:
    """That Jenkins has a build no more, and that its results are kept for good."""
    with writing():
        rows = run(
            "UPDATE build SET gone = (gone OR ?1), kept = (kept OR ?2) WHERE id = ?3"
            " AND (?1 AND NOT gone OR ?2 AND NOT kept) RETURNING job_id",
            gone,
            kept,
            build_id,
        )
        for (job_id,) in rows:
            raise_revision(job_id)
