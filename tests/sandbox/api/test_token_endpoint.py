from __future__ import annotations

import base64
import json
import time

import pytest

JUNE = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
EXTENSION = "/restapi/v1.0/account/~/extension/~"


@pytest.fixture
def caller(start):
    return start(calls=10)


def error(answer):
    body = answer.json()
    return answer.status_code, body["error"], [entry["errorCode"] for entry in body.get("errors", [])]


def test_a_jwt_is_exchanged_for_a_token(caller):
    answer = caller.login()
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["owner_id"]) == ("bearer", 3600, "400131427008")
    assert {"ReadCallLog", "SMS"} <= set(body["scope"].split())
    assert "refresh_token" not in body
    assert answer.headers["RCRequestId"]
    assert caller.sandbox.stats()["logins"] == 1


def test_the_default_jwt_has_the_form_of_a_real_one(caller):
    segments = caller.sandbox.jwt.split(".")
    header, payload = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in segments[:2])
    assert len(segments) == 3
    assert header["alg"] == "ES256"
    assert "iss" in payload
    assert "exp" not in payload


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"jwt_flow": False}, (400, "unauthorized_client", ["OAU-251"])),
        ({"refusal": "sandbox_app"}, (401, "invalid_client", ["OAU-165"])),
        ({"refusal": "app_invalid"}, (401, "invalid_client", ["OAU-121"])),
        ({"refusal": "account_locked"}, (400, "invalid_grant", ["OAU-147"])),
        ({"refusal": "mfa_required"}, (401, "invalid_grant", ["OAU-168"])),
        ({"refusal": "other_realm"}, (403, "invalid_client", ["OAU-167"])),
    ],
)
def test_an_app_is_refused(caller, change, expected):
    caller.sandbox.change_app(**change)
    assert error(caller.login()) == expected
    assert caller.sandbox.stats()["logins_refused"] == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Disabled", (401, "invalid_grant", ["OAU-142"])),
        ("Frozen", (401, "invalid_grant", ["OAU-141"])),
        ("NotActivated", (401, "invalid_grant", ["OAU-141"])),
        ("Deleted", (401, "invalid_grant", ["OAU-136"])),
        ("Forbidden", (403, "access_denied", ["OAU-105"])),
    ],
)
def test_a_user_who_may_not_log_in_has_no_sessions(caller, status, expected):
    assert caller.get(EXTENSION).status_code == 200
    caller.sandbox.change_user(status=status)
    assert error(caller.login()) == expected
    assert caller.get(EXTENSION).status_code == 401


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (("nobody", "secret"), (400, "invalid_client", ["OAU-153"])),
        (None, (400, "invalid_client", ["OAU-123"])),
    ],
)
def test_a_client_is_refused(caller, auth, expected):
    assert error(caller.login(auth=auth)) == expected


def test_the_status_of_a_wrong_secret_is_an_option(caller):
    wrong = (caller.sandbox.client_id, "wrong")
    assert error(caller.login(auth=wrong)) == (401, "invalid_client", ["OAU-146"])
    caller.sandbox.set(wrong_secret_status=400)
    assert error(caller.login(auth=wrong)) == (400, "invalid_client", ["OAU-146"])


@pytest.mark.parametrize(
    ("header", "code"), [("Basic !!!", "OAU-134"), ("Bearer abc", "OAU-134"), ("Basic bm9jb2xvbg==", "OAU-134")]
)
def test_a_malformed_authorization_header(caller, header, code):
    answer = caller.http.post(
        f"{caller.sandbox.url}/restapi/oauth/token",
        data={"grant_type": "x"},
        headers={"Authorization": header},
    )
    assert error(answer) == (401, "invalid_client", [code])


def test_a_body_that_is_not_a_form_is_refused(caller):
    answer = caller.http.post(
        f"{caller.sandbox.url}/restapi/oauth/token",
        json={"grant_type": "x"},
        auth=(caller.sandbox.client_id, caller.sandbox.client_secret),
    )
    assert answer.status_code == 415


def test_a_duplicate_parameter_is_refused(caller):
    assert error(caller.post_form(grant_type=["a", "b"])) == (400, "invalid_request", ["OAU-111"])


def test_an_unknown_grant(caller):
    assert error(caller.post_form(grant_type="password")) == (400, "unsupported_grant_type", ["OAU-250"])


@pytest.mark.parametrize("bad", ["unknown", "revoked", "expired", "restricted"])
def test_a_refused_jwt_has_no_code(caller, bad):
    sandbox = caller.sandbox
    other = sandbox.add_app()
    jwt = {
        "unknown": lambda: "a.b.c",
        "revoked": lambda: sandbox.add_jwt(revoked=True),
        "expired": lambda: sandbox.add_jwt(expires=time.time() - 1),
        "restricted": lambda: sandbox.add_jwt(apps=[other["client_id"]]),
    }[bad]()
    assert error(caller.login(jwt)) == (400, "invalid_grant", [])
    sandbox.set(jwt_refusal_code="OAU-999", restricted_jwt_error="unauthorized_client")
    expected = "unauthorized_client" if bad == "restricted" else "invalid_grant"
    assert error(caller.login(jwt)) == (400, expected, ["OAU-999"])


def test_other_apps_users_and_jwts(caller):
    sandbox = caller.sandbox
    app, user = sandbox.add_app(permissions=["ReadAccounts"]), sandbox.add_user()
    jwt = sandbox.add_jwt(user_id=user["id"], apps=[app["client_id"]], expires=time.time() + 1000)
    answer = caller.login(jwt, auth=(app["client_id"], app["client_secret"])).json()
    assert (answer["scope"], answer["owner_id"]) == ("ReadAccounts", str(user["id"]))


def test_permissions_imply_others(caller):
    caller.sandbox.change_app(permissions=["SMS", "ReadCallRecording"])
    assert caller.login().json()["scope"].split() == ["ReadCallLog", "ReadCallRecording", "ReadMessages", "SMS"]


def test_revoking_a_jwt_does_not_end_its_sessions(caller):
    caller.log_in()
    caller.sandbox.change_jwt(revoked=True)
    assert caller.get(EXTENSION).status_code == 200
    assert caller.login().status_code == 400


def test_the_scope_parameter(caller):
    assert (
        caller.post_form(
            grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=caller.sandbox.jwt, scope="ReadCallLog"
        ).json()["scope"]
        == "ReadCallLog"
    )
    answer = caller.login(scope="Everything")
    assert error(answer) == (400, "invalid_scope", [])


@pytest.mark.parametrize(("ttl", "status"), [("600", 200), ("599", 400), ("3601", 400), ("abc", 400)])
def test_the_requested_token_lifetime(caller, ttl, status):
    answer = caller.login(access_token_ttl=ttl)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["expires_in"] == 600


def test_a_sixth_session_ends_the_oldest(caller):
    tokens = [caller.login().json()["access_token"] for _ in range(6)]
    answers = [
        caller.http.get(caller.sandbox.url + EXTENSION, headers={"Authorization": f"Bearer {t}"}) for t in tokens
    ]
    assert [answer.status_code for answer in answers] == [401, 200, 200, 200, 200, 200]
    body = answers[0].json()
    assert (body["errorCode"], body["errors"][0]["errorCode"]) == ("TokenInvalid", "OAU-213")
    stats = caller.sandbox.stats()
    assert (stats["evicted"], stats["tokens_alive"]) == (1, 5)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "AGW-401"),
        ("Basic YTpi", "OAU-151"),
        ("Bearer aa.bb.cc", "OAU-149"),
        ("Bearer nobody-knows-it", "OAU-213"),
    ],
)
def test_requests_without_a_valid_token(caller, header, code):
    headers = {} if header is None else {"Authorization": header}
    answer = caller.http.get(caller.sandbox.url + EXTENSION, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (401, code)
    assert "X-Rate-Limit-Limit" not in answer.headers


def test_an_expired_token(start):
    caller = start(token_seconds=100, scale=0.001)
    assert caller.login().json()["expires_in"] == 1  # whole seconds, never less than one
    caller.log_in()
    deadline = time.monotonic() + 60
    while (answer := caller.get(EXTENSION)).status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (401, "OAU-128")


def test_revoking_ends_the_session(caller):
    caller.log_in()
    assert caller.post_form("/restapi/oauth/revoke", token=caller.token).status_code == 200
    assert caller.get(EXTENSION).status_code == 401
    assert caller.post_form("/restapi/oauth/revoke", token="unknown").status_code == 200


def test_refresh_tokens_where_the_app_issues_them(caller):
    caller.sandbox.change_app(refresh_tokens=True)
    first = caller.login().json()
    second = caller.post_form(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second.status_code == 200
    old = caller.http.get(caller.sandbox.url + EXTENSION, headers={"Authorization": f"Bearer {first['access_token']}"})
    assert old.status_code == 401
    again = caller.post_form(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert error(again) == (400, "invalid_grant", ["OAU-211"])


def test_killing_tokens(caller):
    caller.log_in()
    assert caller.sandbox.kill_tokens() == 1
    assert caller.get(EXTENSION).status_code == 401


def test_an_absolute_session_timeout(start):
    caller = start(session_seconds=30, scale=0.01)
    body = caller.login().json()
    assert (body["expires_in"], body["session_expires_in"]) == (36, 1)
    caller.log_in()
    deadline = time.monotonic() + 60
    while (answer := caller.get(EXTENSION)).status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (401, "OAU-128")
