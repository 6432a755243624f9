"""Addresses of what is here: below the folder that a proxy may have put the tracker in."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import request

from tracker.pages import BY_NAME
from tracker.web.state import settings


def base() -> str:
    """The address of the tracker, without a slash at its end.

    That is `base_url` where it is set, else what the request says.
    """
    return settings().base_url.rstrip("/") or request.host_url.rstrip("/") + below("")


def below(path: str) -> str:
    """The path of something here from the root of its host, as it stands in a `Location`."""
    return quote(f"{request.script_root}{path}", safe="/~")


def with_query(there: str) -> str:
    """An address that asks what this request asks: where something stands now."""
    asked = urlencode(list(request.args.items(multi=True)))
    return f"{there}?{asked}" if asked else there


def page_url(name: str, **params: object) -> str:
    """The address of a page, for answers that are read far away from a browser."""
    return base() + quote(_path(name, params), safe="/~")


def page_path(name: str, **params: object) -> str:
    """The path of a page."""
    return below(_path(name, params))


def _path(name: str, params: dict[str, object]) -> str:
    parts = BY_NAME[name].segments({key: str(value) for key, value in params.items()})
    return "/" + "".join(f"{part}/" for part in parts)
