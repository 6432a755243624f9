"""What stands before every answer, in this order: hosts, limits, other sites, who reads."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tracker.settings import Settings
from tracker.web import auth, cors, cross_site, hosts, limits, proxies


def register(app: Flask, its: Settings) -> None:
    """Guard an application whose routes are all there; SettingsError for what cannot be meant.

    Its routes may hide what their addresses hold before anything is refused and logged here.
    """
    wsgi: Any = proxies.behind(app.wsgi_app, its.trusted_proxies)
    app.wsgi_app = wsgi  # type: ignore[method-assign]
    auth.register(app)
    hosts.register(app, its)
    limits.register(app, its)
    cross_site.register(app)
    auth.guard_reading(app)
    cors.register(app, its)
