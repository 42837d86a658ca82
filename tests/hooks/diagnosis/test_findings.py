"""Findings from single answers: which one applies, and what it says."""

from __future__ import annotations

import base64
import json
import time

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import LoginFailed, RateLimited, Unavailable
from airflow_provider_ringcentral.client.errors.remedies import login_remedy, remedy_for
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.hooks.diagnosis.access_findings import _is_service, granted_scopes
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis, Finding, diagnosis_of
from airflow_provider_ringcentral.hooks.diagnosis.examination import examine_client
from airflow_provider_ringcentral.hooks.diagnosis.login_findings import (
    expiry_findings,
    expiry_of,
    login_finding,
    situation,
)
from airflow_provider_ringcentral.sandbox.api.token_endpoint import LOGIN_REFUSALS

SERVER = "https://platform.ringcentral.com"
OWN = f"{SERVER}/restapi/v1.0/account/~/extension/~"
ALL_SCOPES = "ReadAccounts ReadCallLog ReadCallRecording ReadMessages SMS"
SERVICE = {"name": "Airflow Service", "type": "User", "extensionNumber": "101"}
SENDER = {"id": 1, "phoneNumber": "+16505550123", "features": ["CallerId", "SmsSender", "MmsSender"]}

EXPECTED = {
    "jwt_flow_disabled": "jwt_flow_disabled",
    "unknown_grant": "connection_invalid",
    "wrong_client_id": "client_rejected",
    "wrong_secret": "client_rejected",
    "no_client": "client_rejected",
    "malformed_authorization": "client_rejected",
    "duplicate_parameter": "connection_invalid",
    "jwt_rejected": "jwt_rejected",
    "extension_not_found": "user_inactive",
    "user_inactive": "user_inactive",
    "account_inactive": "user_inactive",
    "extension_type": "user_inactive",
    "bad_credentials": "jwt_rejected",
    "account_locked": "user_inactive",
    "sso_only": "user_inactive",
    "mfa_required": "user_inactive",
    "sandbox_app": "client_rejected",
    "app_invalid": "client_rejected",
    "other_realm": "client_rejected",
    "refresh_expired": "jwt_rejected",
    "refresh_revoked": "jwt_rejected",
    "refresh_unknown": "jwt_rejected",
}


def jwt_with(**claims) -> str:
    parts = ({"alg": "ES256"}, {"iss": SERVER, **claims}, {"signature": "none"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


def refused(status: int, *codes: str) -> LoginFailed:
    remedy = login_remedy(codes, status, remedy_for(codes, status=status))
    return LoginFailed("refused", status=status, codes=codes, remedy=remedy)


@pytest.mark.parametrize("name", LOGIN_REFUSALS)
def test_every_refusal_of_the_token_endpoint_has_one_finding(name):
    status, word, code, _ = LOGIN_REFUSALS[name]
    error = refused(status, *filter(None, (code, word)))

    found = login_finding(error, jwt_with(), "app-1")

    assert found.code == EXPECTED[name]
    assert found.severity == "error"
    assert found.cure
    assert found.who


@pytest.mark.parametrize(
    ("status", "codes", "found"),
    [
        (403, ("OAU-112",), "jwt_flow_disabled"),
        (401, ("OAU-125",), "jwt_flow_disabled"),
        (400, ("unauthorized_client", "OAU-251"), "jwt_flow_disabled"),
        # The word alone: an app without the flow is told OAU-251, so it is the JWT that this app may not use.
        (400, ("unauthorized_client",), "jwt_rejected"),
        (400, ("invalid_client",), "client_rejected"),
        (400, ("invalid_grant",), "jwt_rejected"),
        (401, ("OAU-141", "invalid_grant"), "user_inactive"),
        (403, ("access_denied",), "jwt_rejected"),
        (400, ("OAU-999", "invalid_grant"), "jwt_rejected"),
        (400, ("OAU-999", "invalid_client"), "client_rejected"),
        (401, (), "jwt_rejected"),
        (403, (), "jwt_rejected"),
        (404, ("AGW-404",), "connection_invalid"),
        (404, (), "connection_invalid"),
        (302, (), "connection_invalid"),
        (415, ("CMN-104",), "connection_invalid"),
    ],
)
def test_numbered_codes_precede_words_and_words_precede_the_status(status, codes, found):
    assert situation(refused(status, *codes)) == found


@pytest.mark.parametrize(
    ("days", "codes", "said", "unsaid"),
    [
        (None, ("invalid_grant",), "revoked or has expired", "The JWT expired on"),
        (-2, ("invalid_grant",), "The JWT expired on", "revoked"),
        (30, ("invalid_grant",), "revoked (it expires on", "expired"),
        (None, ("unauthorized_client",), "restricted to other apps", "revoked"),
        (None, ("invalid_grant", "OAU-210"), "most likely the JWT has expired", "revoked"),
        (None, ("invalid_grant", "OAU-211"), "most likely the JWT was revoked", "expired"),
    ],
)
def test_a_refused_jwt_names_the_likely_reason(days, codes, said, unsaid):
    jwt = jwt_with() if days is None else jwt_with(exp=time.time() + days * 86_400)

    cause = login_finding(refused(400, *codes), jwt, "app-1").cause

    assert said in cause
    assert unsaid not in cause


def test_another_server_is_not_blamed_on_the_jwt():
    found = login_finding(refused(404), jwt_with(), "app-1")

    assert "not RingCentral's token endpoint" in found.cause
    assert "Server URL" in found.cure
    assert "http" not in found.cure.lower()


def test_a_throttled_login_says_when_to_retry():
    found = login_finding(RateLimited("later", retry_after=37.2), jwt_with(), "app-1")

    assert (found.code, found.severity) == ("login_throttled", "error")
    assert "37 s" in found.cause


def test_an_outage_is_not_a_refusal():
    found = login_finding(Unavailable("no connection to the server", status=502), jwt_with(), "app-1")

    assert (found.code, "HTTP 502" in found.cause) == ("unreachable", True)


@pytest.mark.parametrize(
    "exp", [None, "soon", True, -1, 1e18, {"at": 1}], ids=["none", "text", "bool", "negative", "ms", "object"]
)
def test_an_expiry_that_is_not_a_date_is_ignored(exp):
    assert expiry_of(jwt_with(exp=exp)) is None
    assert [finding.code for finding in expiry_findings(jwt_with(exp=exp), "app-1")] == ["jwt_wellformed"]


def test_claims_that_are_not_json_are_ignored():
    assert expiry_of("aaaa.bbbb.cccc") is None


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("Airflow Service airflow", True),
        ("RC svc", True),
        ("CallLogBot calls", True),
        ("Reporting API", True),
        ("Ada Abbott no-reply", True),
        ("etl-calls etl", True),
        ("Ada Abbott ada.abbott", False),
        ("Kristen Hetley kristen.hetley", False),
        ("Talbot Capilano tcapilano", False),
    ],
)
def test_names_of_service_users(text, service):
    assert _is_service(text) is service


def test_scopes_include_others_and_may_be_unlisted():
    assert granted_scopes({"scope": "SMS ReadCallRecording"}) == {
        "SMS",
        "ReadMessages",
        "ReadCallRecording",
        "ReadCallLog",
    }
    assert granted_scopes({"scope": ""}) == set()
    assert granted_scopes({}) is None


def test_the_summary_begins_with_the_first_problem():
    fine = Finding("owner", "ok", "The JWT belongs to Airflow Service.")
    odd = Finding("no_sms_number", "warning", "No number can send.", "Assign one.", "admin portal")
    bad = Finding("jwt_rejected", "error", "Refused.", "Make a new one.", "developer console")
    gone = Finding("unreachable", "error", "No answer.", "Look at the proxy.", "platform team")

    assert Diagnosis((fine,)).summary == "Ready.\nThe JWT belongs to Airflow Service."
    assert Diagnosis((fine, odd)).summary.splitlines() == [
        "Ready, with 1 warning.",
        "No number can send.",
        "Fix (admin portal): Assign one.",
    ]
    assert Diagnosis((fine, odd, bad, gone)).summary.splitlines() == [
        "Not ready: 2 problems to fix.",
        "Refused.",
        "Fix (developer console): Make a new one.",
        "And 1 more.",
    ]
    assert diagnosis_of([odd, odd]).findings == (odd,)


@pytest.fixture
def answers(requests_mock):
    """RingCentral, as it answers when all is well; a test changes one answer."""
    token = {"access_token": "U0pDtoken-1", "token_type": "bearer", "expires_in": 3600, "owner_id": "1"}
    requests_mock.post(f"{SERVER}/restapi/oauth/token", json=token | {"scope": ALL_SCOPES})
    requests_mock.get(OWN, json=SERVICE)
    requests_mock.get(f"{OWN}/authz-profile/check", json={"successful": True})
    requests_mock.get(f"{OWN}/phone-number", json={"records": [SENDER], "navigation": {}, "paging": {}})
    return requests_mock


@pytest.fixture
def examine(answers, tmp_path):
    """Diagnoses with a ledger of its own; `answers` says what RingCentral says."""
    ledgers = []

    def diagnosis(*, show_numbers: bool = False, **fields) -> Diagnosis:
        # A ledger that is shared, since a client that is alone spreads its logins over some seconds.
        ledgers.append(SqliteLedger(tmp_path / f"ledger-{len(ledgers)}.sqlite"))
        credentials = Credentials("app-1", "secret-1", jwt_with(), **fields)
        client = RingCentralClient(credentials, ledgers[-1], policy=Policy(attempts=1, max_wait=0.0))
        return examine_client(client, show_numbers=show_numbers)

    yield diagnosis
    for ledger in ledgers:
        ledger.close()


def by_code(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {finding.code: finding for finding in diagnosis.findings}


def wrong(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in diagnosis.findings if finding.severity != "ok"]


def test_numbers_show_their_last_digits_only(answers, examine):
    hidden, shown = examine(), examine(show_numbers=True)

    assert wrong(hidden) == []
    assert by_code(hidden)["sms_numbers"].cause == "Numbers that can send SMS: …0123; MMS: …0123."
    assert "5550123" not in json.dumps(hidden.as_dict())
    assert by_code(shown)["sms_numbers"].cause == "Numbers that can send SMS: +16505550123; MMS: +16505550123."


@pytest.mark.parametrize(
    ("number", "features", "said"),
    [
        ("+16505550123", ["SmsSender"], None),
        ("+16505550123", ["CallerId"], "lacks the feature SmsSender"),
        ("+16505550199", ["SmsSender"], "is not a number of the JWT's user"),
    ],
)
def test_the_default_sender_is_checked(answers, examine, number, features, said):
    records = [SENDER | {"features": features}, SENDER | {"phoneNumber": "+16505550177"}]
    answers.get(f"{OWN}/phone-number", json={"records": records})

    diagnosis = examine(from_number=number)
    finding = by_code(diagnosis)["from_number"]

    assert finding.severity == ("ok" if said is None else "warning")
    assert (said or "can send texts") in finding.cause
    assert number[1:] not in json.dumps(diagnosis.as_dict())


def test_many_numbers_are_counted(answers, examine):
    records = [SENDER | {"id": rank, "phoneNumber": f"+1650555{rank:04d}"} for rank in range(13)]
    answers.get(f"{OWN}/phone-number", json={"records": [*records, records[0]]})

    assert by_code(examine())["sms_numbers"].cause.count(" and 3 more") == 2


def test_no_sending_number_matters_only_with_a_scope_to_send(answers, examine):
    answers.get(f"{OWN}/phone-number", json={"records": [{"phoneNumber": "+16505550123"}]})
    assert wrong(examine()) == [("no_sms_number", "warning")]

    token = {"access_token": "U0pDtoken-2", "expires_in": 3600, "scope": "ReadAccounts ReadCallRecording ReadMessages"}
    answers.post(f"{SERVER}/restapi/oauth/token", json=token)
    quiet = examine()
    assert wrong(quiet) == []
    assert "None of the user's numbers" in by_code(quiet)["sms_numbers"].cause


def test_unlisted_scopes_are_not_missing(answers, examine):
    answers.post(f"{SERVER}/restapi/oauth/token", json={"access_token": "U0pDtoken-3", "expires_in": 3600})
    diagnosis = examine()

    assert wrong(diagnosis) == []
    assert "did not list" in by_code(diagnosis)["scopes"].cause


def test_a_missing_scope_is_not_reported_as_a_missing_role(answers, examine):
    denied = {"errors": [{"errorCode": "CMN-401", "message": "no", "permissionName": "ReadAccounts"}]}
    answers.get(OWN, status_code=403, json=denied)
    found = by_code(examine())["scope_missing"]

    assert found.severity == "warning"
    assert "ReadAccounts" in found.cause
    assert found.link == "https://developers.ringcentral.com/my-account.html"


def test_a_role_without_read_extensions_is_reported_once(answers, examine):
    denied = {"errors": [{"errorCode": "CMN-408", "message": "no", "permissionName": "ReadExtensions"}]}
    for url in (OWN, f"{SERVER}/restapi/v1.0/account/77/extension/~"):
        answers.get(url, status_code=403, json=denied)

    assert wrong(examine(account_id="77")) == [("role_missing", "warning")]


def permissions(answers, **granted: bool | None) -> None:
    """What the check says of each permission; None: it does not know the name."""

    def answer(request, context):
        said = granted.get(request.qs["permissionid"][0], False)
        context.status_code = 404 if said is None else 200
        return {"errors": [{"errorCode": "CMN-102", "message": "?"}]} if said is None else {"successful": said}

    answers.get(f"{OWN}/authz-profile/check", json=answer)


def test_either_name_of_the_company_call_log_counts(answers, examine):
    granted = {"readcalllog": True, "readcallrecording": True, "readmessages": True, "outboundsms": True}
    permissions(answers, fullcompanycalllog=None, readcompanycalllog=True, **granted)
    assert wrong(examine()) == []

    permissions(answers, fullcompanycalllog=None, readcompanycalllog=False, **granted)
    assert "FullCompanyCallLog (for the company call log)" in by_code(examine())["role_missing"].cause

    permissions(answers, fullcompanycalllog=None, readcompanycalllog=None, **granted)
    assert wrong(examine()) == [("roles", "warning")]


def test_a_role_without_any_job_is_an_error_unless_it_sends(answers, examine):
    permissions(answers)
    assert wrong(examine()) == [("role_missing", "error")]

    permissions(answers, outboundsms=True)
    assert wrong(examine()) == [("role_missing", "warning")]


def test_unknown_account_and_extension_ids(answers, examine):
    missing = {"errors": [{"errorCode": "CMN-102", "message": "no", "parameterName": "accountId"}]}
    answers.get(f"{SERVER}/restapi/v1.0/account/16505550100/extension/~", status_code=404, json=missing)
    diagnosis = examine(account_id="16505550100")

    assert wrong(diagnosis) == [("connection_invalid", "error")]
    assert "Account ID" in by_code(diagnosis)["connection_invalid"].cure


def test_an_exhausted_rate_limit_is_not_an_outage(answers, examine):
    headers = {
        "Retry-After": "60",
        "X-Rate-Limit-Group": "light",
        "X-Rate-Limit-Limit": "50",
        "X-Rate-Limit-Window": "60",
    }
    answers.get(OWN, status_code=429, json={"errorCode": "CMN-301"}, headers=headers)
    diagnosis = examine()

    assert diagnosis.ok
    assert wrong(diagnosis) == [("limits", "warning")]
    assert "light 50 requests in 60 s" in by_code(diagnosis)["limits"].cause


def test_an_api_that_is_down_is_an_error_although_the_login_works(answers, examine):
    answers.get(OWN, status_code=502, text="<html>")
    diagnosis = examine()

    assert wrong(diagnosis) == [("unreachable", "error")]
    assert by_code(diagnosis)["login"].severity == "ok"


def test_unexpected_answers_do_not_end_the_diagnosis(answers, examine):
    answers.get(OWN, json=["no", "object"])
    answers.get(f"{OWN}/authz-profile/check", json=None, text="", status_code=204)
    diagnosis = examine()

    assert "somebody without a name" in by_code(diagnosis)["owner"].cause
    assert "role_missing" in by_code(diagnosis)
