"""What the guard says of a window, by its start, the time and what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log import RETENTION
from airflow_provider_ringcentral.extract.call_log.query import RetentionExceeded, check_retention

NOW = datetime(2026, 11, 24, 12, 30, 15, 500, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "kept"),
    [
        (NOW, RETENTION),
        (NOW - timedelta(days=90), RETENTION),
        (NOW - timedelta(days=90, minutes=59), RETENTION),
        (NOW - timedelta(days=3650), None),
        (NOW - timedelta(days=3650), timedelta()),
        (NOW + timedelta(days=1), timedelta(seconds=1)),
    ],
)
@pytest.mark.parametrize("if_expired", ["warn", "fail"])
def test_nothing_is_said_of_what_is_kept(start, kept, if_expired):
    assert check_retention(start, NOW, kept, if_expired) is None


@pytest.mark.parametrize(
    ("start", "kept", "span", "oldest"),
    [
        (NOW - timedelta(days=91), RETENTION, "90 days:", "2026-08-26T12:30:15Z"),
        (NOW - timedelta(days=40), timedelta(days=30), "30 days:", "2026-10-25T12:30:15Z"),
        (NOW - timedelta(hours=3), timedelta(hours=1), "1:00:00:", "2026-11-24T11:30:15Z"),
    ],
)
def test_the_oldest_kept_moment_and_the_cure_are_named(start, kept, span, oldest):
    warning = check_retention(start, NOW, kept)

    assert warning is not None
    assert warning.startswith("start 2026-")
    for part in (oldest, span, "0 turns this check off"):
        assert part in warning
    assert "\n" not in warning
    with pytest.raises(RetentionExceeded, match="if_expired='warn'") as caught:
        check_retention(start, NOW, kept, "fail", name="watermark")
    assert oldest in str(caught.value)
    assert caught.value.parameter == "watermark"
    assert isinstance(caught.value, BadRequest)


@pytest.mark.parametrize(
    ("kept", "if_expired", "parameter"),
    [(-RETENTION, "warn", "retention"), (RETENTION, "ignore", "if_expired"), (RETENTION, "", "if_expired")],
)
def test_values_that_cannot_be_meant(kept, if_expired, parameter):
    with pytest.raises(BadArgument) as caught:
        check_retention(NOW, NOW, kept, if_expired)
    assert caught.value.parameter == parameter
