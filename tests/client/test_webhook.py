"""A post a second for each webhook: who gets which turn, and who does not wait."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.webhook import WebhookPace

NOW = 1_000_000.0


class Clock(MemoryLedger):
    """A ledger whose time passes as told."""

    at = NOW

    def now(self) -> float:
        return self.at


@pytest.fixture
def ledger() -> Clock:
    return Clock()


def test_posts_are_a_second_apart_for_all_who_share_the_ledger(ledger):
    assert [WebhookPace(ledger, "a", 60).reserve(None) - NOW for _ in range(4)] == [0, 1, 2, 3]
    assert WebhookPace(ledger, "b", 60).reserve(None) == NOW


def test_a_reserved_time_is_not_reserved_again(ledger):
    pace = WebhookPace(ledger, "a", 60)
    pace.reserve(None)
    held = pace.reserve(None)

    assert pace.reserve(held) == held == NOW + 1
    with pytest.raises(RetryLater) as caught:
        pace.wait_for(held)
    assert caught.value.delay == 1
    ledger.at = NOW + 1
    pace.wait_for(held)


def test_a_post_that_would_wait_too_long_reserves_nothing(ledger):
    patient, hasty = WebhookPace(ledger, "a", 60), WebhookPace(ledger, "a", 6)
    for _ in range(10):
        patient.reserve(None)

    with pytest.raises(RetryLater, match=r"other posts use this webhook for 10\.0 s") as caught:
        hasty.reserve(None)

    assert caught.value.needed == 10
    assert patient.reserve(None) == NOW + 10


def test_a_429_postpones_all_posts(ledger):
    pace = WebhookPace(ledger, "a", 60)
    first, second = pace.reserve(None), pace.reserve(None)
    pace.close(30)

    assert [pace.reserve(first) - NOW, pace.reserve(second) - NOW] == [30, 31]


@pytest.mark.parametrize("value", [b"{", b'{"free": "soon"}', b'{"free": 2000000.0}', b"[]"])
def test_an_invalid_schedule_is_discarded(ledger, value):
    ledger.update("webhook:a", lambda _: (value, None))

    assert WebhookPace(ledger, "a", 60).reserve(None) == NOW
