"""What a request looks like when it arrives."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_provider_ringcentral import __version__
from airflow_provider_ringcentral.client.errors import BadRequest
from tests.client.conftest import EXTENSION, LOG, UNKNOWN


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({"phoneNumber": "+16505550100"}, "phoneNumber=%2B16505550100"),
        ({"direction": ["Inbound", "Outbound"]}, "direction=Inbound&direction=Outbound"),
        ({"direction": ("Inbound",), "type": []}, "direction=Inbound"),
        ({"a": True, "b": False, "c": None, "d": 5}, "a=true&b=false&d=5"),
        ({"dateFrom": datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)}, "dateFrom=2026-01-31T23%3A59%3A59.999Z"),
        (
            {"dateTo": datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=2)))},
            "dateTo=2026-01-31T23%3A00%3A00.000Z",
        ),
        ({"name": "Zoë & Co=1"}, "name=Zo%C3%AB+%26+Co%3D1"),
    ],
)
def test_parameters(odd, client_of, params, query):
    odd.tell()
    client_of(odd).request("GET", LOG, params=params)

    assert odd.calls[0][1] == f"{LOG}?{query}"


def test_a_time_without_zone_is_refused_before_anything_is_sent(odd, client_of):
    odd.tell()
    with pytest.raises(BadRequest, match=r"dateFrom.*zone") as caught:
        client_of(odd).request("GET", LOG, params={"dateFrom": datetime(2026, 1, 1)})  # noqa: DTZ001

    assert caught.value.parameter == "dateFrom"
    assert odd.got == []


def test_headers(odd, client_of):
    odd.tell()
    client_of(odd).request("GET", EXTENSION, headers={"Accept-Language": "de-DE"})

    headers = odd.calls[0][2]
    assert headers["Authorization"] == "Bearer the-token"
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Language"] == "de-DE"
    assert headers["User-Agent"].startswith(f"airflow-provider-ringcentral/{__version__} (requests/")


def test_bodies(odd, client_of):
    odd.tell()
    client = client_of(odd)
    client.request("POST", UNKNOWN, json={"text": "Zoë"})
    client.request("POST", UNKNOWN, data={"a": "1"})
    client.request("PUT", UNKNOWN, data=b"raw", headers={"Content-Type": "text/plain"})

    kinds = [(headers["Content-Type"], body) for _, _, headers, body in odd.calls]
    assert json.loads(kinds[0][1]) == {"text": "Zoë"}
    assert kinds[0][0] == "application/json"
    assert kinds[1:] == [("application/x-www-form-urlencoded", b"a=1"), ("text/plain", b"raw")]


def test_a_repeated_request_sends_the_same_files_again(odd, client_of):
    odd.tell(503, Retry_After="0.01")
    odd.tell()
    client_of(odd).request("POST", UNKNOWN, files={"attachment": ("a.txt", io.BytesIO(b"contents"), "text/plain")})

    first, second = (body for _, _, _, body in odd.calls)
    assert first == second
    assert b"contents" in first


def test_answers_without_a_body(odd, client_of):
    odd.tell(204, b"")
    assert client_of(odd).request_json("DELETE", UNKNOWN) is None
