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
def test_what_fits_stays_as_it_is(count, caplog):
    assert bounded(told(count), KEEP) == told(count)
    assert caplog.text == ""


def test_what_does_not_fit_comes_with_fewer_keys(caplog):
    values = told(1000)

    assert bounded(values, KEEP) == [{"to": one["to"], "id": one["id"]} for one in values]
    assert "it contains only to and id of all 1000" in caplog.text


def test_what_is_still_too_much_comes_to_an_end(caplog):
    values = told(5000)
    some = bounded(values, KEEP)

    assert len(msgspec.json.encode(some)) <= XCOM_LIMIT_BYTES
    assert some == [{"to": one["to"], "id": one["id"]} for one in values[: len(some)]]
    assert len(some) > 1000
    assert f"of the first {len(some)} of 5000" in caplog.text
