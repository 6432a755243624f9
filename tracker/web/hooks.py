"""Hooks: a knock that makes the worker look at a build now. Its body is never data."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re

import msgspec
from flask import Blueprint, Response, request

from tracker import logs
from tracker.clock import MINUTE, SECOND, now_ms
from tracker.errors import Unauthorised
from tracker.intake.body import body_headers, read_body
from tracker.jenkins.hooks import Knock, knock_of, servers_at
from tracker.queries import jobs
from tracker.queries.jobs import ServerRow
from tracker.store.callers import Caller
from tracker.store.naming import admits
from tracker.store.work import ask_poll, ask_watch, enqueue
from tracker.web.auth import by_token, require
from tracker.web.headers import request_id
from tracker.web.openapi_operations import Operations, as_json
from tracker.web.openapi_parameters import in_path, words
from tracker.web.state import settings, state

blueprint = Blueprint("hooks", __name__)
OPERATIONS = Operations(blueprint)
log = logging.getLogger("tracker.web")

URL = "/api/v1/hooks/jenkins"
# A notification may carry the log of its build.
LIMIT = 8 * 1024 * 1024
SIGNED_FOR = 5 * MINUTE
_TIME = "[0-9]{1,12}"
# How a text begins that is signed with its time; no body of a hook begins so.
_TIMED = re.compile(rf"{_TIME}\.".encode())


QUERY = (
    words("job", "The full name of the job, as Jenkins has it.", example="team/nightly"),
    words("number", "The number of the build; without it, what is new of the job.", example="12"),
    words("server", "The Jenkins that the job is on, by its name here.", example="main"),
    words("url", "The address of the build.", example="https://jenkins.example/job/team/12/"),
)
_ANY = {"examples": [{"job": "team/nightly", "number": 12}]}
BODY = {"application/json": _ANY, "application/x-www-form-urlencoded": _ANY}
_KEY = in_path("key", "A token of scope `hook`.", minLength=1)


class Accepted(msgspec.Struct, frozen=True):
    """That a knock was heard, whether or not it leads to anything."""

    status: str


@OPERATIONS.post(URL, {202: Accepted}, parameters=QUERY, refuses=(413, 415), door="hook", body=BODY)
@OPERATIONS.post(
    f"{URL}/{{key}}",
    {202: Accepted},
    parameters=(_KEY, *QUERY),
    refuses=(413, 415),
    door="",
    body=BODY,
    name="jenkins_by_address",
)
def jenkins(key: str = "") -> Response:
    """Accept a knock: 202 for known and unknown jobs alike. `key` is a token, where need be.

    The body, which may be empty, is what a plugin of Jenkins sends, or `job` and `number`: JSON, a
    form or XML. What else is in it, or behind the `?`, is not looked at; of a hook that is let in
    by its signature nothing behind the `?` is.

    What is to be done is committed before the answer, and a knock that comes twice is one task.
    """
    state()
    body, caller = _admitted(key)
    # Who knows the secret signed the body, and nothing of the address.
    query = {} if caller is None else request.args
    knock = knock_of(body, request.content_type or "", query)
    if knock is not None:
        logs.also_about(job=knock.job, build=knock.number)
        _pass_on(knock, caller)
    return as_json(Accepted("accepted"), 202)


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


def _admitted(token: str) -> tuple[bytes, Caller | None]:
    """The body, and who knocks: None for who knows the secret.

    Without a signature the body is read only after that is known.
    """
    secret = settings().hook_secret
    signatures = map(request.headers.get, ("X-Hub-Signature-256", "X-Tracker-Signature"))
    signature = next(filter(None, signatures), "")
    if not (secret and signature):
        caller = _check(token)
        return _body(), caller
    body = _body()
    is_signed = _is_signature(signature, body, secret)
    return body, None if is_signed else _check_unsigned(token)


def _check(token: str) -> Caller:
    return by_token(token, "hook address") if token else require("hook")


def _check_unsigned(token: str) -> Caller:
    """Let a token open the door where the signature does not."""
    if not token and "Authorization" not in request.headers:
        raise Unauthorised(
            "The signature is not that of this body.",
            "Send sha256=HEX, the HMAC-SHA-256 of the body with the secret of TRACKER_HOOK_SECRET;"
            " with X-Tracker-Timestamp, the HMAC of TIMESTAMP.BODY.",
        )
    return _check(token)


def _is_signature(signature: str, body: bytes, secret: str) -> bool:
    """Whether this is the body's signature; that of no body at all would open every door.

    With X-Tracker-Timestamp it is that of the time, a full stop and the body, for some minutes.
    Such a text is never taken for a body that was signed alone, or without the header a message
    would be good for ever.
    """
    at = request.headers.get("X-Tracker-Timestamp")
    signed = body if at is None else f"{at}.".encode() + body
    wanted = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    sent = signature.strip().encode("utf-8", "replace")
    is_good = _TIMED.match(body) is None if at is None else _is_of_now(at)
    return hmac.compare_digest(sent, wanted.encode()) and bool(body) and is_good


def _is_of_now(seconds: str) -> bool:
    """Whether a time, in seconds since 1970, is at most five minutes from now."""
    is_time = re.fullmatch(_TIME, seconds) is not None
    return is_time and abs(int(seconds) * SECOND - now_ms()) <= SIGNED_FOR


def _body() -> bytes:
    return b"".join(read_body(request.environ["wsgi.input"], body_headers(request.environ), LIMIT))


def _pass_on(knock: Knock, caller: Caller | None) -> None:
    """Make the worker look; whether the job is known cannot be seen from outside.

    Nor whether the caller may knock for it: of jobs it is not for nothing is asked.
    """
    now = now_ms()
    servers = _servers_of(knock, jobs.servers())
    found = [row.name for row in jobs.polled_jobs_called(knock.job) if row.server in servers]
    for name in found:
        if _is_for(caller, name):
            _ask_for(name, knock.number, now)
    for each in servers.values() if not found else ():
        name = f"{each.prefix}/{knock.job}" if each.prefix else knock.job
        if admits(each.patterns, knock.job) and _is_for(caller, name):
            ask_watch(each.name, now=now)


def _is_for(caller: Caller | None, job: str) -> bool:
    if caller is None or caller.may_send_to(job):
        return True
    log.info("a hook by %s for %r does nothing: its jobs are others", caller.who, job)
    return False


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
        ask_poll(job, now=now)
        return
    payload = {"job": job, "number": number, "request_id": request_id()}
    enqueue("poll_build", f"{job}#{number}", due=now, payload=payload, subject=job)
