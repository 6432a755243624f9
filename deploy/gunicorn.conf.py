"""Gunicorn for the tracker: its own values, and below them what is to be another one here."""

from tracker.gunicorn_conf import *  # noqa: F403
