"""Absolute addresses of live pages, for answers that are read far away from a browser."""

from __future__ import annotations

from urllib.parse import quote

from flask import request

from tracker.pages import BY_NAME
from tracker.web.state import settings


def page_url(name: str, **params: object) -> str:
    """The address of a page: below `base_url` where it is set, else below the address asked."""
    base = settings().base_url or request.host_url
    parts = BY_NAME[name].segments({key: str(value) for key, value in params.items()})
    return base.rstrip("/") + "/" + "".join(quote(part, safe="~") + "/" for part in parts)
