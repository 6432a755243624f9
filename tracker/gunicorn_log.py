"""Gunicorn's own events in the tracker's log: one form for all, whichever part of it speaks."""

from __future__ import annotations

import sys
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]

from tracker import logs
from tracker.errors import SettingsError
from tracker.settings import Settings


class Logger(GunicornLogger):  # type: ignore[misc]
    """Named in Gunicorn's `logger_class`; also sets up the log of the workers it starts."""

    def setup(self, cfg: Any) -> None:
        """Called by Gunicorn at its start and whenever it reads its configuration again."""
        super().setup(cfg)
        form = _form()
        logs.configure(form)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(form, getattr(handler, "stream", sys.stderr)))
        for handler in self.access_log.handlers:
            handler.setFormatter(logs.MessageLines())


def _form() -> logs.Format:
    """As the settings say; where they cannot be read, the application says so soon after."""
    try:
        return Settings.load().log_format
    except SettingsError:
        return "auto"
