"""Uploads: `POST /api/v1/ingest`, from a request's bytes to a recorded build."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from flask import Blueprint, Response, request

from tracker.clock import now_ms
from tracker.errors import UsageError
from tracker.intake import spool
from tracker.intake.body import body_headers, read_body
from tracker.intake.ingest import ingest, report_name
from tracker.intake.multipart import split_files
from tracker.intake.queued import enqueue_upload, must_wait
from tracker.intake.spool import Spooled, SpooledReport
from tracker.queries import jobs, system
from tracker.queries.answers import UploadAnswer, answer, as_text
from tracker.settings import Settings
from tracker.store.identity import variant_of
from tracker.store.jobs import check_job_name
from tracker.store.records import BuildFacts, believable
from tracker.store.state_words import TaskState
from tracker.web import parameters
from tracker.web.auth import require
from tracker.web.headers import request_id
from tracker.web.links import base, page_url
from tracker.web.openapi_operations import Operations, as_json
from tracker.web.openapi_parameters import in_path, read
from tracker.web.openapi_uploads import BODY, HEADERS, QUERY, Queued, Uploaded, UploadStatus
from tracker.web.state import settings, state

blueprint = Blueprint("ingest", __name__)
OPERATIONS = Operations(blueprint)

MEGABYTE = 1024 * 1024


@OPERATIONS.post(
    "/api/v1/ingest",
    {200: Uploaded, 201: Uploaded, 202: Queued},
    parameters=(*QUERY, *HEADERS),
    refuses=(404, 409, 413, 415, 422),
    door="ingest",
    body=BODY,
    as_text=True,
)
def upload() -> Response:
    """Record the reports in the body: 201, 200 when they were here, 202 when the worker will.

    It also leaves to the worker what has to come after an upload for the build that waits for it.
    The body is one report, or an archive of them, or several files as multipart/form-data. It may
    be empty with `complete=true`.
    """
    intake = state().intake
    caller = require("ingest")
    facts, variant, replace = _what()
    # From here on by its name of today, so that no other job is written than was asked about.
    job = jobs.recorded_as(facts.job)
    caller.refuse_other(job, called=facts.job)
    facts = dataclasses.replace(facts, job=job)
    reports = _reports(settings(), variant)
    if reports and (_wants_queue(reports) or must_wait(job, facts.number, replace=replace)):
        return _queue(facts, reports, replace)
    done = ingest(intake, facts, reports, now=now_ms(), replace=replace)
    state()  # again: reading took a while, and what was recorded has to be in the database
    status = 201 if done.recorded.added or (done.recorded.created and not reports) else 200
    return _answer(status, answer(done.recorded, done.refused, done.warnings))


_KEY = in_path("key", "The id of the upload.", pattern="^[0-9a-f]{32}$")


@OPERATIONS.get("/api/v1/ingests/{key}", UploadStatus, _KEY, door="upload status")
def queued(key: str) -> UploadStatus:
    """What became of an upload that was answered with 202."""
    word, error, outcome = system.queued_upload(key)
    return UploadStatus(TaskState.DONE if outcome else word, error, outcome)


def _what() -> tuple[BuildFacts, str, bool]:
    """What the parameters say: of which build this is, with which facets, and to replace or not."""
    asked = read(request.args, QUERY)
    name = check_job_name(asked["job"])
    if asked["server"]:
        prefix = jobs.server(asked["server"]).prefix
        name = f"{prefix}/{name}" if prefix else name
    facts = BuildFacts(
        job=name,
        number=asked["build"],
        complete=asked["complete"],
        started=_start(asked["started"]),
        url=asked["url"],
        branch=asked["branch"],
        commit=asked["commit"],
    )
    return facts, variant_of(asked["facet"]), asked["replace"]


def _start(told: int | None) -> int | None:
    if told is not None and believable(told, now_ms()) is None:
        raise UsageError(
            f"The parameter started={request.args['started'].strip()[:40]!r} lies more than a day"
            " in the future.",
            "Set the clock of the machine that sent it, or leave the parameter out.",
        )
    return told


def _reports(its: Settings, variant: str) -> list[SpooledReport]:
    """The reports of the body, each safe in the spool; none where it is empty and may be."""
    limit = its.max_upload_mb * MEGABYTE
    headers = body_headers(request.environ)
    with spool.writer(its.spool) as out:
        for chunk in read_body(request.environ["wsgi.input"], headers, limit):
            out.write(chunk)
        if not out.size:
            if parameters.flag(request.args, "complete"):
                return []
            raise UsageError("The upload is empty.", "Send a report file as the body.")
        if request.mimetype == "multipart/form-data":
            out.flush()
            files = _files(out.path, its)
        else:
            files = [(request.args.get("name") or "report", out.keep())]
    return [_report(name, file, variant) for name, file in files]


def _files(body: Path, its: Settings) -> list[tuple[str, Spooled]]:
    """The files of a multipart body, which itself stays aside and is forgotten."""
    boundary = request.mimetype_params.get("boundary")
    if not boundary:
        raise UsageError("The multipart upload names no boundary.")
    return split_files(body, boundary, its.spool, its.max_files)


def _report(name: str, file: Spooled, variant: str) -> SpooledReport:
    return SpooledReport(file.path, report_name(name), file.sha256, file.size, variant)


def _wants_queue(reports: list[SpooledReport]) -> bool:
    size = sum(report.size for report in reports)
    prefers = "respond-async" in request.headers.get("Prefer", "")
    return prefers or size > settings().queue_above_mb * MEGABYTE


def _queue(facts: BuildFacts, reports: list[SpooledReport], replace: bool) -> Response:
    """Leave the reading to the worker: the bytes are safe, here is where to ask."""
    key = enqueue_upload(facts, reports, replace=replace, now=now_ms(), request_id=request_id())
    state()
    where = f"{base()}/api/v1/ingests/{key}"
    response = as_json(Queued(TaskState.DUE, where), 202)
    response.headers["Location"] = where
    return response


def _answer(status: int, body: UploadAnswer) -> Response:
    url = page_url("build", job=body.job, build=body.label)
    if request.accept_mimetypes.best == "text/plain":
        response = Response(f"{as_text(body)}{url}\n", status, mimetype="text/plain")
    else:
        response = as_json(Uploaded(**vars(body), url=url), status)
    if status == 201:
        response.headers["Location"] = url
    return response
