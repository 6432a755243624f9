"""The names under which the tracker is reached: requests for other ones are refused.

A host that can be no name is always refused: addresses in answers are built of it.
"""

from __future__ import annotations

import ipaddress
import re

from flask import Flask, request
from werkzeug.sansio.utils import host_is_trusted

from tracker.errors import SettingsError, UsageError
from tracker.settings import Settings
from tracker.web.open_doors import is_open

# No browser can be made to call another machine by these names.
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Each of several nodes is asked for what it counted by its own address.
SCRAPE = "metrics.scrape"
_NAME = re.compile(r"\.?[\w-]+(\.[\w-]+)*|\[[0-9a-f:.]+\]")
_PORT = re.compile(r":[0-9]{1,5}$")


def register(app: Flask, its: Settings) -> None:
    """Where `allowed_hosts` names some, refuse every other; probes and Prometheus ask by address.

    SettingsError for what is no name.
    """
    allowed = frozenset(word.strip().lower() for word in its.allowed_hosts.split(",")) - {""}
    for name in allowed:
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"allowed_hosts: {name!r} is no name of a host.",
                "Write tracker.example, without a port, or .example for all names below it.",
            )
    app.before_request(_refuse_malformed)
    if allowed:
        app.before_request(lambda: _refuse_others(allowed))


def _refuse_malformed() -> None:
    if not (is_open(request.endpoint) or _is_host()):
        raise UsageError(
            f"{request.headers.get('Host', '')[:100]!r} is no name of a host.",
            "Send the tracker's name, or its address, in the field Host.",
        )


def _is_host() -> bool:
    try:
        return request.host_url != f"{request.scheme}:///"
    except UnicodeError:  # of a name in Punycode that spells nothing
        return False


def _refuse_others(allowed: frozenset[str]) -> None:
    host = request.headers.get("Host", "").lower()
    is_scrape = request.endpoint == SCRAPE and _is_address(host)
    if not (is_open(request.endpoint) or is_scrape or _is_one_of(host, allowed)):
        raise UsageError(
            f"The tracker is not called {host[:100]!r}.",
            "Its operator lists its names in the setting allowed_hosts.",
        )


def _is_address(host: str) -> bool:
    """No page of another site asks by an address and is that site's."""
    try:
        ipaddress.ip_address(_PORT.sub("", host).strip("[]"))
    except ValueError:
        return False
    return True


def _is_one_of(host: str, allowed: frozenset[str]) -> bool:
    # The library knows names below others, and no addresses of IPv6.
    return _PORT.sub("", host) in THIS_MACHINE | allowed or host_is_trusted(host, allowed)
