"""What the log says of waits: why, and until when."""

from __future__ import annotations

import logging
import re
from typing import NoReturn

import pytest

from airflow_provider_ringcentral.client.errors import RateLimited
from airflow_provider_ringcentral.client.policy import Policy, RetryLater


def lines(caplog, waits: list[tuple[float, float]], max_wait: float = 1e6) -> list[str]:
    """The log of a request that waits so: seconds of the next sleep, seconds needed in all."""
    caplog.set_level(logging.INFO)
    left = list(waits)
    driver = Policy(max_wait=max_wait).retrying()
    driver.sleep = lambda _: None

    def attempt() -> None:
        if left:
            delay, needed = left.pop(0)
            raise RetryLater("the reason", delay=delay, needed=needed)

    driver(attempt)
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        ([(0.3, 0.3)], 0),
        ([(1.0, 1.0), (0.5, 0.5)], 0),
        ([(10.0, 40.0), (10.0, 30.0), (10.0, 20.0), (10.0, 10.0)], 1),
        ([(10.0, 200.0 - 10 * n) for n in range(20)], 4),
    ],
)
def test_long_waits_are_told_when_they_begin_and_once_a_minute(caplog, waits, told):
    found = lines(caplog, waits)

    assert len(found) == told
    assert all(re.fullmatch(r"Waiting until \d\d:\d\d:\d\d UTC: the reason\.", line) for line in found)


def test_many_short_waits_are_told_once_they_add_up(caplog):
    assert lines(caplog, [(0.4, 0.4)] * 30) == ["Waiting: the reason."]


def test_a_wait_beyond_patience_is_an_error_that_says_why():
    def attempt() -> NoReturn:
        raise RetryLater("the reason", delay=10.0, needed=90.0)

    with pytest.raises(RateLimited, match="the reason") as caught:
        Policy(max_wait=60.0).retrying()(attempt)
    assert caught.value.retry_after == 90.0
    assert "60 s in all (max_wait)" in str(caught.value)
    assert "raise max_wait on the Connection ('Longest wait (seconds)')" in str(caught.value)


def test_a_429_beyond_patience_keeps_what_ringcentral_said_and_names_the_bound():
    def attempt() -> NoReturn:
        error = RateLimited("Request rate exceeded", status=429, codes=["CMN-301"], retry_after=90.0, request_id="r1")
        raise RetryLater("the reason", delay=90.0, error=error)

    with pytest.raises(RateLimited, match="Request rate exceeded") as caught:
        Policy(max_wait=60.0).retrying()(attempt)
    found = caught.value
    assert (found.status, found.code, found.retry_after, found.request_id) == (429, "CMN-301", 90.0, "r1")
    assert "raise max_wait on the Connection" in str(found)
