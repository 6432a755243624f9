"""Health: is the process alive, may it get traffic, and how is the whole system."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Blueprint, Response

import tracker
from tracker.clock import now_ms
from tracker.errors import TrackerError
from tracker.intake.sandbox import network_barrier
from tracker.queries import jobs, system
from tracker.store.connection import can_write, schema_state
from tracker.web.auth import require
from tracker.web.state import settings, state

blueprint = Blueprint("health", __name__)

LOCK_SECONDS = 0.4
LEAST_FREE_MB = 100
SILENT_MS = 120_000


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers; it looks at nothing else, so that no outage restarts it."""
    return _answer({"status": "pass"})


@blueprint.get("/health")
def health() -> Response:
    """Name, version, time and a word, for people and simple monitors."""
    checks = _checks()
    body = {
        "name": "regression-tracker",
        "status": _word(checks),
        "version": tracker.__version__,
        "time": datetime.now(UTC),
    }
    return _answer(body, failed=_word(checks) == "fail")


@blueprint.get("/health/ready")
def ready() -> Response:
    """Whether this process can read, write and has room: 200, or 503 with the reasons."""
    checks = _checks()
    return _answer({"status": _word(checks), "checks": checks}, failed=_word(checks) == "fail")


@blueprint.get("/health/detailed")
def detailed() -> Response:
    """The state of every part; needs a token of scope `read` or `admin`."""
    state()
    require("read")
    checks = _checks()
    now = now_ms()
    body = {
        "status": _word(checks),
        "version": tracker.__version__,
        "time": datetime.now(UTC),
        "checks": checks,
        "sqlite": sqlite3.sqlite_version,
        "parsers": {"network": network_barrier(state().intake.sources)},
        "database": {"bytes": _size("tracker.db"), "wal_bytes": _size("tracker.db-wal")},
        "revision": jobs.revision(),
        "workers": [
            {**worker, "alive": now - worker["at"] < SILENT_MS} for worker in system.workers()
        ],
        "work": system.work(now),
        "servers": [
            {"name": row.name, "url": row.url, "error": row.error, "error_since": row.error_since}
            for row in jobs.servers()
        ],
    }
    return _answer(body, failed=_word(checks) == "fail")


def _checks() -> dict[str, dict[str, str]]:
    """Each part that serving needs, with a word and, where it fails, the reason."""
    try:
        state()
        _, pending = schema_state()
    except TrackerError as error:
        return {"database": _failed(str(error))}
    checks = {"database": {"status": "pass"}}
    if pending:
        checks["database"] = _failed(f"migrations wait: {', '.join(pending)}")
    writable = can_write(LOCK_SECONDS)
    checks["write"] = (
        {"status": "pass"} if writable else _failed("the write lock cannot be had in 0.4 s")
    )
    free = shutil.disk_usage(settings().home).free // (1024 * 1024)
    enough = free >= LEAST_FREE_MB
    checks["space"] = {"status": "pass"} if enough else _failed(f"only {free} MB are free")
    return checks


def _failed(reason: str) -> dict[str, str]:
    return {"status": "fail", "reason": reason}


def _word(checks: dict[str, dict[str, str]]) -> str:
    return "fail" if any(check["status"] == "fail" for check in checks.values()) else "pass"


def _size(name: str) -> int:
    path = settings().home / name
    return path.stat().st_size if path.is_file() else 0


def _answer(body: dict[str, Any], *, failed: bool = False) -> Response:
    response = Response(
        msgspec.json.encode(body), 503 if failed else 200, mimetype="application/health+json"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
