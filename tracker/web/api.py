"""`/api/v1/jobs`: the jobs, and the way to what is below one of them."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, redirect, request

from tracker.errors import NotFound
from tracker.queries import jobs
from tracker.web import api_builds, api_cases, api_missing, api_rows
from tracker.web.api_rows import Job
from tracker.web.links import below, with_query
from tracker.web.listing import Page, page, paging
from tracker.web.openapi_operations import Operation, Operations, asked, reply
from tracker.web.openapi_parameters import JOB, LINE
from tracker.web.state import state

blueprint = Blueprint("api", __name__)
OPERATIONS = Operations(blueprint)
_JOBS = Operations()

# What may be asked, and the parts of its path.
Reading = tuple[Operation, dict[str, str]]


class Jobs(Page[Job], frozen=True):
    """A page of jobs, by name."""


@OPERATIONS.get("/api/v1/jobs", Jobs, *paging(LINE, str))
def list_jobs(limit: int, after: str | None) -> Jobs:
    """All jobs by name."""
    rows = jobs.jobs_after(after or "", limit + 1)
    return page(Jobs, rows, limit, item=api_rows.jobs_of(rows), cursor=lambda row: row.name)


@_JOBS.get("/api/v1/jobs/{job}", Job, JOB, moved=True)
def one_job(job: str) -> Job:
    """One job."""
    row = jobs.job(job)
    return api_rows.jobs_of([row])(row)


# A job's name may end like the path of any other: the longer one decides.
BELOW: tuple[Operation, ...] = tuple(
    sorted(
        (*_JOBS, *api_builds.BELOW, *api_cases.BELOW, *api_missing.BELOW),
        key=lambda row: len(row.path),
        reverse=True,
    )
)


@blueprint.get("/api/v1/jobs/<path:path>")
def below_jobs(path: str) -> Response:
    """What is below a job; the last `builds/<number>` or `cases/<key>` of the path decides.

    But a job, too, can be called `team/builds/3`: the first reading whose job is known goes before
    all others.
    """
    state()
    readings = _readings(path.rstrip("/"))
    if not readings:
        raise NotFound(f"There is nothing at {request.path[:200]}.")
    known = next((each for each in readings if jobs.is_known(each[1]["job"])), None)
    operation, parts = known or readings[0]
    asked(operation)
    there = "" if known else _moved(readings)
    return redirect(there, code=308) if there else reply(operation, **parts)  # type: ignore[return-value]


def _readings(path: str) -> list[Reading]:
    found = ((operation, operation.pattern.fullmatch(path)) for operation in BELOW)
    return [(operation, match.groupdict()) for operation, match in found if match]


def _moved(readings: Iterable[Reading]) -> str:
    """Where something stands that was asked for by a former name of its job; "" for others."""
    for _, parts in readings:
        job = parts["job"]
        name = jobs.name_now(job)
        if name:
            there = request.path.replace(f"/jobs/{job}", f"/jobs/{name}", 1)
            return with_query(below(there))
    return ""
