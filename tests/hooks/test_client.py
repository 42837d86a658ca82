"""The client of a Connection on an event loop."""

from __future__ import annotations

import json

import pytest
from airflow.providers.common.compat.sdk import redact

from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.hooks.client import shared_client
from airflow_provider_ringcentral.hooks.connection import read_credentials_async

EXTENSION = "/restapi/v1.0/account/~/extension/~"


async def test_users_of_the_same_credentials_share_a_client_until_the_last_ends(sandbox, connection, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SAME", sandbox.connection_json)
    monkeypatch.setenv("AIRFLOW_CONN_SLOWER", sandbox.connection_for(timeout="90"))
    async with shared_client(connection) as first, shared_client("same") as same, shared_client("slower") as slower:
        assert first is same
        assert first is not slower
        assert (await same.request_json("GET", EXTENSION))["name"] == "Airflow Service"
        assert (await slower.request_json("GET", EXTENSION))["name"] == "Airflow Service"
    async with shared_client(connection) as later:
        assert later is not first
        assert (await later.request_json("GET", EXTENSION))["name"] == "Airflow Service"

    assert sandbox.stats()["logins"] == 1


async def test_a_bad_connection_names_every_problem_and_hides_its_secrets(monkeypatch):
    secret, jwt = "the-secret-of-a-bad-connection", "the-jwt-of-a-bad-connection"
    bad = {"conn_type": "ringcentral", "password": secret, "extra": {"jwt_token": jwt, "timeout": -1}}
    monkeypatch.setenv("AIRFLOW_CONN_BAD", json.dumps(bad))
    with pytest.raises(ConfigurationError) as caught:
        await read_credentials_async("bad")

    assert len(caught.value.problems) == 3
    for hidden in (secret, jwt):
        assert hidden not in str(caught.value)
        assert hidden not in str(redact(f"a line with {hidden} in it"))
