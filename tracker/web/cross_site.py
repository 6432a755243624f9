"""Requests that pages of other sites make a browser send: refused, in one place for all routes.

A browser adds the name and password of Basic authentication by itself. Whatever changes something
must therefore come from a page of ours, or from no browser at all. Bearer tokens are never added by
a browser, so requests with them are not looked at.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request

from tracker.errors import Forbidden
from tracker.web.state import settings

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    """Look at every request that may change something."""
    app.before_request(_refuse_other_sites)


def _refuse_other_sites() -> None:
    if request.method in HARMLESS or _kind() == "bearer":
        return
    if not (_is_ours_by_site() if "Sec-Fetch-Site" in request.headers else _is_ours_by_origin()):
        raise Forbidden(
            "This was sent from a page of another site.", "Use the form on the tracker's own page."
        )


def _kind() -> str:
    return request.headers.get("Authorization", "").partition(" ")[0].lower()


def _is_ours_by_site() -> bool:
    """Over https, and to this machine, a browser tells whose the page is."""
    return request.headers["Sec-Fetch-Site"] in ("same-origin", "none")


def _is_ours_by_origin() -> bool:
    """Otherwise a browser tells the origin of the page with everything it sends but GET.

    `null` is a page that hides where it is from: of ours none does, so a password that the browser
    added is not believed there; a form that holds its own token may be.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return True  # no browser
    if origin == "null":
        return _kind() != "basic"
    return _host(origin) in {request.host, _host(settings().base_url)} - {""}


def _host(address: str) -> str:
    """Host and port of an address; "" for what is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
