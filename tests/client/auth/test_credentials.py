"""Credentials name every problem at once, and show no secret."""

from __future__ import annotations

import base64
import json
import pickle

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials, is_jwt, jwt_claims
from airflow_provider_ringcentral.client.errors import ConfigurationError


def segment(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = f"{segment({'alg': 'ES256'})}.{segment({'iss': 'x', 'exp': 2})}.{segment({'s': 'signature'})}"
GOOD = {"client_id": "id", "client_secret": "very-secret", "jwt": JWT}


def fields_of(**values) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Credentials(**{**GOOD, **values})
    assert "very-secret" not in str(caught.value)
    assert JWT not in str(caught.value)
    return [problem.field for problem in caught.value.problems]


def test_all_gaps_are_named_at_once():
    assert fields_of(client_id="", client_secret=" ", jwt="", server="ftp://x", timeout=0) == [
        "client_id",
        "client_secret",
        "jwt",
        "server",
        "timeout",
    ]


@pytest.mark.parametrize(
    "server",
    [
        "http://platform.ringcentral.com",
        "https://platform.ringcentral.com/restapi",
        "https://platform.ringcentral.com?x=1",
        "https://user:pw@platform.ringcentral.com",
        "https://evil.example",
        "platform.ringcentral.com",
        "https://[::1",
    ],
)
def test_servers_that_must_not_get_the_secret(server):
    assert fields_of(server=server) == ["server"]


@pytest.mark.parametrize("jwt", ["abc", "a.b", "a.b.c.d", "a..c", "a.b!.c", "Bearer a.b.c"])
def test_what_is_no_jwt(jwt):
    assert not is_jwt(jwt)
    assert fields_of(jwt=jwt) == ["jwt"]


def test_line_breaks_in_a_pasted_jwt_are_dropped():
    assert Credentials(**{**GOOD, "jwt": f" {JWT[:20]}\r\n{JWT[20:]}\n"}).jwt == JWT


def test_claims_are_read_without_being_required():
    assert json.loads(jwt_claims(JWT)) == {"iss": "x", "exp": 2}
    assert jwt_claims("no jwt") is None


def test_certificates_are_verified_except_on_loopback():
    assert fields_of(verify=False) == ["verify"]
    assert Credentials(**GOOD, server="https://127.0.0.1:8443", verify=False).verify is False


def test_secrets_are_not_shown():
    credentials = Credentials(**GOOD, proxies={"https": "http://u:proxy-password@proxy"})
    for text in (repr(credentials), str(credentials), f"{credentials}"):
        assert "very-secret" not in text
        assert JWT not in text
        assert "proxy-password" not in text


def test_keys_tell_connections_apart_that_must_not_share():
    right = Credentials(**GOOD)
    wrong = Credentials(**{**GOOD, "client_secret": "other"})

    assert right.session_key != wrong.session_key
    assert right.app_key == wrong.app_key
    assert right.owner_key("1") == wrong.owner_key("1") != right.owner_key("2")


def test_errors_survive_pickling():
    with pytest.raises(ConfigurationError) as caught:
        Credentials(**{**GOOD, "client_id": ""})
    copy = pickle.loads(pickle.dumps(caught.value))

    assert str(copy) == str(caught.value)
    assert copy.problems == caught.value.problems
