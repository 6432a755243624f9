"""How often one may ask: limits for each address, token and name, over all processes and nodes.

Requests and uploads from this machine itself are not counted; attempts to sign in always are, and
those that were right are taken back. Where nothing can be counted reading and uploading go on, and
nobody signs in by a password.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError as CannotCount
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from tracker.errors import Busy, TooMany
from tracker.operations.counters import connections, place
from tracker.settings import Settings
from tracker.web.addresses import address, is_local, network
from tracker.web.limit_store import SqliteStorage
from tracker.web.open_doors import is_open

log = logging.getLogger("tracker.web")

_KEY = "tracker.limits"


@dataclass(frozen=True)
class Limit:
    """So many of something in a window; of things that may do damage, none uncounted."""

    name: str
    item: RateLimitItem
    what: str
    is_strict: bool = False
    spares_local: bool = False


def _limits_of(its: Settings) -> dict[str, Limit]:
    """The limits that the settings leave in force."""
    rows = (
        Limit(
            "requests",
            RateLimitItemPerMinute(its.requests_per_minute, namespace="requests"),
            "requests from this address",
            spares_local=True,
        ),
        Limit(
            "uploads",
            RateLimitItemPerMinute(its.uploads_per_minute, namespace="uploads"),
            "uploads and hooks of this sender",
            spares_local=True,
        ),
        Limit(
            "refused tokens",
            RateLimitItemPerMinute(60, namespace="refused tokens"),
            "tokens from this address that open nothing",
        ),
        Limit(
            "sign-ins",
            RateLimitItemPerMinute(10, namespace="sign-ins"),
            "attempts to sign in from this address",
            is_strict=True,
        ),
        Limit(
            "sign-ins of a name",
            RateLimitItemPerHour(20, namespace="sign-ins of a name"),
            "attempts to sign in under this name",
            is_strict=True,
        ),
    )
    return {row.name: row for row in rows if row.item.amount}


class Limits:
    """The limits of one application, and where they are counted.

    `place` is for the log, `what` for whoever is refused because of it.
    """

    def __init__(self, its: Settings) -> None:
        self.rows = _limits_of(its)
        self.counter = FixedWindowRateLimiter(_storage(its))
        if its.limits_url:
            self.place, self.what = place(its.limits_url), "the Redis that limits_url names"
        else:
            self.place, self.what = str(its.home), "limits.db in the tracker's folder"


def _storage(its: Settings) -> Storage:
    """The counters of all nodes, or of this machine."""
    if not its.limits_url:
        return SqliteStorage(its.home / "limits.db")
    connections(its.limits_url)  # says what is wrong before its driver is imported
    from tracker.web.limit_redis import RedisCounters

    return RedisCounters(its.limits_url)


def register(app: Flask, its: Settings) -> None:
    """Count every request, and tell in the headers what is left."""
    app.extensions[_KEY] = Limits(its)
    app.before_request(_count_request)
    app.after_request(_tell)


def count(name: str, whose: str) -> None:
    """Count one more; TooMany where it is over the limit, Busy where that cannot be known."""
    limits = _limits()
    limit = limits.rows.get(name)
    if limit is None or (limit.spares_local and is_local()):
        return
    try:
        is_within = limits.counter.hit(limit.item, whose)
        reset, left = limits.counter.get_window_stats(limit.item, whose)
    except CannotCount as error:
        _cannot_count(limit, error)
        return
    g.counted = (limit, left, max(1, math.ceil(reset - time.time())))
    if not is_within:
        raise _too_many(limit, g.counted[2])


def take_back(name: str, whose: str) -> None:
    """Uncount what proved harmless."""
    limits = _limits()
    if name in limits.rows:
        item = limits.rows[name].item
        try:
            limits.counter.hit(item, whose, cost=-1)
        except CannotCount as error:
            log.warning("what was counted for %s stays: %s", name, error)
    g.pop("counted", None)


def _count_request() -> None:
    if not is_open(request.endpoint):
        count("requests", network())


def _limits() -> Limits:
    found: Limits = current_app.extensions[_KEY]
    return found


def _cannot_count(limit: Limit, error: CannotCount) -> None:
    """Go on without the limit, or not at all."""
    limits = _limits()
    log.warning("%s cannot be counted in %s: %s", limit.what, limits.place, error)
    if limit.is_strict:
        raise Busy(
            "Attempts to sign in cannot be counted now, so nobody signs in by a password.",
            f"Use a token, or let the operator look at {limits.what}.",
        ) from error


def _too_many(limit: Limit, seconds: int) -> TooMany:
    log.warning("429 for %s: too many %s", address(), limit.what)
    return TooMany(
        f"There were more than {limit.item.amount} {limit.what}"
        f" in {limit.item.get_expiry()} seconds.",
        f"Try again in {seconds} seconds.",
    )


def _tell(response: Response) -> Response:
    """The fields of RateLimit, of the limit that was looked at last."""
    if "counted" in g:
        limit, left, seconds = g.counted
        window = limit.item.get_expiry()
        policy = f'"{limit.name}";q={limit.item.amount};w={window}'
        response.headers["RateLimit-Policy"] = policy
        response.headers["RateLimit"] = f'"{limit.name}";r={left};t={seconds}'
        if response.status_code == 429:
            response.headers["Retry-After"] = str(seconds)
    return response
