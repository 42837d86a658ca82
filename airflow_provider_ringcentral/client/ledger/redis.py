"""A ledger for several machines: a Redis (or Valkey) server that all workers can reach."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.ledger.protocol import (
    KEEP_SECONDS,
    OPTION,
    Change,
    LedgerUnavailable,
    invalid_ledger_url,
)

if TYPE_CHECKING:
    import redis

T = TypeVar("T")

PREFIX = "airflow-provider-ringcentral:"
TIMEOUT_SECONDS = 3.0

COMPARE_AND_SET = """
local current = redis.call('GET', KEYS[1])
if current ~= (ARGV[1] == '1' and ARGV[2]) then
    return {0, current}
end
if ARGV[3] == '1' then
    redis.call('SET', KEYS[1], ARGV[4], 'EX', ARGV[5])
else
    redis.call('DEL', KEYS[1])
end
return {1, false}
"""
"""Sets the value if it is still the one that the change was computed from, else returns the current one. Atomic.

Optimistic locking keeps the logic in Python and leaves no lock behind when a process is killed. Of the callers that
collide, one always succeeds.
"""


class RedisLedger:
    """Values under a key prefix, with the server's clock: those of the machines may differ by seconds."""

    shared = True

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError:
            raise invalid_ledger_url(
                "needs the package redis: pip install 'airflow-provider-ringcentral[redis]'"
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._name = urlsplit(url).hostname
        try:
            self._redis: redis.Redis = redis.Redis.from_url(
                url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
            )
        except ValueError:
            raise invalid_ledger_url("is not a valid Redis URL") from None
        # A URL shared with other programs may set decode_responses; values here are bytes.
        self._redis.connection_pool.connection_kwargs["decode_responses"] = False

    def __str__(self) -> str:
        return f"Redis at {self._name} ({OPTION})"

    def read(self, key: str) -> bytes | None:
        """Return the value of `key`."""
        with self._translating_errors():
            return _bytes(self._redis.get(PREFIX + key))

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically and return its result."""
        with self._translating_errors():
            before = _bytes(self._redis.get(PREFIX + key))
            while True:
                after, result = change(before)
                if after == before:
                    return result
                done, current = self._compare_and_set(
                    keys=[PREFIX + key],
                    args=[
                        int(before is not None),
                        before or b"",
                        int(after is not None),
                        after or b"",
                        int(KEEP_SECONDS),
                    ],
                )
                if done:
                    return result
                before = _bytes(current)
                time.sleep(random.uniform(0.0, 0.002))

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, sorted."""
        literal = re.sub(r"([*?\[\]\\])", r"\\\1", PREFIX + prefix)
        with self._translating_errors():
            return sorted(key.decode()[len(PREFIX) :] for key in self._redis.scan_iter(match=f"{literal}*", count=1000))

    def now(self) -> float:
        """Return the server's time in epoch seconds, asked for at each call.

        Measuring the clock difference once is off by half a round trip, and that was enough to cause a 429. A delayed
        reply does no harm: it makes a request wait longer, never less.
        """
        with self._translating_errors():
            seconds, microseconds = self._redis.time()
        return float(seconds + microseconds / 1e6)

    def close(self) -> None:
        """Close the connections to the server."""
        self._redis.close()

    @cached_property
    def _compare_and_set(self) -> Any:
        return self._redis.register_script(COMPARE_AND_SET)

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            # Only the type: the message may repeat the URL, which holds the password.
            raise LedgerUnavailable(f"{self}: {type(error).__name__}") from None


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
