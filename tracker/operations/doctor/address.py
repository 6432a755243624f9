"""Where the web server listens, and what stands in front of it."""

from __future__ import annotations

import ipaddress

from tracker.operations.doctor.findings import Finding, Findings, Scene

GUIDE = "deploy/README.md shows nginx and Caddy in front"


def look(scene: Scene) -> Findings:
    """Warn where the world reaches the server itself, or nobody says how people reach it."""
    settings = scene.settings
    where = f"{settings.host}:{settings.port}"
    if is_loopback(settings.host):
        yield Finding("address", "pass", f"It listens on {where}, for this machine alone.")
        return
    if not settings.trusted_proxies:
        yield Finding(
            "address",
            "warn",
            f"It listens on {where}, with no proxy in front: slow clients can keep all threads"
            " busy, and nothing is encrypted.",
            f"Set host = 127.0.0.1 behind a proxy ({GUIDE}), or name it in trusted_proxies.",
        )
    if not settings.base_url:
        yield Finding(
            "address",
            "warn",
            f"It listens on {where}, and base_url is not set: links follow what a request says.",
            "Set base_url to the address that people use, TRACKER_BASE_URL=https://…",
        )
    if not settings.allowed_hosts and settings.base_url:
        yield Finding(
            "address",
            "warn",
            "Requests for any host name are answered.",
            "Set allowed_hosts to the names that people use.",
        )
    if settings.trusted_proxies and settings.base_url and settings.allowed_hosts:
        yield Finding("address", "pass", f"It listens on {where}, behind a proxy it trusts.")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("unix:")
