"""The ledger of many machines: a Redis (or Valkey) server that all workers reach."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.ledger import KEEP_SECONDS, OPTION, Change, LedgerUnavailable, malformed

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
"""Set the value if it is still the one the change was made from, else say what it is now: one atomic step.

So the arithmetic stays in `pacing.py` and `session.py`, and no lock can be left behind by a killed process. Of all
callers that meet, one always gets through.
"""


class RedisLedger:
    """Values under a prefix. All who share it go by the server's clock: the machines' own may differ by seconds."""

    shared = True

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError:
            raise malformed("needs the package redis; install airflow-provider-ringcentral[redis]") from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._name = urlsplit(url).hostname
        try:
            self._redis: redis.Redis = redis.Redis.from_url(
                url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
            )
        except ValueError:
            raise malformed("is not a URL that Redis understands") from None
        # The URL may ask for texts, as other programs like them; values here are bytes.
        self._redis.connection_pool.connection_kwargs["decode_responses"] = False

    def __str__(self) -> str:
        return f"Redis at {self._name} ({OPTION})"

    def read(self, key: str) -> bytes | None:
        """The value of `key`."""
        with self._reaching():
            return _bytes(self._redis.get(PREFIX + key))

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically."""
        with self._reaching():
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
        """The keys that begin with `prefix`, sorted."""
        literal = re.sub(r"([*?\[\]\\])", r"\\\1", PREFIX + prefix)
        with self._reaching():
            return sorted(key.decode()[len(PREFIX) :] for key in self._redis.scan_iter(match=f"{literal}*", count=1000))

    def now(self) -> float:
        """Epoch seconds of the server, asked for each time.

        An answer is never late: a place is dated after its answer, and not used before its time. A difference of clocks
        that is measured once is off by half a round trip, and that was enough for a 429.
        """
        with self._reaching():
            seconds, microseconds = self._redis.time()
        return float(seconds + microseconds / 1e6)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    @cached_property
    def _compare_and_set(self) -> Any:
        return self._redis.register_script(COMPARE_AND_SET)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            # Only the kind is told: the text may repeat the URL, and that holds the password.
            raise LedgerUnavailable(f"{self}: {type(error).__name__}") from None


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
