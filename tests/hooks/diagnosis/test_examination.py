"""Every finding, from the situation that makes it."""

from __future__ import annotations

import json
import re
import time

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowNotFoundException

from airflow_provider_ringcentral.client.endpoints import ENDPOINTS
from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.hooks.connection import PLACEHOLDER
from airflow_provider_ringcentral.hooks.diagnosis.access_findings import ROLES
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sandbox import Sandbox


def diagnose(monkeypatch, connection: str):
    monkeypatch.setenv("AIRFLOW_CONN_RC", connection)
    return RingCentralJWTHook("rc").diagnose()


def wrong(diagnosis) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in diagnosis.findings if finding.severity != "ok"]


def test_a_correct_connection_is_ready(sandbox, connection, monkeypatch):
    diagnosis = diagnose(monkeypatch, sandbox.connection_uri)

    assert wrong(diagnosis) == []
    assert diagnosis.ok
    assert [finding.code for finding in diagnosis.findings] == [
        "jwt_wellformed",
        "login",
        "scopes",
        "owner",
        "roles",
        "sms_numbers",
        "limits",
        "ledger",
    ]
    assert sandbox.url in diagnosis.findings[1].cause
    assert "ringcentral-ledger-" in diagnosis.findings[-1].cause
    works, summary = RingCentralJWTHook(connection).test_connection()
    assert works
    assert summary.splitlines() == [
        "Ready.",
        f"{sandbox.url} accepts the JWT; tokens are valid for 3600 s.",
        "The JWT belongs to Airflow Service, extension 101, type User.",
        "Run ringcentral-diagnose for all.",
    ]
    assert set(diagnosis.as_dict()["findings"][0]) == {"code", "severity", "cause", "cure", "who", "link"}


def test_the_jwt_is_exchanged_although_a_shared_token_is_valid(sandbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RC", sandbox.connection_uri)
    RingCentralJWTHook("rc").request_json("GET", "/restapi/v1.0/account/~/extension/~")
    sandbox.change_jwt(revoked=True)

    assert wrong(RingCentralJWTHook("rc").diagnose()) == [("jwt_rejected", "error")]
    assert sandbox.stats()["logins_refused"] == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda sandbox: sandbox.change_app(jwt_flow=False), ("jwt_flow_disabled", "developer console", "new-app?")),
        (lambda sandbox: sandbox.change_app(client_secret="rotated"), ("client_rejected", "Connection", "")),
        (lambda sandbox: sandbox.change_jwt(revoked=True), ("jwt_rejected", "developer console", "create?client_id=")),
        (lambda sandbox: sandbox.change_user(status="Disabled"), ("user_inactive", "admin portal", "")),
    ],
)
def test_a_refused_login_has_one_reason_and_a_link_only_where_it_helps(sandbox, monkeypatch, change, told):
    code, who, link = told
    connection = sandbox.connection_uri
    change(sandbox)
    diagnosis = diagnose(monkeypatch, connection)

    assert wrong(diagnosis) == [(code, "error")]
    (finding,) = diagnosis.of("error")
    assert finding.who == who
    assert link in finding.link
    assert bool(finding.link) is bool(link)
    works, summary = RingCentralJWTHook("rc").test_connection()
    assert not works
    assert summary.splitlines()[0] == "Not ready: 1 problem to fix."
    assert summary.splitlines()[2].startswith(f"Fix ({who}): ")
    assert len(summary.splitlines()) <= 5
    assert "http" not in summary
    assert sandbox.client_secret not in json.dumps(diagnosis.as_dict())
    assert sandbox.jwt not in json.dumps(diagnosis.as_dict())


def test_a_connection_with_missing_fields(monkeypatch):
    diagnosis = diagnose(monkeypatch, json.dumps({"conn_type": "ringcentral", "login": "id"}))

    assert wrong(diagnosis) == [("connection_incomplete", "error")]
    assert "Client secret (password)" in diagnosis.findings[0].cause
    assert "JWT credential (jwt_token)" in diagnosis.findings[0].cause
    assert "create?client_id=id" in diagnosis.findings[0].link


@pytest.mark.parametrize("stored", [PLACEHOLDER, f"{PLACEHOLDER}aGVhZGVy.Y2xhaW1z.c2ln", "***"])
def test_placeholders_of_a_form_are_not_sent_as_secrets(monkeypatch, sandbox, stored):
    connection = json.loads(sandbox.connection_json) | {"password": None, "extra": {"jwt_token": stored}}
    monkeypatch.setenv("AIRFLOW_CONN_RC", json.dumps(connection))
    works, summary = RingCentralJWTHook("rc").test_connection()

    assert not works
    assert "Type both secrets again to test." in summary
    with pytest.raises(ConfigurationError, match="is Airflow's placeholder and not the secret; type the secret again"):
        RingCentralJWTHook("rc").request_json("GET", "/restapi/v1.0/account/~/extension/~")
    assert sandbox.stats()["logins"] == 0


def test_a_ledger_that_cannot_be_opened_is_a_warning(monkeypatch, sandbox, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/file/ledger.sqlite")
    diagnosis = diagnose(monkeypatch, sandbox.connection_uri)

    assert wrong(diagnosis) == [("ledger", "warning")]
    assert f"{tmp_path}/file/ledger.sqlite" in diagnosis.of("warning")[0].cause


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "AIRFLOW_CONN_RC is not set"),
        (
            "{broken secret-1",
            "is not valid JSON (Expecting property name enclosed in double quotes in line 1, column 2)",
        ),
        ('{"conn_type": "ringcentral", "token": "secret-1"}', "has no field token"),
        ('{"conn_type": "ringcentral", "port": "secret-1"}', "port: must be a number"),
    ],
)
def test_a_missing_connection_is_distinguished_from_an_unreadable_one(monkeypatch, value, says):
    if value is not None:
        monkeypatch.setenv("AIRFLOW_CONN_RC", value)
    with pytest.raises(ConfigurationError, match=re.escape(says)) as refused:
        RingCentralJWTHook("rc").request_json("GET", "/restapi/v1.0/account/~/extension/~")

    # A secrets backend that does not answer looks the same, so Airflow may try again.
    assert isinstance(refused.value, AirflowNotFoundException)
    assert not isinstance(refused.value, AirflowFailException)
    assert "secret-1" not in str(refused.value)
    (finding,) = RingCentralJWTHook("rc").diagnose().findings
    assert (finding.code, finding.who) == ("connection_incomplete", "Connection")
    assert says in finding.cause


def test_a_connection_with_bad_values(monkeypatch, sandbox):
    connection = json.loads(sandbox.connection_json)
    connection["extra"] = {"jwt_token": "no jwt", "timeout": "abc"}

    assert wrong(diagnose(monkeypatch, json.dumps(connection))) == [
        ("connection_invalid", "error"),
        ("jwt_malformed", "error"),
    ]


def test_an_unknown_connection():
    assert wrong(RingCentralJWTHook("nowhere").diagnose()) == [("connection_incomplete", "error")]


def test_an_unreachable_server(monkeypatch, sandbox):
    connection = json.loads(sandbox.connection_json) | {"host": "http://127.0.0.1:9"}

    assert wrong(diagnose(monkeypatch, json.dumps(connection))) == [("unreachable", "error")]


def test_too_many_logins(monkeypatch):
    with Sandbox(limits={"Auth": 1}) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RC", sandbox.connection_uri)
        RingCentralJWTHook("rc").request_json("GET", "/restapi/v1.0/account/~/extension/~")
        # What another program with the same app would leave behind.
        sandbox.fault("status", operation="getToken", status=429, retry_after=60)

        assert wrong(RingCentralJWTHook("rc").diagnose()) == [("login_throttled", "error")]


def test_missing_scopes(monkeypatch, sandbox):
    sandbox.change_app(permissions=["ReadCallLog"])
    diagnosis = diagnose(monkeypatch, sandbox.connection_uri)

    assert wrong(diagnosis) == [("scope_missing", "warning")]
    assert "ReadAccounts" in diagnosis.of("warning")[0].cause

    sandbox.change_app(permissions=["ReadAccounts"])
    assert wrong(diagnose(monkeypatch, sandbox.connection_uri)) == [("scope_missing", "error")]


def test_missing_roles(monkeypatch, sandbox):
    sandbox.change_user(permissions=["ReadExtensions", "ReadUserPhoneNumbers", "ReadCallLog"])
    diagnosis = diagnose(monkeypatch, sandbox.connection_uri)

    assert wrong(diagnosis) == [("role_missing", "warning")]
    assert "FullCompanyCallLog" in diagnosis.of("warning")[0].cause
    assert "ReadCallRecording" in diagnosis.of("warning")[0].cause


def test_a_role_is_checked_for_every_scope_that_the_app_has(monkeypatch, sandbox):
    sandbox.change_app(
        permissions=["ReadAccounts", "ReadCallLog", "ReadCallRecording", "SMS", "Faxes", "TeamMessaging"]
    )
    reading = ["ReadExtensions", "ReadUserPhoneNumbers", "FullCompanyCallLog", "ReadCallLog", "ReadCallRecording"]
    sandbox.change_user(permissions=[*reading, "ReadMessages"])
    diagnosis = diagnose(monkeypatch, sandbox.connection_uri)

    assert wrong(diagnosis) == [("role_missing", "warning")]
    (finding,) = diagnosis.of("warning")
    assert finding.cause == "The user's role lacks OutboundSMS (for SMS and MMS); OutboundFaxes (for faxes)."
    assert "Company Call Log" not in finding.cure


def test_every_user_permission_that_an_operation_needs_is_checked():
    checked = {(scope, name) for scope, names in ROLES.values() for name in names}
    needed = {(row.permission, row.user_permission) for row in ENDPOINTS if row.user_permission}

    # A role without these cannot be examined at all.
    assert {pair for pair in needed if pair[0] != "ReadAccounts"} <= checked


def test_a_person_as_owner_and_no_phone_numbers(monkeypatch, sandbox):
    user = sandbox.add_user(service=False, sms_features=[])
    jwt = sandbox.add_jwt(user_id=user["id"])
    codes = dict(wrong(diagnose(monkeypatch, sandbox.connection_for(jwt=jwt))))

    assert codes["personal_owner"] == "warning"
    assert codes["no_sms_number"] == "warning"


@pytest.mark.parametrize(("days", "code"), [(3, "jwt_expires_soon"), (90, None), (-1, "jwt_rejected")])
def test_jwts_that_expire(monkeypatch, sandbox, days, code):
    jwt = sandbox.add_jwt(expires=time.time() + days * 86_400)
    found = wrong(diagnose(monkeypatch, sandbox.connection_for(jwt=jwt)))

    assert [name for name, _ in found] == ([code] if code else [])
