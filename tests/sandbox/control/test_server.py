"""Starting, stopping, controlling and observing a sandbox."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from airflow_provider_ringcentral.sandbox import Sandbox, SandboxControl, SandboxError
from airflow_provider_ringcentral.sandbox.control.server import unused_listener

EXTENSION = "/restapi/v1.0/account/~/extension/~"


def test_the_connection_as_uri_and_as_json(start):
    sandbox = start().sandbox
    parts = urlsplit(sandbox.connection_uri)
    assert parts.scheme == "ringcentral"
    assert (unquote(parts.username), unquote(parts.password)) == (sandbox.client_id, sandbox.client_secret)
    assert parts.netloc.endswith(f"@http%3A%2F%2F127.0.0.1%3A{sandbox.url.rpartition(':')[2]}")
    assert parse_qs(parts.query) == {"jwt_token": [sandbox.jwt]}
    assert json.loads(sandbox.connection_json) == {
        "conn_type": "ringcentral",
        "host": sandbox.url,
        "login": sandbox.client_id,
        "password": sandbox.client_secret,
        "extra": {"jwt_token": sandbox.jwt},
    }
    app = sandbox.add_app()
    other = urlsplit(sandbox.connection_for(app=app, jwt="a.b.c", timeout="5"))
    assert unquote(other.username) == app["client_id"]
    assert parse_qs(other.query) == {"jwt_token": ["a.b.c"], "timeout": ["5"]}


def test_credentials_are_the_same_for_the_same_seed(start):
    first, second, other = start().sandbox, start().sandbox, start(seed=2).sandbox
    assert (first.client_id, first.jwt) == (second.client_id, second.jwt)
    assert first.client_id != other.client_id


def test_leaving_frees_the_port():
    with Sandbox() as sandbox:
        host, port = urlsplit(sandbox.url).hostname, urlsplit(sandbox.url).port
        assert host == "127.0.0.1"
        assert requests.get(f"{sandbox.url}/restapi", timeout=5).status_code == 200
    with pytest.raises(RuntimeError, match="not running"):
        sandbox.url  # noqa: B018
    with socket.socket() as probe:
        assert probe.connect_ex((host, port)) != 0
    with Sandbox(port=port) as again:
        assert urlsplit(again.url).port == port


def test_a_taken_port_is_an_error():
    with Sandbox() as sandbox, pytest.raises(OSError, match="in use"):
        Sandbox(port=urlsplit(sandbox.url).port).start()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"order": "random"}, "order"),
        ({"scale": 0}, "scale"),
        ({"empty_pages": 1}, "empty_pages"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"start": datetime(2026, 6, 1)}, "zone"),  # noqa: DTZ001
        ({"layout": "odd"}, "layout"),
        ({"start": "2026-06-02T00:00:00Z", "end": "2026-06-01T00:00:00Z"}, "before it starts"),
    ],
)
def test_invalid_options_are_refused(options, error):
    with pytest.raises((ValueError, TypeError), match=error):
        Sandbox(**options).start()


def test_datetimes_bound_the_calls(start):
    caller = start(calls=10, start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 6, 2, tzinfo=UTC))
    info = caller.sandbox.info()
    assert (info["start"], info["end"]) == ("2026-06-01T00:00:00.000Z", "2026-06-02T00:00:00.000Z")


def test_options_change_while_the_sandbox_runs(start):
    sandbox = start().sandbox
    assert sandbox.set(order="oldest")["order"] == "oldest"
    for bad in ({"order": "random"}, {"calls": 5}, {"unheard_of": 1}):
        with pytest.raises(SandboxError):
            sandbox.set(**bad)
    assert sandbox.info()["options"]["order"] == "oldest"


def test_unknown_control_calls_are_refused(start):
    sandbox = start().sandbox
    answer = requests.get(f"{sandbox.url}/sandbox/nothing", timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (404, "control call GET /sandbox/nothing does not exist")
    with pytest.raises(SandboxError, match="KeyError"):
        sandbox.change_app("nobody")


def test_a_sandbox_in_a_process_of_its_own():
    with Sandbox(process=True, calls=20, limits=False) as sandbox:
        pid = sandbox.pid
        assert pid not in (None, os.getpid())
        assert requests.get(f"{sandbox.url}/restapi", timeout=5).status_code == 200
        assert len(SandboxControl(sandbox.url).call_ids()) == 20
        assert sandbox.stats()["requests"] == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_cannot_start():
    with pytest.raises(RuntimeError, match="did not start"):
        Sandbox(process=True, layout="odd").start()


def test_the_command(tmp_path):
    command = [sys.executable, "-m", "airflow_provider_ringcentral.sandbox", "--calls", "5", "--no-limits"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        url = child.stdout.readline().removeprefix("Sandbox listening at ").strip()
        variable = child.stdout.readline().strip()
        control = SandboxControl(url)
        assert variable == f"export AIRFLOW_CONN_RINGCENTRAL_DEFAULT='{control.connection_uri}'"
        assert len(control.call_ids()) == 5
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0
        assert child.stderr.read() == ""


def test_the_command_names_a_wrong_option():
    command = [sys.executable, "-m", "airflow_provider_ringcentral.sandbox", "--layout", "odd"]
    child = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (child.returncode, child.stdout) == (2, "")
    assert "layout 'odd' is not one of" in child.stderr


def test_the_fixture_in_a_users_tests(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["airflow_provider_ringcentral.sandbox.pytest_plugin"]\n')
    (tmp_path / "test_theirs.py").write_text(
        """
import os
import pytest

def test_plain(ringcentral_sandbox):
    assert os.environ["AIRFLOW_CONN_RINGCENTRAL_DEFAULT"] == ringcentral_sandbox.connection_uri

@pytest.mark.ringcentral_sandbox(calls=3, limits=False)
def test_with_options(ringcentral_sandbox):
    assert len(ringcentral_sandbox.call_ids()) == 3

@pytest.mark.parametrize("run", [1, 2])
def test_an_alert_of_an_earlier_test_delays_none(ringcentral_sandbox, run):
    from airflow_provider_ringcentral.hooks.settings import ledger_url
    from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier

    RingCentralSmsNotifier(to="+12125550101", text="help", gather=0).notify({})
    assert [message["text"] for message in ringcentral_sandbox.messages(direction="Outbound")] == ["help"]
    assert not ledger_url().startswith("redis://")
"""
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--strict-markers",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
    ]
    theirs = {**os.environ, "AIRFLOW__RINGCENTRAL__LEDGER_URL": "redis://127.0.0.1:9/0"}
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path, env=theirs)
    assert "4 passed" in child.stdout, child.stdout + child.stderr


def test_the_request_log_keeps_no_secrets(start):
    caller = start()
    caller.get(EXTENSION, {"access_token": "hidden-value", "page": "1"})
    caller.http.get(caller.sandbox.url + "/nothing")
    caller.post_form("/restapi/oauth/revoke?token=hidden-value", token="x")
    entries = caller.sandbox.requests()
    assert [(e["method"], e["path"], e["operation"], e["group"], e["status"], e["authorization"]) for e in entries] == [
        ("POST", "/restapi/oauth/token", "getToken", "Auth", 200, "Basic"),
        ("GET", EXTENSION, "readExtension", "Light", 200, "Bearer"),
        ("GET", "/nothing", None, None, 404, None),
        ("POST", "/restapi/oauth/revoke", "revokeToken", "Auth", 200, "Basic"),
    ]
    text = json.dumps(entries)
    assert "page=1" in text
    for secret in ("hidden-value", caller.token, caller.sandbox.jwt, caller.sandbox.client_secret):
        assert secret not in text


def test_counts(start):
    caller = start()
    caller.get(EXTENSION)
    caller.get("/nothing")
    caller.login(jwt="a.b.c")
    stats = caller.sandbox.stats()
    assert stats == {
        "requests": 4,
        "limited": 0,
        "in_penalty": 0,
        "faults": 0,
        "logins": 1,
        "logins_refused": 1,
        "evicted": 0,
        "tokens_alive": 1,
        "groups": {"Auth": 2, "Light": 1, "none": 1},
        "operations": {"getToken": 2, "readExtension": 1, "unknown": 1},
        "statuses": {"200": 2, "404": 1, "400": 1},
    }
    assert caller.sandbox.requests(limit=1)[0]["operation"] == "getToken"
    caller.sandbox.reset_stats()
    assert (caller.sandbox.stats()["requests"], caller.sandbox.requests()) == (0, [])


def test_a_hanging_client_does_not_delay_the_stop():
    with Sandbox() as sandbox:
        sandbox.fault("slow", seconds=60)
        client = socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port))
        client.sendall(b"GET /restapi HTTP/1.1\r\nHost: x\r\n\r\n")
    client.close()


def test_a_port_is_used_once_per_process():
    """A client must not send the token that it cached for one sandbox to the next."""
    made, ports, used = [], iter([40001, 40001, 40002]), set()

    class Listener:
        def __init__(self):
            self.port, self.closed = next(ports), False
            made.append(self)

        def getsockname(self):
            return "127.0.0.1", self.port

        def close(self):
            self.closed = True

    assert [unused_listener(Listener, used).port for _ in range(2)] == [40001, 40002]
    assert [one.closed for one in made] == [False, True, False]
    assert used == {40001, 40002}
