"""How the Redis of all nodes is spoken to: what is wrong is said, and no password is."""

from __future__ import annotations

import sys

import pytest

from tests.servers import PASSWORD, running_redis
from tracker.errors import SettingsError
from tracker.operations.counters import connections, is_open, place, trouble


def test_a_redis_that_answers_gives_no_trouble() -> None:
    with running_redis() as redis:
        assert trouble(redis.address) == ""


def test_a_redis_that_is_gone_is_named_without_its_password() -> None:
    with running_redis() as redis:
        address = redis.address
    said = trouble(address)
    assert said.startswith(f"redis://127.0.0.1:{redis.port}: ")
    assert PASSWORD not in said


def test_a_redis_that_lets_nobody_in_is_told() -> None:
    with running_redis() as redis:
        said = trouble(f"redis://:another@127.0.0.1:{redis.port}")
    assert "invalid username-password" in said
    assert "another" not in said


@pytest.mark.parametrize("address", ["redis://:pa/ss@host", "redis://host:x", "redis://[1::/0"])
def test_what_is_no_address_is_refused_without_a_part_of_the_password(address: str) -> None:
    with pytest.raises(SettingsError, match="limits_url is no address") as refused:
        connections(address)
    assert "ss@" not in str(refused.value).replace("user:password@host", "")
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "address", ["redis://redis", "rediss://me@192.0.2.1/0", "redis://[2001:db8::1]"]
)
def test_a_redis_elsewhere_that_asks_for_nothing_is_open(address: str) -> None:
    assert is_open(address)


@pytest.mark.parametrize(
    "address",
    [
        "redis://:x@redis",
        "redis://redis?password=x",
        "rediss://redis?ssl_certfile=/own.pem",
        "redis://localhost",
        "redis://127.0.0.2:6380",
        "redis://[::1]",
    ],
)
def test_a_redis_that_is_here_or_knows_us_is_not_open(address: str) -> None:
    assert not is_open(address)


def test_without_its_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsError, match=r"regression-tracker\[redis\]"):
        connections("redis://host")


def test_a_place_is_an_address_without_user_and_password() -> None:
    assert place("rediss://me:secret@redis.example:6380/2") == "rediss://redis.example:6380/2"
