"""The exchange of the JWT: as RingCentral documents it, once for everybody, and again only where that helps."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_SERVER, Credentials
from airflow_provider_ringcentral.client.auth.token_cache import read_token_state
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import LoginFailed, PermissionDenied, Unavailable
from airflow_provider_ringcentral.client.rate_limit.limiter import read_window
from tests.client.conftest import EXTENSION, LOG, ClockedLedger

TOKEN_URL = "https://platform.ringcentral.com/restapi/oauth/token"
EVERYTHING = ["ReadAccounts", "ReadCallLog", "ReadCallRecording"]


@pytest.fixture
def production(requests_mock, ledger):
    """A client of RingCentral itself, as far as it can tell, and the token endpoint it meets."""
    answer = {"access_token": "U1-token", "token_type": "bearer", "expires_in": 3600, "owner_id": "7"}
    token = requests_mock.post(TOKEN_URL, json={**answer, "refresh_token": "single-use"})
    requests_mock.get(f"https://platform.ringcentral.com{EXTENSION}", json={"id": 7})
    credentials = Credentials("app", "s3:crét/+", "aGVhZA.cGF5bG9hZA.c2lnbmF0dXJl")
    client = RingCentralClient(credentials, ledger)
    yield client, token
    client.close()


def test_the_exchange_is_the_documented_one(production, requests_mock):
    client, _ = production

    assert client.request_json("GET", EXTENSION) == {"id": 7}

    sent, api = requests_mock.request_history
    assert (sent.method, sent.url) == ("POST", TOKEN_URL)
    assert sent.text == (
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=aGVhZA.cGF5bG9hZA.c2lnbmF0dXJl"
    )
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["Authorization"] == f"Basic {base64.b64encode('app:s3:crét/+'.encode()).decode()}"
    assert api.headers["Authorization"] == "Bearer U1-token"
    assert api.headers["User-Agent"].startswith("airflow-provider-ringcentral/")
    assert "aGVhZA" not in repr(dict(api.headers)) + api.url


def test_a_refresh_token_is_never_used(production, ledger, requests_mock):
    client, token = production
    client.request_json("GET", EXTENSION)
    ledger.ahead = 3600 - 90
    client.request_json("GET", EXTENSION)

    assert token.call_count == 2
    assert len({request.text for request in token.request_history}) == 1
    assert all("single-use" not in (request.text or "") for request in requests_mock.request_history)


def test_a_token_is_renewed_before_it_expires(start, client_of, ledger, seen):
    sandbox = start(token_seconds=600)
    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    ledger.ahead = 600 - 60 - 5
    client.request_json("GET", EXTENSION)
    assert sandbox.stats()["logins"] == 1

    ledger.ahead = 600 - 60
    client.request_json("GET", EXTENSION)
    assert sandbox.stats()["logins"] == 2
    assert sandbox.stats()["statuses"] == {"200": 5}


def test_an_earlier_session_timeout_counts(start, client_of, ledger):
    sandbox = start(session_seconds=100)
    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    ledger.ahead = 91
    client.request_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 2


def test_twenty_threads_log_in_once(start, client_of):
    sandbox = start()
    client, barrier, answers = client_of(sandbox), threading.Barrier(20), []

    def call() -> None:
        barrier.wait()
        answers.append(client.request_json("GET", EXTENSION)["id"])

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 20
    assert len(set(answers)) == 1
    stats = sandbox.stats()
    assert (stats["logins"], stats["logins_refused"], stats["limited"]) == (1, 0, 0)
    assert (client.usage.logins, client.usage.requests) == (1, 21)


DEAD = [
    {"code": "OAU-128"},
    {"code": "OAU-129"},
    {"code": "OAU-149"},
    {"code": "OAU-213"},
    {"body": '{"errorCode": "TokenInvalid", "message": "Token not found"}'},
    {"body": "empty"},
]


@pytest.mark.parametrize("how", DEAD, ids=lambda how: how.get("code") or how["body"][:28])
def test_an_invalid_token_costs_one_login_and_one_retry(start, client_of, seen, how):
    sandbox = start()
    sandbox.fault("status", status=401, operation="readExtension", **how)

    client_of(sandbox).request_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 2
    assert [entry["status"] for entry in seen(sandbox, "readExtension")] == [401, 200]


def test_a_token_that_was_ended_is_replaced_by_one_login_for_all(start, client_of):
    sandbox = start()
    clients = [client_of(sandbox) for _ in range(3)]
    for client in clients:
        client.request_json("GET", EXTENSION)
    sandbox.kill_tokens()
    for client in clients:
        client.request_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 2
    assert sandbox.stats()["statuses"]["401"] == 1


def test_a_second_401_after_a_login_that_worked_may_pass(start, client_of, seen):
    sandbox = start()
    sandbox.fault("status", status=401, code="OAU-213", operation="readExtension", nth=1)
    sandbox.fault("status", status=401, code="OAU-213", operation="readExtension", nth=1)
    client = client_of(sandbox)

    with pytest.raises(Unavailable) as caught:
        client.request_json("GET", EXTENSION)

    assert (caught.value.status, caught.value.code) == (401, "OAU-213")
    assert "keeps only about five sessions" in str(caught.value)
    assert sandbox.stats()["logins"] == 2
    assert len(seen(sandbox, "readExtension")) == 2

    assert client.request_json("GET", EXTENSION)["id"], "the next try begins with a new login"
    assert sandbox.stats()["logins"] == 3
    assert [entry["status"] for entry in seen(sandbox, "readExtension")] == [401, 401, 200]


@pytest.mark.parametrize("code", ["OAU-151", "CMN-405"])
def test_a_401_that_a_login_cannot_fix_costs_none(start, client_of, seen, code):
    sandbox = start()
    sandbox.fault("status", status=401, code=code, operation="readExtension", every=1)

    with pytest.raises(LoginFailed, match=code):
        client_of(sandbox).request_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 1
    assert len(seen(sandbox, "readExtension")) == 1


def test_a_missing_role_costs_no_login(start, client_of):
    sandbox = start(user_permissions=["ReadExtensions"])

    with pytest.raises(PermissionDenied) as caught:
        client_of(sandbox).request_json("GET", LOG)

    assert (caught.value.code, caught.value.permission) == ("CMN-408", "FullCompanyCallLog")
    assert caught.value.remedy.who == "admin portal"
    assert sandbox.stats()["logins"] == 1
    assert sandbox.stats()["operations"]["readCompanyCallLog"] == 1


def test_a_scope_that_was_granted_meanwhile_is_found_by_one_login(start, client_of):
    sandbox = start(permissions=["ReadAccounts"])
    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    sandbox.change_app(permissions=EVERYTHING)

    assert client.request_json("GET", LOG)["records"]
    assert sandbox.stats()["logins"] == 2


def test_a_missing_scope_costs_one_login_in_ten_minutes(start, client_of, ledger):
    sandbox = start(permissions=["ReadAccounts"])
    clients = [client_of(sandbox), client_of(sandbox)]
    for client in clients:
        with pytest.raises(PermissionDenied) as caught:
            client.request_json("GET", LOG)
        assert (caught.value.code, caught.value.permission) == ("CMN-401", "ReadCallLog")
        assert caught.value.remedy.who == "developer console"
    assert sandbox.stats()["logins"] == 2

    ledger.ahead = 601
    with pytest.raises(PermissionDenied):
        clients[0].request_json("GET", LOG)
    assert sandbox.stats()["logins"] == 3


def test_nothing_is_revoked_or_refreshed(start, client_of):
    sandbox = start()
    sandbox.change_app(refresh_tokens=True)
    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    sandbox.kill_tokens()
    client.request_json("GET", EXTENSION)
    client.close()

    assert "revokeToken" not in sandbox.stats()["operations"]
    assert sandbox.stats()["tokens_alive"] == 1


def test_the_ledger_file_contains_no_secret(start, client_of, tmp_path: Path):
    sandbox, tokens = start(), []
    client_of(sandbox, on_secret=tokens.append).request_json("GET", EXTENSION)

    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"ledger.sqlite", "ledger.sqlite-wal"} <= files.keys()
    kept = b"".join(files.values())
    assert b"session:" in kept
    assert len(tokens) == 1
    for secret in (*tokens, sandbox.client_secret, sandbox.jwt):
        assert secret.encode() not in kept


def test_a_shared_token_is_handed_over_as_a_secret_too(start, client_of):
    sandbox, tokens = start(), []
    for _ in range(2):
        client_of(sandbox, on_secret=tokens.append).request_json("GET", EXTENSION)

    assert len(tokens) == 2
    assert len(set(tokens)) == 1
    assert sandbox.stats()["logins"] == 1


REFUSALS = {
    "jwt_flow_disabled": (400, "OAU-251"),
    "app_invalid": (401, "OAU-121"),
    "other_realm": (403, "OAU-167"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_login_is_remembered_for_everybody(start, client_of, ledger, seen, refusal):
    status, code = REFUSALS[refusal]
    sandbox = start()
    sandbox.change_app(refusal=refusal)
    refused = []
    for _ in range(3):
        with pytest.raises(LoginFailed) as caught:
            client_of(sandbox, on=ClockedLedger(ledger.path)).request_json("GET", EXTENSION)
        refused.append(caught.value)

    assert len(seen(sandbox, "getToken")) == 1
    assert {(error.status, error.code, error.remedy, error.request_id) for error in refused} == {
        (status, code, refused[0].remedy, refused[0].request_id)
    }
    assert refused[0].remedy is not None
    assert refused[0].request_id

    sandbox.change_app(refusal=None)
    ledger.ahead = 61
    assert client_of(sandbox).request_json("GET", EXTENSION)["id"]


@pytest.mark.parametrize("first", ["wrong", "right"])
def test_a_wrong_secret_does_not_poison_the_right_one(start, client_of, first):
    sandbox = start()
    right = client_of(sandbox)
    wrong = client_of(sandbox, credentials={"client_secret": "another secret of the same app"})
    if first == "right":
        right.request_json("GET", EXTENSION)
    with pytest.raises(LoginFailed) as caught:
        wrong.request_json("GET", EXTENSION)
    assert caught.value.code == "OAU-146"
    right.request_json("GET", EXTENSION)
    with pytest.raises(LoginFailed):
        wrong.request_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 1
    assert sandbox.stats()["logins_refused"] == 1


def test_a_refused_renewal_leaves_the_valid_token_in_use(start, client_of, ledger):
    sandbox = start(token_seconds=1000)
    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    sandbox.change_jwt(revoked=True)
    ledger.ahead = 950

    assert client.request_json("GET", EXTENSION)["id"]
    assert sandbox.stats()["logins_refused"] == 1


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 500}, {"kind": "status", "status": 408}, {"kind": "reset"}, {"kind": "html"}],
    ids=lambda fault: str(fault.get("status") or fault["kind"]),
)
def test_a_login_that_may_work_later_is_retried_after_ten_seconds(start, client_of, seen, fault):
    sandbox = start()
    sandbox.fault(**fault, operation="getToken")

    with pytest.raises(Unavailable):
        client_of(sandbox, max_wait=9.9).request_json("GET", EXTENSION)

    assert len(seen(sandbox, "getToken")) == 1
    assert client_of(sandbox).request_json("GET", EXTENSION)["id"], "the failure was not remembered as a refusal"


def test_a_throttled_login_waits_for_its_retry_after(start, client_of, seen):
    sandbox = start()
    sandbox.fault("status", status=429, retry_after=0.3, operation="getToken")
    client = client_of(sandbox)

    client.request_json("GET", EXTENSION)

    refused, granted = seen(sandbox, "getToken")
    assert (refused["status"], granted["status"]) == (429, 200)
    assert granted["time"] - refused["time"] >= 0.3
    assert client.usage.waited >= 0.3
    assert client.usage.throttled == 1


@pytest.mark.parametrize(
    "host", ["PLATFORM.RingCentral.com", "platform.ringcentral.com:443", "platform.ringcentral.com."]
)
def test_another_spelling_of_the_server_is_the_same_server(production, ledger, requests_mock, host):
    client, token = production
    client.request_json("GET", EXTENSION)
    other = RingCentralClient(replace(client.credentials, server=f"HTTPS://{host}/"), ledger)
    other.request_json("GET", EXTENSION)
    other.request_json("GET", f"https://{host}{EXTENSION}")
    other.close()

    assert token.call_count == 1
    assert {request.url for request in requests_mock.request_history[1:]} == {f"{DEFAULT_SERVER}{EXTENSION}"}
    assert len(ledger.keys("window:")) == 2, "one of logins, one of the group"


LIVES = [
    ({"session_expires_in": 0}, 3600.0),
    ({"session_expires_in": -1}, 3600.0),
    ({"session_expires_in": "never"}, 3600.0),
    ({"session_expires_in": [1]}, 3600.0),
    ({"session_expires_in": True}, 3600.0),
    ({"session_expires_in": "100"}, 100.0),
    ({"expires_in": "600"}, 600.0),
    ({"expires_in": 10**30}, 7 * 86_400.0),
]


@pytest.mark.parametrize(("changes", "life"), LIVES, ids=str)
def test_invalid_lifetimes_cost_no_second_login(client_of, odd, ledger, changes, life):
    odd.token |= changes
    odd.tell()
    client = client_of(odd)
    for _ in range(3):
        client.request_json("GET", EXTENSION)

    assert len(odd.got) - len(odd.calls) == 1
    session = read_token_state(ledger, client.credentials)
    assert session.expires - session.obtained == pytest.approx(life)


@pytest.mark.parametrize(
    "changes",
    [{"expires_in": 0}, {"expires_in": None}, {"expires_in": "soon"}, {"access_token": 7}, {"access_token": "a\nb"}],
)
def test_an_answer_without_a_usable_token_is_tried_again_later(client_of, odd, changes):
    odd.token |= changes
    with pytest.raises(Unavailable, match="without a token"):
        client_of(odd, max_wait=5).request_json("GET", EXTENSION)

    assert len(odd.got) == 1


def test_a_token_response_that_drips_is_given_up_before_the_lock_expires(client_of, odd, ledger):
    odd.drip = threading.Event()
    client = client_of(odd, credentials={"timeout": 0.3}, max_wait=5)
    try:
        with pytest.raises(Unavailable, match="no complete response"):
            client.request_json("GET", EXTENSION)
    finally:
        odd.drip.set()

    assert len(odd.got) == 1
    window = read_window(ledger, client.credentials.app_key, "auth")
    assert (len(window.answered), window.held) == (1, []), "it counts"
    assert read_token_state(ledger, client.credentials).login_caller is None


class Interrupted(BaseException):
    """As Airflow's timeout, which is no `Exception` either."""


@pytest.mark.parametrize("kind", [Interrupted, KeyboardInterrupt, SystemExit, RuntimeError])
@pytest.mark.parametrize("group", ["auth", "light"])
def test_an_interrupted_request_stays_counted(requests_mock, production, ledger, kind, group):
    (client, _), path = production, "/restapi/oauth/token" if group == "auth" else EXTENSION
    client.exchange_jwt()
    ledger.ahead = 4000

    def interrupt(*_):
        raise kind("now")

    requests_mock.register_uri("POST" if group == "auth" else "GET", DEFAULT_SERVER + path, text=interrupt)
    with pytest.raises(kind):
        client.request_json("GET", EXTENSION)

    owner = client.credentials.app_key if group == "auth" else client.credentials.owner_key("7")
    window = read_window(ledger, owner, group)
    assert (len(window.answered), window.held, window.queue) == (1, [], [])
    assert read_token_state(ledger, client.credentials).login_caller is None
