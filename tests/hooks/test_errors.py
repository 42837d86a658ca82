"""Which errors stop Airflow's retries, as the hook raises them, and which of their fields remain."""

from __future__ import annotations

import json
import pickle

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, redact

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.client.errors.arguments import (
    BadArgument,
    DestinationError,
    DestinationUnavailable,
    NotMedia,
)
from airflow_provider_ringcentral.extract.call_log.query import WindowInFuture
from airflow_provider_ringcentral.hooks import errors as hook_errors
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

EXTENSION = "/restapi/v1.0/account/~/extension/~"
LOG = "/restapi/v1.0/account/~/call-log"
SMS = f"{EXTENSION}/sms"


@pytest.fixture
def hook(sandbox, monkeypatch) -> RingCentralJWTHook:
    """A hook whose requests do not wait for the rate limit."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_for(max_wait="0"))
    return RingCentralJWTHook()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 400, "code": "CMN-101"}, errors.BadRequest),
        ({"status": 401, "code": "OAU-151"}, errors.LoginFailed),
        ({"status": 403, "code": "CMN-408"}, errors.PermissionDenied),
        ({"status": 404, "code": "CMN-102"}, errors.NotFound),
    ],
    ids=str,
)
def test_a_permanent_error_is_ours_and_airflows(hook, sandbox, fault, kind):
    sandbox.fault("status", **fault, operation="readExtension", every=1)
    with pytest.raises(kind) as caught:
        hook.request_json("GET", EXTENSION)
    error = caught.value

    assert isinstance(error, AirflowFailException)
    assert (error.status, error.code) == (fault["status"], fault["code"])
    assert error.request_id
    assert error.remedy.cause
    assert error.remedy.cure in str(error)
    assert len([entry for entry in sandbox.requests() if entry["operation"] == "readExtension"]) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadArgument("no", parameter="view"), hook_errors.ArgumentInvalid),
        (WindowInFuture("no"), hook_errors.ArgumentInvalid),
        (errors.BadRequest("a time without zone"), hook_errors.ArgumentInvalid),
        (errors.BadRequest("no", status=400), hook_errors.RequestRefused),
        (DestinationError("no"), hook_errors.DestinationInvalid),
        (errors.ConfigurationError("no"), hook_errors.ConnectionInvalid),
        (DestinationUnavailable("later"), DestinationUnavailable),
        (NotMedia("a page", found="text/html"), NotMedia),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_the_class_tells_who_refused_the_request(error, kind):
    turned = hook_errors.for_airflow(error)
    assert type(turned) is kind
    assert (turned.message, turned.parameter) == (error.message, error.parameter)
    assert pickle.loads(pickle.dumps(turned)).message == error.message


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 429, "retry_after": 60}, errors.RateLimited),
        ({"status": 503, "retry_after": 60}, errors.Unavailable),
    ],
    ids=str,
)
def test_a_temporary_error_is_left_to_airflows_retries(hook, sandbox, fault, kind):
    sandbox.fault("status", **fault, operation="readExtension")
    with pytest.raises(kind) as caught:
        hook.request_json("GET", EXTENSION)

    assert not isinstance(caught.value, AirflowFailException)
    assert caught.value.retry_after == 60


def test_airflow_does_not_retry_a_send_with_unknown_outcome(hook, sandbox):
    sandbox.fault("reset", path=SMS)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        hook.request_json("POST", SMS, json={"to": [{"phoneNumber": "+16505550100"}], "text": "hello"})

    assert isinstance(caught.value, AirflowFailException)
    assert "6505550100" not in str(caught.value)


def test_an_incomplete_connection_is_permanent(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", json.dumps({"conn_type": "ringcentral", "login": "id"}))
    with pytest.raises(errors.ConfigurationError, match=r"Client secret.*JWT credential") as caught:
        RingCentralJWTHook().request("GET", EXTENSION)

    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("uri", ["https://evil.example/recording/5/content", "http://media.ringcentral.com/x", "media"])
def test_media_at_a_foreign_host_is_refused_without_a_request(hook, sandbox, uri, tmp_path):
    with pytest.raises(errors.ConfigurationError) as caught:
        hook.download(uri, str(tmp_path / "x.mp3"))

    assert isinstance(caught.value, AirflowFailException)
    assert sandbox.stats()["requests"] == 0
    assert list(tmp_path.iterdir()) == []


def test_missing_media_is_permanent_and_leaves_no_file(hook, sandbox, tmp_path):
    with pytest.raises(errors.NotFound) as caught:
        hook.download(f"{sandbox.url}/restapi/v1.0/account/~/recording/5/content", str(tmp_path / "x.mp3"))

    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.code == "CMN-102"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("destination", ["nowhere://bucket/x.mp3", "", "/proc/x.mp3"])
def test_a_destination_that_cannot_be_written_is_permanent(hook, sandbox, destination):
    with pytest.raises(errors.ConfigurationError) as caught:
        hook.download(f"{sandbox.url}/restapi/v1.0/account/~/recording/5/content", destination)

    assert isinstance(caught.value, AirflowFailException)
    assert sandbox.stats()["requests"] == 0


@pytest.mark.parametrize("kind", hook_errors.FAIL_NOW.values(), ids=lambda kind: kind.__name__)
def test_both_kinds_survive_pickling(kind):
    error = kind("words", status=403, codes=("CMN-401",), permission="ReadCallLog", retry_after=5)
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert (str(again), again.fields()) == (str(error), error.fields())


def test_access_tokens_are_masked_when_they_are_received(hook, sandbox, caplog):
    sandbox.fault("status", status=403, code="CMN-408", operation="readExtension")
    with pytest.raises(errors.PermissionDenied):
        hook.request_json("GET", EXTENSION)
    # The client has it in clear since the login, so asking for it masks nothing anew.
    token = hook.get_conn().login.token("test").token

    assert token not in str(redact(f"Authorization: Bearer {token}"))
    assert all(secret not in caplog.text for secret in (token, sandbox.client_secret, sandbox.jwt))


def test_a_token_of_another_process_is_masked_too(hook, sandbox):
    hook.request_json("GET", EXTENSION)
    other = RingCentralJWTHook()
    other.request_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 1
    token = other.get_conn().login.token("test").token
    assert token not in str(redact({"header": f"Bearer {token}"}))


def test_records_and_pages_raise_when_they_are_consumed(hook, sandbox):
    records = hook.records(LOG, {"view": "detailed"})
    assert sandbox.stats()["requests"] == 0

    with pytest.raises(errors.BadRequest) as caught:
        next(records)
    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.parameter == "view"
