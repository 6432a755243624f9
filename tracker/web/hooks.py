"""Hooks: a knock that makes the worker look at a build now. Its body is never data."""

from __future__ import annotations

import hashlib
import hmac
import re

from flask import Blueprint, Response, request

from tracker.clock import now_ms
from tracker.errors import Unauthorised
from tracker.intake.body import body_headers, read_body
from tracker.jenkins.hooks import Knock, knock_of, servers_at
from tracker.queries import jobs
from tracker.queries.jobs import ServerRow
from tracker.store.naming import admits
from tracker.store.tokens import check_token
from tracker.store.work import enqueue
from tracker.web.auth import require
from tracker.web.state import settings, state

blueprint = Blueprint("hooks", __name__)

URL = "/api/v1/hooks/jenkins"
# A notification may carry the log of its build.
LIMIT = 8 * 1024 * 1024


@blueprint.post(URL)
@blueprint.post(f"{URL}/<key>")
def jenkins(key: str = "") -> Response:
    """Accept a knock: 202 for known and unknown jobs alike. `key` is a token, where need be.

    What is to be done is committed before the answer, and a knock that comes twice is one task.
    """
    state()
    body = _admitted_body(key)
    knock = knock_of(body, request.content_type or "", request.args)
    if knock is not None:
        _pass_on(knock)
    return Response(b'{"status":"accepted"}', 202, mimetype="application/json")


@blueprint.before_app_request
def hide_token() -> None:
    """Take a token in an address out of what is logged or told back later, also for an error.

    Gunicorn writes its access log from the request's environment, after the answer.
    """
    if f"{URL}/" in request.path:
        request.path = re.sub(f"(?s)({URL}/).*", r"\1***", request.path)
        query = request.environ.get("QUERY_STRING")
        whole = f"{request.path}?{query}" if query else request.path
        request.environ.update(PATH_INFO=request.path, RAW_URI=whole, REQUEST_URI=whole)


def _admitted_body(token: str) -> bytes:
    """The body, of somebody who may knock; without a signature it is read only after that."""
    secret = settings().hook_secret
    signatures = map(request.headers.get, ("X-Hub-Signature-256", "X-Tracker-Signature"))
    signature = next(filter(None, signatures), "")
    if not (secret and signature):
        _check(token)
        return _body()
    body = _body()
    if not _is_signature(signature, body, secret):
        _check_unsigned(token)
    return body


def _check(token: str) -> None:
    if token:
        check_token(token, "hook address")
    else:
        require("hook")


def _check_unsigned(token: str) -> None:
    """Let a token open the door where the signature does not."""
    if not token and "Authorization" not in request.headers:
        raise Unauthorised(
            "The signature is not that of this body.",
            "Send sha256=HEX, the HMAC-SHA-256 of the body with the secret of TRACKER_HOOK_SECRET.",
        )
    _check(token)


def _is_signature(signature: str, body: bytes, secret: str) -> bool:
    """Whether this is the body's signature; that of no body at all would open every door."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = signature.strip().encode("utf-8", "replace")
    return hmac.compare_digest(sent, wanted.encode()) and bool(body)


def _body() -> bytes:
    return b"".join(read_body(request.environ["wsgi.input"], body_headers(request.environ), LIMIT))


def _pass_on(knock: Knock) -> None:
    """Make the worker look; whether the job is known cannot be seen from outside."""
    now = now_ms()
    servers = _servers_of(knock, jobs.servers())
    found = [row.name for row in jobs.polled_jobs_called(knock.job) if row.server in servers]
    for name in found:
        _ask_for(name, knock.number, now)
    for each in servers.values() if not found else ():
        if admits(each.patterns, knock.job):
            enqueue("watch", each.name, due=now)


def _servers_of(knock: Knock, rows: list[ServerRow]) -> dict[str, ServerRow]:
    """The servers that may be meant: the named one, else those at the told address, else all."""
    servers = {row.name: row for row in rows}
    if knock.server:
        named = [knock.server] if knock.server in servers else []
    else:
        named = servers_at(knock.url, {row.name: row.url for row in rows}) or list(servers)
    return {name: servers[name] for name in named}


def _ask_for(job: str, number: int | None, now: int) -> None:
    if number is None:
        enqueue("poll", job, due=now, subject=job)
        return
    payload = {"job": job, "number": number}
    enqueue("poll_build", f"{job}#{number}", due=now, payload=payload, subject=job)
