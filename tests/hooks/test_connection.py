"""Connections in every form they come, and everything that can be wrong with one."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, redact

from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.hooks.connection import secrets_of
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.provider_info import EXTRA_FIELDS, get_provider_info


def segment(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = (
    f"{segment({'alg': 'ES256'})}.{segment({'iss': 'https://platform.ringcentral.com'})}.{segment({'s': 'signature'})}"
)
GOOD = {"conn_type": "ringcentral", "login": "the-client-id", "password": "the-client-secret"}


@pytest.fixture
def credentials(monkeypatch):
    """Credentials of a Connection with these values."""

    def read(extra: object = None, uri: str | None = None, **values: object):
        extra = {"jwt_token": JWT} if extra is None else extra
        text = uri or json.dumps({**GOOD, "extra": extra, **values})
        monkeypatch.setenv("AIRFLOW_CONN_RC", text)
        return RingCentralJWTHook("rc").credentials

    return read


def problems_of(read, **values) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        read(**values)
    assert isinstance(caught.value, AirflowFailException)
    assert "the-client-secret" not in str(caught.value)
    assert JWT not in str(caught.value)
    return {problem.field: problem.text for problem in caught.value.problems}


def test_json_and_uri_connections_are_alike(credentials):
    uri = f"ringcentral://the-client-id:the-client-secret@/?jwt_token={JWT}&timeout=5&verify=true&account_id=37439510"
    same = {"jwt_token": JWT, "timeout": 5, "verify": True, "account_id": "37439510"}

    assert credentials(uri=uri) == credentials(extra=same)
    assert credentials(uri=uri).timeout == 5.0


@pytest.mark.parametrize(
    ("host", "server"),
    [
        ("", "https://platform.ringcentral.com"),
        (None, "https://platform.ringcentral.com"),
        ("https://platform.ringcentral.biz/", "https://platform.ringcentral.biz"),
        ("platform.ringcentral.com", "https://platform.ringcentral.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_the_server_is_read_from_the_host(credentials, host, server):
    assert credentials(host=host).server == server


def test_a_uri_with_a_loopback_server(credentials):
    server = quote("http://127.0.0.1:8080", safe="")
    assert credentials(uri=f"ringcentral://id:secret@{server}/?jwt_token={JWT}").server == "http://127.0.0.1:8080"


def test_fields_saved_as_null_count_as_absent(credentials):
    extra = {field["name"]: None for field in EXTRA_FIELDS} | {"jwt_token": JWT}
    read = credentials(extra=extra, port=0)

    assert (read.account_id, read.timeout, read.max_wait, read.verify) == ("~", 60.0, None, True)


@pytest.mark.parametrize("port", [None, 0, 443])
def test_ports_without_effect(credentials, port):
    assert credentials(port=port).server == "https://platform.ringcentral.com"


def test_line_breaks_in_the_jwt_are_accepted(credentials):
    assert credentials(extra={"jwt_token": f"{JWT[:30]}\n  {JWT[30:]}\r\n"}).jwt == JWT


def test_everything_missing_is_named_at_once(credentials):
    assert list(problems_of(credentials, login="", password=None, extra={})) == [
        "Client ID (login)",
        "Client secret (password)",
        "JWT credential (jwt_token)",
    ]


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"host": "http://platform.ringcentral.com"}, "Server URL (host)", "https://platform.ringcentral.com"),
        ({"host": "https://platform.ringcentral.com/restapi/v1.0"}, "Server URL (host)", "path"),
        ({"host": "127.0.0.1:8080"}, "Server URL (host)", "http"),
        ({"host": "https://gateway.example.com"}, "Server URL (host)", "allowed_hosts"),
        ({"port": 8443}, "Port (443) (port)", "server URL"),
        ({"extra": {"jwt_token": "not a jwt"}}, "JWT credential (jwt_token)", "three base64url"),
        ({"extra": {"jwt_token": 5}}, "JWT credential (jwt_token)", "must be a string"),
        ({"extra": {"jwt_token": [JWT]}}, "JWT credential (jwt_token)", "must be a string"),
        ({"extra": {"jwt": JWT}}, "JWT credential (jwt_token)", "rename the key to jwt_token"),
        ({"extra": {"jwt_token": JWT, "timeout": "abc"}}, "Timeout (seconds) (timeout)", "abc"),
        (
            {"extra": {"jwt_token": JWT, "timeout": True}},
            "Timeout (seconds) (timeout)",
            "is True; give a number from 1",
        ),
        ({"extra": {"jwt_token": JWT, "timeout": 9999}}, "Timeout (seconds) (timeout)", "600"),
        ({"extra": {"jwt_token": JWT, "max_wait": -1}}, "Longest wait (seconds) (max_wait)", "of 0 or more"),
        ({"extra": {"jwt_token": JWT, "timeout": JWT}}, "Timeout (seconds) (timeout)", "a text of"),
        ({"extra": {"jwt_token": JWT, "account_id": JWT}}, "Account ID (account_id)", "a text of"),
        ({"extra": {"jwt_token": JWT, "verify": "maybe"}}, "Verify TLS certificate (verify)", "true or false"),
        ({"extra": {"jwt_token": JWT, "verify": False}}, "Verify TLS certificate (verify)", "loopback"),
        ({"extra": {"jwt_token": JWT, "proxies": "http://proxy"}}, "Proxies (proxies)", "JSON"),
        ({"extra": {"jwt_token": JWT, "extension_id": "ext 101"}}, "Extension ID (extension_id)", "internal id"),
        (
            {"extra": {"jwt_token": JWT, "from_number": "6505550100"}},
            "Default sender (from_number)",
            "national number: in the US and Canada, write +1 before it",
        ),
        ({"extra": {"jwt_token": JWT, "from_number": 16505550100}}, "Default sender (from_number)", "as a string"),
        (
            {"extra": {"jwt_token": JWT, "from_number": JWT}},
            "Default sender (from_number)",
            "use E.164, for example +16505550100",
        ),
    ],
)
def test_bad_values_name_field_value_and_cure(credentials, values, field, says):
    assert says in problems_of(credentials, **values)[field]


@pytest.mark.parametrize("extra", ["[1]", "5", "null", '"text"', "{broken"])
def test_an_extra_that_is_not_an_object_is_named(credentials, extra):
    assert "JSON object" in problems_of(credentials, extra=extra)["extra"]


def test_secrets_of_an_unusable_connection_are_masked(credentials):
    jwt = f"{JWT[:20]}\n{JWT[20:]}"
    problems_of(credentials, extra={"jwt_token": jwt, "timeout": "abc"}, password="a-secret-of-nobody")
    problems_of(credentials, extra={"jwt": "amlzcGxhY2Vk.amlzcGxhY2Vk.amlzcGxhY2Vk"})

    for secret in ("a-secret-of-nobody", jwt, JWT, "amlzcGxhY2Vk.amlzcGxhY2Vk.amlzcGxhY2Vk"):
        assert redact(f"a line with {secret} in it") == "a line with *** in it"


def test_several_bad_values_are_named_at_once(credentials):
    extra = {"timeout": "abc", "verify": "maybe"}

    assert set(problems_of(credentials, extra=extra, login="", port=1)) == {
        "Client ID (login)",
        "JWT credential (jwt_token)",
        "Port (443) (port)",
        "Timeout (seconds) (timeout)",
        "Verify TLS certificate (verify)",
    }


def test_a_misspelt_key_is_warned_about_and_other_unknown_keys_are_ignored(credentials, caplog):
    credentials(extra={"jwt_token": JWT, "time_out": 5, "team": "data"})

    assert "'time_out'" in caplog.text
    assert "'timeout'" in caplog.text
    assert "team" not in caplog.text


def test_an_allowed_host_may_be_configured(credentials, monkeypatch):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__ALLOWED_HOSTS", "other.example, Gateway.example.com")

    assert credentials(host="https://gateway.example.com").server == "https://gateway.example.com"


def test_the_connection_finds_its_hook(monkeypatch):
    from airflow.providers.common.compat.sdk import BaseHook

    monkeypatch.setenv("AIRFLOW_CONN_RC", json.dumps({**GOOD, "extra": {"jwt_token": JWT}}))
    hook = BaseHook.get_connection("rc").get_hook()

    assert isinstance(hook, RingCentralJWTHook)
    assert hook.ringcentral_conn_id == "rc"


def test_the_form_is_the_table():
    declared = get_provider_info()["connection-types"][0]

    assert list(declared["conn-fields"]) == [field["name"] for field in EXTRA_FIELDS]
    assert declared["ui-field-behaviour"]["relabeling"] == RingCentralJWTHook.get_ui_field_behaviour()["relabeling"]


def test_an_untouched_form_causes_no_warning_about_masking(credentials):
    """Airflow masks every extra value, and warns of texts that are too short."""
    saved = {field["name"]: field["schema"].get("default") for field in EXTRA_FIELDS} | {"jwt_token": JWT}

    assert [value for value in saved.values() if isinstance(value, str) and len(value) < 5] == []
    assert credentials(extra=saved) == credentials(extra={"jwt_token": JWT})


@pytest.mark.parametrize("secret", ["abc", "abcd"])
def test_a_secret_too_short_to_mask_is_not_passed_to_airflow(secret):
    connection = SimpleNamespace(password=secret, extra=json.dumps({"jwt_token": "a b"}))

    assert secrets_of(connection) == set()
    assert secrets_of(SimpleNamespace(password="abcde", extra=None)) == {"abcde"}


PROGRAM = """
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
print(RingCentralJWTHook("rc_in_a_backend").request_json("GET", "/restapi/v1.0/account/~/extension/~")["id"])
"""


def test_a_connection_in_a_secrets_backend(sandbox, tmp_path):
    fields = json.loads(sandbox.connection_json)
    path = tmp_path / "connections.json"
    path.write_text(json.dumps({"rc_in_a_backend": fields}))
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(path)}),
    }
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=False, text=True)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().splitlines()[-1].isdigit()
    assert sandbox.stats()["logins"] == 1
    for secret in (sandbox.client_secret, sandbox.jwt):
        assert secret not in ran.stdout + ran.stderr
