"""The web: the application, live pages, the API, ingest, hooks and health."""

from tracker.web.app import create_app

__all__ = ["create_app"]
