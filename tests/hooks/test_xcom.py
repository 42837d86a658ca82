"""What goes to XCom stays below 48 KB."""

from __future__ import annotations

import msgspec
import pytest

from airflow_provider_ringcentral.hooks.xcom import XCOM_LIMIT_BYTES, bounded

KEEP = ("to", "id")


def told(count: int) -> list[dict[str, object]]:
    """What an operator returns of messages with ids of 19 digits."""
    return [
        {
            "to": [place],
            "id": str(7_000_000_000_000_000_000 + place),
            "status": "Delivered",
            "segments": 1,
            "found": False,
        }
        for place in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 400])
def test_values_that_fit_are_unchanged(count, caplog):
    assert bounded(told(count), KEEP) == told(count)
    assert caplog.text == ""


def test_values_that_do_not_fit_lose_keys(caplog):
    values = told(1000)

    assert bounded(values, KEEP) == [{"to": one["to"], "id": one["id"]} for one in values]
    assert "it contains only to and id of all 1000" in caplog.text


def test_values_that_still_do_not_fit_are_cut_off(caplog):
    values = told(5000)
    some = bounded(values, KEEP)

    assert len(msgspec.json.encode(some)) <= XCOM_LIMIT_BYTES
    assert some == [{"to": one["to"], "id": one["id"]} for one in values[: len(some)]]
    assert len(some) > 1000
    assert f"of the first {len(some)} of 5000" in caplog.text
