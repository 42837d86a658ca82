"""The command as a platform team runs it: in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from airflow_provider_ringcentral.diagnose.__main__ import main
from airflow_provider_ringcentral.diagnose.report import GIVEN, NotAConnection, hook_of_json

SECRET = "not-the-secret-0123456789"


def command(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow_provider_ringcentral.diagnose", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_links_are_not_broken_in_the_table(sandbox, connection):
    sandbox.change_jwt(revoked=True)
    said = command()

    assert said.returncode == 1
    assert (
        f"https://developers.ringcentral.com/console/my-credentials/create?client_id={sandbox.client_id}" in said.stdout
    )
    sandbox.change_app(jwt_flow=False)
    assert (
        "permissions=ReadAccounts,ReadCallLog,ReadCallRecording,ReadMessages&grantType=PersonalJWT" in command().stdout
    )
    assert sandbox.jwt not in said.stdout + said.stderr
    assert sandbox.client_secret not in said.stdout + said.stderr


def test_a_connection_on_the_command_line_is_refused_and_not_repeated(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--conn-json", json.dumps({"password": SECRET})])

    said = "".join(capsys.readouterr())
    assert left.value.code == 2
    assert "standard input" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("no json", "is not JSON"),
        ("[]", "is not a JSON object"),
        (json.dumps({"is_encrypted": True, "password": SECRET}), "no field is_encrypted"),
        (json.dumps({"login": 7, "password": SECRET}), "login: must be a string"),
        (json.dumps({"port": "https", "password": SECRET}), "port: must be a number"),
    ],
)
def test_input_that_is_not_a_connection(given, said):
    with pytest.raises(NotAConnection, match=said) as refused:
        hook_of_json(io.StringIO(given))

    assert SECRET not in str(refused.value)


@pytest.fixture
def given_variable(monkeypatch):
    """Takes back what `hook_of_json` leaves in the environment of its process."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{GIVEN.upper()}", "")


@pytest.mark.usefixtures("given_variable")
@pytest.mark.parametrize("port", [443, "443", None, 0])
def test_ports_of_a_given_connection(sandbox, port):
    given = json.loads(sandbox.connection_json) | {"port": port, "conn_id": "elsewhere"}

    assert hook_of_json(io.StringIO(json.dumps(given))).credentials.client_id == sandbox.client_id


@pytest.mark.usefixtures("given_variable")
def test_an_extra_that_is_not_an_object_is_named():
    given = {"login": "app-1", "password": SECRET, "extra": "[]"}
    found = hook_of_json(io.StringIO(json.dumps(given))).diagnose().findings

    assert [finding.code for finding in found] == ["connection_incomplete", "connection_invalid"]
    assert "extra: is not a JSON object" in found[1].cause


@pytest.mark.parametrize("option", ["--json", "--ledger"])
def test_a_missing_connection(option):
    said = command("nowhere_to_be_found", option)

    assert said.returncode == 1
    assert "nowhere_to_be_found" in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


def test_the_command(sandbox, connection):
    said = command("--json")
    assert json.loads(said.stdout)["ok"] is True
    assert said.returncode == 0

    assert "token" in command("--ledger").stdout
    assert sandbox.stats()["logins"] == 1

    broken = json.loads(sandbox.connection_json) | {"password": "wrong-secret-1"}
    said = command("--conn-json", "-", "--json", given=json.dumps(broken))
    assert "client_rejected" in [finding["code"] for finding in json.loads(said.stdout)["findings"]]
    assert said.returncode == 1
    assert "wrong-secret-1" not in said.stdout + said.stderr

    table = command()
    assert "Airflow Service" in table.stdout
    assert command("--conn-json", "-", given="no json").returncode == 2


@pytest.mark.db
def test_the_command_finds_connections_made_in_airflow(sandbox, database, monkeypatch):
    # Airflow's unit test mode makes a new key in each process, and what one stores the other could not read.
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    airflow = [sys.executable, "-m", "airflow", "connections"]
    subprocess.run(
        [*airflow, "add", "rc_stored", "--conn-uri", sandbox.connection_uri], check=True, capture_output=True
    )

    assert json.loads(command("rc_stored", "--json").stdout)["ok"] is True
