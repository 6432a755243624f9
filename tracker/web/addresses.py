"""Where a request comes from: one client has one address, however many an IPv6 network has."""

from __future__ import annotations

import ipaddress
import re

from flask import request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV6_NETWORK = 64
# What a proxy adds: behind one, everybody's address is that of the proxy.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
# Some proxies tell the port, too, which is another one for each connection.
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def address() -> str:
    """The address that a request came from, behind trusted proxies that of their client."""
    text = request.remote_addr or ""
    return str(parsed(text) or text)


def network() -> str:
    """What requests are counted by: an IPv4 address, or the network that one IPv6 client has."""
    found = parsed(request.remote_addr or "")
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
    return address()


def is_local() -> bool:
    """Whether it came from this machine, by loopback or by a socket without addresses.

    Nothing that a proxy passed on does.
    """
    if any(name in request.headers for name in FORWARDED):
        return False
    found = parsed(request.remote_addr or "")
    return not request.remote_addr or (found is not None and found.is_loopback)


def parsed(text: str) -> Address | None:
    """The address, without port and zone, of IPv4 also where a socket of IPv6 tells it.

    None for what is none.
    """
    spelt = _WITH_PORT.fullmatch(text)
    bare = (spelt[1] or spelt[2] or "") if spelt else text
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
