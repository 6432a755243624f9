"""Scripts of other sites: which may read the API and the JSON twins of pages. None, unless named.

Nothing is ever allowed with what a browser adds by itself, so a script that needs a token must
have one of its own.
"""

from __future__ import annotations

import re

from flask import Flask, Response, request

from tracker.errors import SettingsError
from tracker.settings import Settings

PREFLIGHT_SECONDS = 600
SENT = "Authorization, If-None-Match, X-Request-ID"
SEEN = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def register(app: Flask, its: Settings) -> None:
    """Answer the origins that `cors_origins` lists; SettingsError for what is no origin."""
    origins = frozenset(word.strip() for word in its.cors_origins.split(",") if word.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"cors_origins: {origin!r} is no origin.",
                "Write https://dashboard.example, with its port, without a path and without *.",
            )
    if origins:
        app.after_request(lambda response: _allow(response, origins))


def _allow(response: Response, origins: frozenset[str]) -> Response:
    if not _is_for_scripts(request.path):
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return response
    if request.method in ("GET", "HEAD"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = SEEN
    elif request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def _is_for_scripts(path: str) -> bool:
    return path.startswith("/api/v1/") or path.endswith("/index.json")
