"""Counters of requests that hold over all nodes: fixed windows in a Redis.

It is a back end of the library `limits`, which counts as the file of one machine does
(`limit_store`). Nothing in it is worth keeping.
"""

from __future__ import annotations

import time

from limits.storage import RedisStorage
from redis.exceptions import ConnectionError as CutOff
from redis.exceptions import RedisError

from tracker.operations.counters import connections

# So long nothing is asked of a Redis that did not answer: each try may hold a request a while.
PAUSE_SECONDS = 1.0
# The library's own would leave credit where something is taken back after its window, and begin no
# window where the first is not counted by one.
_COUNT = """
local number = redis.call("INCRBY", KEYS[1], ARGV[2])
if number <= 0 then
    redis.call("DEL", KEYS[1])
    return 0
end
if redis.call("TTL", KEYS[1]) < 0 then
    redis.call("EXPIRE", KEYS[1], ARGV[1])
end
return number
"""


class RedisCounters(RedisStorage):
    """Fixed windows in the Redis at `address`; SettingsError where that cannot be one."""

    STORAGE_SCHEME = ["tracker+redis"]  # noqa: RUF012 - as the library has it

    def __init__(self, address: str) -> None:
        super().__init__(address, connections(address), key_prefix="tracker", wrap_exceptions=True)
        self._count = self.storage.register_script(_COUNT)
        self._not_before = 0.0

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        if time.monotonic() < self._not_before:
            raise CutOff("it did not answer a moment ago")
        try:
            return int(self._count([self.prefixed_key(key)], [expiry, amount]))
        except RedisError:
            self._not_before = time.monotonic() + PAUSE_SECONDS
            raise
