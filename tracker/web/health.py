"""Health: is the process alive, may it get traffic, and how is the whole system."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Blueprint, Response

import tracker
from tracker.clock import now_ms
from tracker.errors import TrackerError
from tracker.intake.sandbox import child_state
from tracker.operations import health as looks
from tracker.operations.details import details
from tracker.operations.health import PASS, Check, Checks, word
from tracker.published import read_head
from tracker.settings import Settings
from tracker.web.auth import require
from tracker.web.state import State, settings, state, untouched_state

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
@blueprint.get("/livez")
@blueprint.get("/-/healthy")
def live() -> Response:
    """The process answers; it looks at nothing else, so that no outage restarts it."""
    return _answer({"status": "pass"})


@blueprint.get("/health")
@blueprint.get("/healthz")
def health() -> Response:
    """Name, version, time and a word, for people and simple monitors."""
    said = checks()
    body = {
        "name": "regression-tracker",
        "status": word(said),
        "version": tracker.__version__,
        "time": datetime.now(UTC),
    }
    return _answer(body)


@blueprint.get("/health/ready")
@blueprint.get("/readyz")
@blueprint.get("/-/ready")
def ready() -> Response:
    """Whether this process can read, write and has room: 200, or 503 with the reasons."""
    said = checks()
    return _answer({"status": word(said), "checks": said})


@blueprint.get("/health/startup")
def startup() -> Response:
    """Whether this process has opened its database and brought it up to date.

    Once it has, it has for good: what goes wrong later is for `ready` to tell.
    """
    if untouched_state().is_open:
        return _answer({"status": "pass"})
    said = checks()
    is_started = untouched_state().is_open
    return _answer({"status": "pass" if is_started else "fail", "checks": said})


@blueprint.get("/health/detailed")
def detailed() -> Response:
    """The state of every part; needs a token of scope `read` or `admin`."""
    state()
    require("read")
    site = read_head(settings().output / "site")
    found = details(settings(), published=site.published if site else None, now=now_ms())
    said = {**checks(), **found.checks}
    parsing = child_state(state().intake.sources)
    body = {
        "status": word(said),
        "version": tracker.__version__,
        "time": datetime.now(UTC),
        **{name: getattr(found, name) for name in found.__dataclass_fields__},
        "checks": said,
        "parsers": {"network": parsing.network, "loaded": parsing.parsers},
    }
    return _answer(body)


def checks() -> Checks:
    """The checks, for all who ask within half a second from one look."""
    its = untouched_state()
    return its.look.found(lambda: _look(its))


def _look(its: State) -> Checks:
    """The checks; a process that has not opened its store does so, where nothing speaks against."""
    if its.is_open:
        return looks.checks(its.settings, its.opened, is_serving=True)
    said = looks.checks(its.settings)
    is_busy = said.get("write", PASS) != PASS  # with migrations: opening would wait, and we with it
    is_current = said.get("migrations") == PASS
    if _is_blocked(its.settings, said) or (is_busy and not is_current):
        return said
    try:
        its.open()
    except TrackerError as error:
        return {"database": Check("fail", str(error))}
    return said if is_current else looks.checks(its.settings, its.opened)


def _is_blocked(found: Settings, said: Checks) -> bool:
    """Whether there is a database that something other than its migrations speaks against."""
    is_bad = any(check.status == "fail" for name, check in said.items() if name != "migrations")
    return is_bad and looks.is_made(found)


def _answer(body: dict[str, Any]) -> Response:
    response = Response(
        msgspec.json.encode(body),
        503 if body["status"] == "fail" else 200,
        mimetype="application/health+json",
    )
    response.headers["Cache-Control"] = "no-store"
    return response
