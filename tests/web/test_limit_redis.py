"""Counters in a Redis: as exact as the file of one machine, and no request waits for a dead one."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest
from limits.errors import StorageError

from tests.servers import PASSWORD, RunningRedis, running_redis
from tracker.web import limit_redis
from tracker.web.limit_redis import RedisCounters


@pytest.fixture(scope="module")
def server() -> Iterator[RunningRedis]:
    with running_redis() as running:
        yield running


@pytest.fixture
def storage(server: RunningRedis) -> RedisCounters:
    found = RedisCounters(server.address)
    found.reset()
    return found


def let_pass(storage: RedisCounters, key: str) -> None:
    """End the window of a key now."""
    storage.storage.pexpire(storage.prefixed_key(key), 1)
    while storage.get(key):
        time.sleep(0.001)


def test_each_key_is_counted_by_itself(storage: RedisCounters) -> None:
    assert [storage.incr("a", 60), storage.incr("b", 60), storage.incr("a", 60)] == [1, 1, 2]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (2, 1, 0)


def test_a_window_begins_with_the_first_and_ends_for_all(storage: RedisCounters) -> None:
    storage.incr("a", 60)
    storage.storage.expire(storage.prefixed_key("a"), 30)
    assert storage.incr("a", 60) == 2
    assert storage.get_expiry("a") <= time.time() + 30
    let_pass(storage, "a")
    assert storage.incr("a", 60) == 1
    assert storage.get_expiry("a") > time.time() + 30


def test_a_window_that_two_begin_has_an_end(storage: RedisCounters) -> None:
    storage.incr("a", 60, 2)
    assert storage.get_expiry("a") > time.time()


def test_what_is_taken_back_after_its_window_leaves_no_credit(storage: RedisCounters) -> None:
    storage.incr("a", 60)
    let_pass(storage, "a")
    assert [storage.incr("a", 60, -1), storage.incr("b", 60, -1)] == [0, 0]
    assert [storage.incr("a", 60), storage.incr("b", 60)] == [1, 1]


def test_what_is_taken_back_at_once_is_not_counted(storage: RedisCounters) -> None:
    storage.incr("a", 60)
    storage.incr("a", 60)
    assert (storage.incr("a", 60, -1), storage.get("a")) == (1, 1)


def test_it_is_exact_over_nodes_and_threads(storage: RedisCounters, server: RunningRedis) -> None:
    nodes = [RedisCounters(server.address) for _ in range(2)]

    def count(node: RedisCounters) -> None:
        for _ in range(100):
            node.incr("a", 60)

    threads = [threading.Thread(target=count, args=(node,)) for node in nodes for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("a") == 800


def test_a_redis_that_is_gone_is_told_as_the_library_does_and_without_its_password() -> None:
    with running_redis() as redis:
        storage = RedisCounters(redis.address)
    with pytest.raises(StorageError) as refused:
        storage.incr("a", 60)
    assert PASSWORD not in str(refused.value)


def test_a_redis_that_was_started_again_is_used_at_once() -> None:
    with running_redis() as redis:
        storage = RedisCounters(redis.address)
        storage.incr("a", 60)
    with running_redis(redis.port):
        assert storage.incr("a", 60) == 1


def test_a_redis_that_hangs_holds_one_request_for_a_moment_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limit_redis, "PAUSE_SECONDS", 3600)
    with running_redis() as redis:
        storage = RedisCounters(redis.address)
        storage.incr("a", 60)
        redis.process.send_signal(signal.SIGSTOP)
        for why in ("[Tt]ime", *["a moment ago"] * 4):
            with pytest.raises(StorageError, match=why):
                storage.incr("a", 60)
        redis.process.send_signal(signal.SIGCONT)
        storage._not_before = 0
        assert storage.incr("a", 60) >= 2
