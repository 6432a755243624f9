"""The application factory: settings in, a WSGI application out."""

from __future__ import annotations

from flask import Flask

from tracker.settings import Settings
from tracker.web import (
    access,
    actions,
    api,
    api_families,
    api_flaky,
    api_missing,
    api_search,
    api_verdicts,
    errors,
    headers,
    health,
    hooks,
    ingest,
    live,
    metrics,
    observe,
    openapi,
)
from tracker.web.state import State, remember


def create_app(settings: Settings) -> Flask:
    """The application for these settings. Opens no connection: that is for after the fork."""
    app = Flask("tracker", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    remember(app, State.of(settings))
    errors.register(app)
    headers.register(app)
    observe.register(app)
    for room in (
        health,
        metrics,
        ingest,
        hooks,
        api,
        api_verdicts,
        api_families,
        api_flaky,
        api_missing,
        api_search,
        openapi,
        actions,
        live,
    ):
        app.register_blueprint(room.blueprint)
    access.register(app, settings)
    return app
