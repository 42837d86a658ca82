"""How far a response's date is behind our clock."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from requests_mock import ANY

from airflow_provider_ringcentral.client.answer import date_behind
from tests.client.conftest import EXTENSION, OddServer


@pytest.mark.parametrize("seconds", [10, 7200, 400_000])
def test_a_date_in_the_past(seconds):
    now = time.time()

    assert date_behind({"Date": formatdate(now - seconds, usegmt=True)}) >= seconds


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": formatdate(4e9, usegmt=True)}])
def test_a_missing_date_and_one_ahead_of_ours(headers):
    assert date_behind(headers) == 0.0


def test_a_client_keeps_it_in_its_usage(client_of, requests_mock):
    date = {"Date": formatdate(time.time() - 7200, usegmt=True)}
    requests_mock.post(ANY, json={"access_token": "t", "expires_in": 3600, "owner_id": "1"}, headers=date)
    requests_mock.get(ANY, json={"id": 7}, headers=date)
    client = client_of(OddServer(url="https://platform.ringcentral.com"))

    client.request_json("GET", EXTENSION)

    assert 7200 <= client.usage.date_behind < 7800
