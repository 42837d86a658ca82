"""The Redis ledger: key prefix and expiry, concurrent changes, outages, refused passwords."""

from __future__ import annotations

import time

import pytest
import redis

from airflow_provider_ringcentral.client.ledger import memory
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.ledger.memory import FallbackLedger, MemoryLedger
from airflow_provider_ringcentral.client.ledger.protocol import KEEP_SECONDS
from airflow_provider_ringcentral.client.ledger.redis import PREFIX, RedisLedger
from scenarios.redis_server import PASSWORD, RedisServer


def count(value: bytes | None) -> tuple[bytes, int]:
    number = int(value or b"0") + 1
    return str(number).encode(), number


def test_keys_are_prefixed_and_expire(redis_url):
    RedisLedger(redis_url).update("n", count)
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == [f"{PREFIX}n".encode()]
        assert KEEP_SECONDS - 60 < client.ttl(f"{PREFIX}n") <= KEEP_SECONDS


@pytest.mark.parametrize("option", ["decode_responses=True", "decode_responses=True&encoding=latin-1", "protocol=3"])
def test_a_url_that_other_programs_share_serves_bytes(redis_url, option, caplog):
    ledger = open_ledger(f"{redis_url}?{option}")

    assert [ledger.update("n", count) for _ in range(3)] == [1, 2, 3]
    assert (ledger.read("n"), ledger.keys("n"), ledger.now() > 1.7e9) == (b"3", ["n"], True)
    assert ledger.shared
    assert caplog.records == []


def test_a_concurrent_change_is_not_overwritten(redis_url):
    ledger, other = RedisLedger(redis_url), RedisLedger(redis_url)
    seen = []

    def interrupted(value: bytes | None) -> tuple[bytes, None]:
        seen.append(value)
        if len(seen) == 1:
            other.update("n", count)
        return (value or b"") + b"x", None

    ledger.update("n", interrupted)

    assert seen == [None, b"1"]
    assert ledger.read("n") == b"1x"


def test_now_is_the_time_of_the_server(redis_url):
    before = time.time()
    assert before - 0.01 <= RedisLedger(redis_url).now() <= time.time() + 0.01


def test_a_server_that_goes_away_is_replaced_with_one_warning_and_comes_back_by_itself(tmp_path, caplog):
    caplog.set_level("INFO")
    server = RedisServer(tmp_path)
    server.start()
    clock = [0.0]
    ledger = FallbackLedger(RedisLedger(server.url), MemoryLedger(), clock=lambda: clock[0])
    assert [ledger.update("n", count) for _ in range(2)] == [1, 2]
    assert ledger.shared

    server.stop()
    assert [ledger.update("n", count) for _ in range(2)] == [1, 2]
    assert not ledger.shared
    assert [record.levelname for record in caplog.records] == ["WARNING"]

    clock[0] += memory.RETRY_SECONDS
    ledger.update("n", count)
    assert len(caplog.records) == 1

    server.start()
    clock[0] += memory.RETRY_SECONDS
    assert ledger.update("n", count) == 1, "the server came back empty"
    assert ledger.shared
    assert "again" in caplog.text
    server.stop()


def test_a_refused_password_is_a_warning_that_names_the_option_and_no_secret(redis_url, caplog):
    ledger = open_ledger(redis_url.replace(PASSWORD, "wrong-password-7"))

    assert ledger.update("n", count) == 1
    assert "[ringcentral] ledger_url" in caplog.text
    assert "AuthenticationError" in caplog.text
    assert "password-" not in caplog.text


@pytest.mark.parametrize("url", ["redis://", "redis://:hidden-password@/0", "rediss://:hidden-password@host:port/0"])
def test_a_malformed_url_is_refused_by_name(url):
    with pytest.raises(Exception, match=r"\[ringcentral\] ledger_url") as caught:
        open_ledger(url)
    assert "hidden-password" not in str(caught.value)
