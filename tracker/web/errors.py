"""Errors as people and programs meet them: an HTML page, Problem Details, or a line of text."""

from __future__ import annotations

import logging

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tracker.errors import Busy, StorageError, TrackerError, Unauthorised
from tracker.one_line import one_line
from tracker.site.render import renderer
from tracker.web.auth import challenges
from tracker.web.headers import request_id

log = logging.getLogger("tracker.web")

_TITLES = {
    400: "This cannot be understood",
    401: "A token is needed",
    403: "This is not for you",
    404: "This is not here",
    405: "This cannot be done here",
    406: "There is no such form of this",
    409: "This contradicts what is recorded",
    413: "This is too large",
    415: "This is not recognised",
    422: "This cannot be read",
    429: "This was too often",
    500: "This is a fault of the tracker",
    502: "Jenkins does not answer",
    503: "The tracker cannot do this now",
}


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, to what, and what to do next (RFC 9457).

    `type` names the kind of problem, `request_id` the request in the log.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str


def register(app: Flask) -> None:
    """Turn every error into its form in one place."""
    app.register_error_handler(TrackerError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _known(error: TrackerError) -> Response:
    response = answer(error.status, error.slug, error.message, error.remedy)
    if isinstance(error, Unauthorised):
        for challenge in challenges():
            response.headers.add("WWW-Authenticate", challenge)
    if isinstance(error, Busy | StorageError):
        response.headers["Retry-After"] = "10"
        log.warning("%s %s: %s [%s]", request.method, request.path, error, request_id())
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    response = answer(status, (error.name or "error").lower().replace(" ", "-"), *_say(error))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _say(error: HTTPException) -> tuple[str, str]:
    if error.code == 404:
        is_api = request.path.startswith("/api/")
        remedy = (
            "/api/v1/openapi.json lists what there is." if is_api else "Start at the first page."
        )
        return f"There is no page at {request.path[:200]}.", remedy
    if error.code == 405:
        return f"{request.method} does nothing at {request.path[:200]}.", ""
    return error.description or error.name, ""


def _bug(error: Exception) -> Response:
    log.error("%s %s [%s]", request.method, request.path, request_id(), exc_info=error)
    return answer(
        500,
        "internal-error",
        "The tracker made a mistake while answering this.",
        "Tell its operator the id of this request.",
    )


def answer(status: int, slug: str, message: str, remedy: str) -> Response:
    """An error in the form that the client asked for."""
    title = _TITLES.get(status, "This did not work")
    accept = request.accept_mimetypes
    is_api = request.path.startswith(("/api/", "/health")) or request.path.endswith(".json")
    if accept.best == "text/plain":
        text = f"{title}: {message} {remedy}".rstrip() + f" [{request_id()}]"
        return Response(f"{one_line(text)}\n", status, mimetype="text/plain")
    if is_api or not accept.accept_html:
        return _problem(status, slug, title, f"{message} {remedy}".rstrip())
    html = renderer().error(
        {
            "status": status,
            "title": title,
            "message": message,
            "remedy": remedy,
            "request_id": request_id(),
        },
        depth=max(0, request.path.count("/") - 1),
    )
    return Response(html, status, mimetype="text/html")


def _problem(status: int, slug: str, title: str, detail: str) -> Response:
    body = Problem(
        type=f"urn:tracker:problem:{slug}",
        title=title,
        status=status,
        detail=detail,
        instance=request.path,
        request_id=request_id(),
    )
    return Response(msgspec.json.encode(body), status, mimetype="application/problem+json")
