"""Headers of every answer, set in one place, and the id that names a request in the log."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, request

from tracker.web.auth import is_private
from tracker.web.state import settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

SECURITY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing to others; to us it keeps the origin of a form from being told as `null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

HSTS_SECONDS = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Name every request and set the headers of every answer, errors included."""
    app.before_request(_name_request)
    app.after_request(_add_headers)


def request_id() -> str:
    """The id of the request that is served."""
    return str(g.get("request_id", ""))


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", given) else secrets.token_hex(8)


def _add_headers(response: Response) -> Response:
    response.headers.update(SECURITY)
    response.headers["X-Request-ID"] = request_id()
    if is_private() or response.status_code in (401, 403, 429):
        response.headers["Cache-Control"] = "private, no-store"
    response.headers.setdefault("Cache-Control", "no-cache")
    if settings().base_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
    return response
