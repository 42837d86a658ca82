"""Every finding, from the situation that makes it."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from cryptography.fernet import Fernet

from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sandbox import Sandbox


def diagnose(monkeypatch, connection: str):
    monkeypatch.setenv("AIRFLOW_CONN_RC", connection)
    return RingCentralJWTHook("rc").diagnose()


def wrong(diagnosis) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in diagnosis.findings if finding.severity != "ok"]


def test_a_right_set_up_is_ok(sandbox, connection, monkeypatch):
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
    ]
    works, summary = RingCentralJWTHook(connection).test_connection()
    assert works
    assert "Airflow Service" in summary
    assert set(diagnosis.as_dict()["findings"][0]) == {"code", "severity", "cause", "cure", "who"}


def test_the_jwt_is_exchanged_although_a_shared_token_lives(sandbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RC", sandbox.connection_uri)
    RingCentralJWTHook("rc").request_json("GET", "/restapi/v1.0/account/~/extension/~")
    sandbox.change_jwt(revoked=True)

    assert wrong(RingCentralJWTHook("rc").diagnose()) == [("jwt_rejected", "error")]
    assert sandbox.stats()["logins_refused"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda sandbox: sandbox.change_app(jwt_flow=False), "jwt_flow_disabled"),
        (lambda sandbox: sandbox.change_app(client_secret="rotated"), "client_rejected"),
        (lambda sandbox: sandbox.change_jwt(revoked=True), "jwt_rejected"),
        (lambda sandbox: sandbox.change_user(status="Disabled"), "user_inactive"),
    ],
)
def test_a_refused_login_has_one_reason_and_both_links(sandbox, monkeypatch, change, code):
    connection = sandbox.connection_uri
    change(sandbox)
    diagnosis = diagnose(monkeypatch, connection)

    assert wrong(diagnosis) == [(code, "error")]
    cure = diagnosis.of("error")[0].cure
    assert f"create?client_id={sandbox.client_id}" in cure
    assert "ReadCallLog" in cure
    assert sandbox.client_secret not in json.dumps(diagnosis.as_dict())
    assert sandbox.jwt not in json.dumps(diagnosis.as_dict())


def test_a_connection_with_gaps(monkeypatch):
    diagnosis = diagnose(monkeypatch, json.dumps({"conn_type": "ringcentral", "login": "id"}))

    assert wrong(diagnosis) == [("connection_incomplete", "error")]
    assert "Client secret (password)" in diagnosis.findings[0].cause
    assert "JWT credential (jwt_token)" in diagnosis.findings[0].cause
    assert "create?client_id=id" in diagnosis.findings[0].cure


def test_a_connection_with_bad_values(monkeypatch, sandbox):
    connection = json.loads(sandbox.connection_json)
    connection["extra"] = {"jwt_token": "no jwt", "timeout": "abc"}

    assert wrong(diagnose(monkeypatch, json.dumps(connection))) == [
        ("connection_invalid", "error"),
        ("jwt_malformed", "error"),
    ]


def test_no_such_connection():
    assert wrong(RingCentralJWTHook("nowhere").diagnose()) == [("connection_incomplete", "error")]


def test_a_server_that_is_not_there(monkeypatch, sandbox):
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


def test_a_person_as_owner_without_numbers(monkeypatch, sandbox):
    user = sandbox.add_user(service=False, sms_features=[])
    jwt = sandbox.add_jwt(user_id=user["id"])
    codes = dict(wrong(diagnose(monkeypatch, sandbox.connection_for(jwt=jwt))))

    assert codes["personal_owner"] == "warning"
    assert codes["no_sms_number"] == "warning"


@pytest.mark.parametrize(("days", "code"), [(3, "jwt_expires_soon"), (90, None), (-1, "jwt_rejected")])
def test_jwts_that_end(monkeypatch, sandbox, days, code):
    jwt = sandbox.add_jwt(expires=time.time() + days * 86_400)
    found = wrong(diagnose(monkeypatch, sandbox.connection_for(jwt=jwt)))

    assert [name for name, _ in found] == ([code] if code else [])


def run_command(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow_provider_ringcentral.diagnose", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(sandbox, connection):
    said = run_command("--json")
    assert json.loads(said.stdout)["ok"] is True
    assert said.returncode == 0

    assert "token" in run_command("--ledger").stdout
    assert sandbox.stats()["logins"] == 1

    broken = json.loads(sandbox.connection_json) | {"password": "wrong-secret-1"}
    said = run_command("--conn-json", "-", "--json", given=json.dumps(broken))
    assert [finding["code"] for finding in json.loads(said.stdout)["findings"]][-1] == "client_rejected"
    assert said.returncode == 1
    assert "wrong-secret-1" not in said.stdout + said.stderr

    table = run_command()
    assert "Airflow Service" in table.stdout
    assert run_command("--conn-json", "-", given="no json").returncode == 2


@pytest.mark.db
def test_the_command_finds_connections_made_in_airflow(sandbox, database, monkeypatch):
    # Airflow's unit test mode makes a new key in each process, and what one stores the other could not read.
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    airflow = [sys.executable, "-m", "airflow", "connections"]
    subprocess.run(
        [*airflow, "add", "rc_stored", "--conn-uri", sandbox.connection_uri], check=True, capture_output=True
    )

    assert json.loads(run_command("rc_stored", "--json").stdout)["ok"] is True
