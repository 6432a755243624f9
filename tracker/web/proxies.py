"""Proxies in front: whose word is taken for where a request comes from.

`trusted_proxies` is how many proxies stand in front, or their addresses. What others say in
X-Forwarded-For and X-Forwarded-Proto is not looked at, and of other X-Forwarded-* fields none is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from tracker.errors import SettingsError
from tracker.web.addresses import parsed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 10
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def behind(app: WSGIApplication, trusted: str) -> WSGIApplication:
    """The application as it is behind the proxies that the setting names; SettingsError if none."""
    words = [word.strip() for word in trusted.split(",") if word.strip()]
    if not words:
        return app
    if len(words) == 1 and words[0].isdecimal():
        return _behind_so_many(app, words[0])
    return BehindAddresses(app, [_network(word) for word in words])


class BehindAddresses:
    """Takes the word of those addresses alone, and of none that stands before another one."""

    def __init__(self, app: WSGIApplication, trusted: list[Network]) -> None:
        self._app = app
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer the request as one of the first address, from behind, that is no proxy's."""
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            said = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            hops = [word.strip() for word in said if word.strip()]
            while hops and self._is_trusted(hops[-1]):
                environ["REMOTE_ADDR"] = hops.pop()
            client = parsed(hops[-1]) if hops else None
            if client is not None:
                environ["REMOTE_ADDR"] = str(client)
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start)

    def _is_trusted(self, text: str) -> bool:
        found = parsed(text)
        return found is not None and any(found in network for network in self._trusted)


def _behind_so_many(app: WSGIApplication, word: str) -> WSGIApplication:
    number = int(word)
    if number > MOST:
        raise SettingsError(f"trusted_proxies={number} proxies in a row are more than {MOST}.")
    return ProxyFix(app, x_for=number, x_proto=number) if number else app


def _network(word: str) -> Network:
    try:
        return ipaddress.ip_network(word)
    except ValueError as error:
        raise SettingsError(
            f"trusted_proxies: {word!r} is neither a number nor an address.",
            "Write 1, or 10.0.0.5, or 10.0.0.0/24; several with commas.",
        ) from error
