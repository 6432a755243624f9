"""Every request is counted, and has its line in the log when it was answered."""

from __future__ import annotations

import logging
import re
import time

from flask import Flask, Response, g, request

from tracker import logs, metrics
from tracker.web.addresses import address
from tracker.web.headers import request_id
from tracker.web.state import settings

log = logging.getLogger("tracker.access")

# Asked for all the time by machines; they are counted, and logged only when they fail.
QUIET = ("/health", "/healthz", "/livez", "/readyz", "/-/", "/metrics", "/static/")


def register(app: Flask) -> None:
    """Watch every request; register it after what names them."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    g.began = time.monotonic()
    metrics.begin(settings().home)
    logs.only_about(
        request_id=request_id(),
        trace_id=_trace(),
        job=request.args.get("job"),
        build=request.args.get("build"),
    )


def _end(response: Response) -> Response:
    seconds = time.monotonic() - g.get("began", time.monotonic())
    metrics.count_request(route(), request.method, response.status_code, seconds)
    is_quiet = response.status_code < 400 and request.path.startswith(QUIET)
    log.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "request",
        extra={
            "about": {
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round(seconds * 1000, 1),
                "bytes": response.content_length,
                "address": address(),
            }
        },
    )
    return response


def _trace() -> str:
    """The trace that the sender says this request belongs to (W3C Trace Context); else ""."""
    found = re.fullmatch(
        r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?",
        request.headers.get("traceparent", ""),
    )
    return found[1] if found else ""


def _forget(_error: BaseException | None) -> None:
    logs.only_about()


def route() -> str:
    """The rule that the path fits, never the path: there are as many as pages that can be asked."""
    rule = request.url_rule.rule if request.url_rule else "none"
    return str(g.get("route", rule))
