"""Uploads: `POST /api/v1/ingest`, from a request's bytes to a recorded build."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec
from flask import Blueprint, Response, request

from tracker.clock import now_ms
from tracker.errors import UsageError
from tracker.intake import spool
from tracker.intake.body import body_headers, read_body
from tracker.intake.ingest import ingest, report_name
from tracker.intake.multipart import split_files
from tracker.intake.spool import Spooled, SpooledReport
from tracker.queries import jobs, system
from tracker.queries.answers import UploadAnswer, answer, as_text
from tracker.settings import Settings
from tracker.store.identity import variant_of
from tracker.store.jobs import check_job_name
from tracker.store.records import BuildFacts
from tracker.store.work import enqueue
from tracker.web import parameters
from tracker.web.auth import require
from tracker.web.links import page_url
from tracker.web.state import settings, state

blueprint = Blueprint("ingest", __name__)

MEGABYTE = 1024 * 1024
PARAMETERS = frozenset(
    {
        "job",
        "build",
        "server",
        "name",
        "branch",
        "commit",
        "url",
        "started",
        "facet",
        "complete",
        "replace",
    }
)


@blueprint.post("/api/v1/ingest")
def upload() -> Response:
    """Record the reports in the body: 201, 200 when they were here, 202 when the worker will."""
    intake = state().intake
    require("ingest")
    facts, variant, replace = _what()
    reports = _reports(settings(), variant)
    if _wants_queue(reports):
        return _queue(facts, reports, replace)
    done = ingest(intake, facts, reports, now=now_ms(), replace=replace)
    status = 201 if done.recorded.added or (done.recorded.created and not reports) else 200
    return _answer(status, answer(done.recorded, done.refused, done.warnings))


@blueprint.get("/api/v1/ingests/<key>")
def queued(key: str) -> Response:
    """What became of an upload that was answered with 202."""
    state()
    word, error, outcome = system.queued_upload(key)
    body = {"state": "done" if outcome else word, "error": error, "answer": outcome}
    return Response(msgspec.json.encode(body), 200, mimetype="application/json")


def _what() -> tuple[BuildFacts, str, bool]:
    """What the parameters say: of which build this is, with which facets, and to replace or not."""
    args = request.args
    parameters.refuse_unknown(args, PARAMETERS)
    if not args.get("job"):
        raise UsageError("The parameter job is missing.", "Add job=team/nightly, for example.")
    name = check_job_name(args["job"])
    if args.get("server"):
        prefix = jobs.server(args["server"]).prefix
        name = f"{prefix}/{name}" if prefix else name
    facts = BuildFacts(
        job=name,
        number=parameters.number(args, "build"),
        complete=parameters.flag(args, "complete"),
        started=parameters.moment(args, "started"),
        url=parameters.text(args, "url"),
        branch=parameters.text(args, "branch"),
        commit=parameters.text(args, "commit"),
    )
    variant = variant_of(parameters.facets(args, "facet"))
    return facts, variant, parameters.flag(args, "replace")


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
    if not reports:
        return False
    size = sum(report.size for report in reports)
    prefers = "respond-async" in request.headers.get("Prefer", "")
    return prefers or size > settings().queue_above_mb * MEGABYTE


def _queue(facts: BuildFacts, reports: list[SpooledReport], replace: bool) -> Response:
    """Leave the reading to the worker: the bytes are safe, here is where to ask."""
    key = secrets.token_hex(16)
    payload = {
        "facts": facts,
        "reports": [
            {"name": each.name, "sha256": each.sha256, "size": each.size, "variant": each.variant}
            for each in reports
        ],
        "replace": replace,
    }
    enqueue("ingest", key, due=now_ms(), payload=msgspec.to_builtins(payload))
    where = (settings().base_url or request.host_url).rstrip("/") + f"/api/v1/ingests/{key}"
    body = {"state": "due", "status_url": where}
    response = Response(msgspec.json.encode(body), 202, mimetype="application/json")
    response.headers["Location"] = where
    return response


def _answer(status: int, body: UploadAnswer) -> Response:
    url = page_url("build", job=body.job, build=body.label)
    if request.accept_mimetypes.best == "text/plain":
        response = Response(f"{as_text(body)}{url}\n", status, mimetype="text/plain")
    else:
        content = {**msgspec.to_builtins(body), "url": url}
        response = Response(msgspec.json.encode(content), status, mimetype="application/json")
    if status == 201:
        response.headers["Location"] = url
    return response
