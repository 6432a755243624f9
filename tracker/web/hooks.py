"""Hooks: a knock that makes the worker look at a build now. Its body is never data."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from flask import Blueprint, Response, request

from tracker.clock import now_ms
from tracker.errors import UsageError
from tracker.intake.body import body_headers, read_body
from tracker.queries import jobs
from tracker.store.work import enqueue
from tracker.web.auth import require
from tracker.web.state import state

blueprint = Blueprint("hooks", __name__)

LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Knock:
    """Which build to look at; `number` is None for "what is new of this job"."""

    job: str
    number: int | None
    server: str


@blueprint.post("/api/v1/hooks/jenkins")
def jenkins() -> Response:
    """Accept a notification's body, or `job=…&number=…`; 202 for known and unknown jobs alike."""
    state()
    require("ingest")
    _pass_on(_knock())
    return Response(b'{"status":"accepted"}', 202, mimetype="application/json")


def _knock() -> Knock:
    body = b"".join(read_body(request.environ["wsgi.input"], body_headers(request.environ), LIMIT))
    fields: dict[str, Any] = dict(request.args.items())
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        return _from_notification(_decode(body), fields)
    for name, values in parse_qs(text).items():
        fields.setdefault(name, values[-1])
    job = str(fields.get("job") or "").strip("/")
    if not job:
        raise UsageError(
            "The hook names no job.", "Send job=team/nightly&number=12, or a notification's JSON."
        )
    return Knock(job, _number(fields.get("number")), str(fields.get("server") or ""))


def _decode(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"The hook's body is not whole JSON: {error}.") from error


def _from_notification(body: dict[str, Any], fields: dict[str, Any]) -> Knock:
    """The Notification plugin: the job's full name is in its address, `name` is the last part."""
    build = body.get("build") if isinstance(body.get("build"), dict) else {}
    assert isinstance(build, dict)
    where = body.get("url") or build.get("full_url") or body.get("buildUrl") or ""
    named, numbered = _build_at(str(where))
    job = named or str(next(filter(None, map(body.get, _JOB_FIELDS)), ""))
    if not job:
        raise UsageError("The notification names no job.", "It has `url` or `name` as a rule.")
    number = build.get("number") or body.get("number") or numbered
    return Knock(job.strip("/"), _number(number), str(fields.get("server") or ""))


# Ours, Statistics Gatherer, Outbound WebHook, Notification.
_JOB_FIELDS = ("job", "fullJobName", "projectName", "name")


def _build_at(url: str) -> tuple[str, str]:
    """Full name and number in `job/team/job/nightly/12/`, wherever the server is; "" for none."""
    try:
        parts = urlsplit(url).path.strip("/").split("/")
    except ValueError:
        return "", ""
    names: list[str] = []
    place = parts.index("job") if "job" in parts else len(parts)
    while place + 1 < len(parts) and parts[place] == "job":
        names.append(unquote(parts[place + 1]))
        place += 2
    rest = parts[place] if names and place < len(parts) else ""
    return "/".join(names), rest if rest.isdigit() else ""


def _number(value: object) -> int | None:
    if value in (None, ""):
        return None
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 1 <= int(text) < 2**63:
        raise UsageError(f"The build number {text[:40]!r} is not a number from 1 on.")
    return int(text)


def _pass_on(knock: Knock) -> None:
    """Make the worker look; whether the job is known cannot be seen from outside."""
    now = now_ms()
    servers = {row.name: row for row in jobs.servers()}
    server = servers.get(knock.server)
    if knock.server and server is None:
        return
    name = f"{server.prefix}/{knock.job}" if server and server.prefix else knock.job
    if any(row.name == name for row in jobs.polled_jobs()):
        if knock.number is None:
            enqueue("poll", name, due=now)
        else:
            payload = {"job": name, "number": knock.number}
            enqueue("poll_build", f"{name}#{knock.number}", due=now, payload=payload)
        return
    for each in servers.values():
        if any(fnmatch.fnmatchcase(knock.job, pattern) for pattern in each.patterns):
            enqueue("discover", each.name, due=now)
