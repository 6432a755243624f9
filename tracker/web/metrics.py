"""`/metrics`: what all processes counted, and how things stand now, for Prometheus."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from tracker import metrics
from tracker.clock import now_ms
from tracker.errors import TrackerError
from tracker.operations.figures import Moment, gauges
from tracker.operations.health import Checks
from tracker.published import read_head
from tracker.settings import Settings
from tracker.web.addresses import is_local
from tracker.web.auth import require
from tracker.web.health import checks
from tracker.web.state import settings, state

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def scrape() -> Response:
    """OpenMetrics where that is asked for, else Prometheus' text.

    Open to this machine itself, without a proxy in between; others need a token of scope `read`.
    """
    if not is_local():
        state()
        require("read")
    # Where the database cannot be opened there is a figure that says so.
    with contextlib.suppress(TrackerError):
        state()
    registry = CollectorRegistry()
    registry.register(_Everything(settings(), checks()))
    encode, kind = choose_encoder(request.headers.get("Accept", ""))
    response = Response(encode(registry), content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True, eq=False)  # a registry knows its collectors by themselves
class _Everything(Collector):
    """What is counted and what is read, collected once a scrape."""

    settings: Settings
    checks: Checks

    def collect(self) -> Iterator[Metric]:
        yield from metrics.counted(self.settings.home)
        site = read_head(self.settings.output / "site")
        published, shown = (site.published, site.revision) if site else (None, None)
        yield from gauges(Moment(now_ms(), self.settings, published, shown, self.checks))

    def describe(self) -> list[Metric]:
        """Nothing: asked for its names at registering, it would collect everything twice."""
        return []
