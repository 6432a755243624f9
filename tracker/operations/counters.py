"""The Redis in which all nodes count requests: how it is spoken to, and whether it answers."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tracker.errors import SettingsError

if TYPE_CHECKING:
    from redis import ConnectionPool

# What hangs holds a request so long, once a second at most: see `tracker.web.limit_redis`.
PATIENCE_SECONDS = 0.25
NOT_COUNTED = "Requests cannot be counted:"


def connections(address: str) -> ConnectionPool:
    """Connections to the Redis at `address`, made when they are first needed.

    One that was cut since it was used (a restart there) is replaced at once. Raises SettingsError
    where the driver is missing, or the address cannot be understood.
    """
    try:
        from redis import ConnectionPool
        from redis.backoff import NoBackoff
        from redis.exceptions import ConnectionError as CutOff
        from redis.retry import Retry
    except ImportError as error:
        raise SettingsError(
            f"limits_url cannot be used: {error}.",
            "Install the extra: pip install 'regression-tracker[redis]'.",
        ) from error
    try:
        return ConnectionPool.from_url(
            address,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 1, (CutOff,)),
            protocol=2,
            driver_info=None,
        )
    except ValueError:  # its text may hold a part of the password
        raise SettingsError(
            "limits_url is no address of a Redis.",
            "It is redis://user:password@host:port/number; in the password `/` is %2F, `#` %23.",
        ) from None


def place(address: str) -> str:
    """The address as people may see it, without a password."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or 'localhost'}{port}{parts.path}"


def is_open(address: str) -> bool:
    """Whether another machine is named, and nothing by which it knows us: no password, no key."""
    told = connections(address).connection_kwargs
    is_known = told.get("password") or told.get("ssl_certfile")
    return not is_known and not _is_here(told.get("host", "localhost"))


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def trouble(address: str) -> str:
    """Why nothing can be counted there, in words; "" where it answers."""
    pool = connections(address)
    from redis import Redis, RedisError

    try:
        Redis(connection_pool=pool).ping()
    except RedisError as error:
        return f"{place(address)}: {error}"
    finally:
        pool.disconnect()
    return ""
