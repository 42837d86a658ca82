"""The hook against the sandbox: its methods, its errors as Airflow sees them, its secrets."""

from __future__ import annotations

import hashlib

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, redact

from airflow_provider_ringcentral.client.errors import LoginFailed, PermissionDenied, Unavailable
from airflow_provider_ringcentral.client.errors.arguments import NotMedia
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

EXTENSION = "/restapi/v1.0/account/~/extension/~"


@pytest.fixture
def hook(connection) -> RingCentralJWTHook:
    return RingCentralJWTHook(connection)


def recorded(sandbox) -> str:
    """The contentUri of some recording."""
    calls = (sandbox.call(call) for call in sandbox.call_ids())
    return next(call["recording"]["contentUri"] for call in calls if "recording" in call)


def test_request_pages_and_records(hook):
    assert hook.request("GET", EXTENSION).json() == hook.request_json("GET", EXTENSION)
    pages = list(hook.pages("/restapi/v1.0/account/~/extension", {"perPage": 20}))
    records = list(hook.records("/restapi/v1.0/account/~/extension"))
    assert len(pages) > 1
    assert [record["id"] for page in pages for record in page["records"]] == [record["id"] for record in records]
    assert hook.get_conn() is hook.get_conn()


def test_a_download_resumes_after_a_reset_and_is_complete(hook, sandbox, tmp_path):
    uri = recorded(sandbox)
    whole = hook.request("GET", uri).content
    sandbox.fault("reset", operation="readCallRecordingContent", where="body", fraction=0.5)
    receipt = hook.download(uri, str(tmp_path / "call.mp3"))

    assert (tmp_path / "call.mp3").read_bytes() == whole
    assert (receipt.bytes, receipt.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert [entry.name for entry in tmp_path.iterdir()] == ["call.mp3"]


@pytest.mark.parametrize("fault", [{"kind": "html"}, {"kind": "status", "status": 200, "body": "empty"}], ids=str)
def test_a_page_instead_of_media_is_refused(hook, sandbox, tmp_path, fault):
    uri, path = recorded(sandbox), tmp_path / "call.mp3"
    path.write_bytes(b"mine")
    sandbox.fault(**fault, operation="readCallRecordingContent")
    with pytest.raises(NotMedia, match="is not a recording"):
        hook.download(uri, str(path))
    assert path.read_bytes() == b"mine"

    with pytest.raises(NotMedia, match=r"is not a file of type image/\* \(audio/"):
        hook.download(uri, str(path), content_types="image/*")
    sandbox.fault("html", operation="readCallRecordingContent")
    assert hook.download(uri, str(path), content_types=["image/*", "text/html"]).format.startswith("text/html")


def test_the_hook_takes_repeatable_and_on_partial_failure(hook, sandbox):
    sandbox.fault("status", status=502, path=f"{EXTENSION}/blocked-number")
    sandbox.fault("status", status=200, body='{"id": 5}', path=f"{EXTENSION}/blocked-number")
    assert hook.request_json("POST", f"{EXTENSION}/blocked-number", json={}, repeatable=True) == {"id": 5}

    path = f"/restapi/v1.0/account/~/call-log/{next(iter(sandbox.call_ids()))},NoSuchCall"
    with pytest.raises(AirflowFailException, match="1 of 2 ids failed"):
        hook.request("GET", path)
    assert [part["status"] for part in hook.request_json("GET", path, on_partial_failure="return")] == [200, 404]


def test_secrets_are_masked_as_soon_as_they_are_known(hook, sandbox):
    hook.request_json("GET", EXTENSION)
    token = hook.get_conn().login.token("test").token

    for secret in (token, sandbox.jwt, sandbox.client_secret):
        assert secret not in str(redact(f"a line with {secret} in it"))


def test_an_error_that_a_retry_cannot_cure_fails_at_once(hook, sandbox):
    sandbox.change_app(permissions=["ReadCallLog"])
    with pytest.raises(PermissionDenied) as caught:
        hook.request_json("GET", EXTENSION)
    assert isinstance(caught.value, AirflowFailException)
    assert (caught.value.code, caught.value.permission) == ("CMN-401", "ReadAccounts")
    assert caught.value.remedy.who == "developer console"
    assert caught.value.request_id


def test_a_refused_login_fails_at_once_and_hides_its_secrets(hook, sandbox):
    sandbox.change_jwt(revoked=True)
    for _ in range(2):
        with pytest.raises(LoginFailed) as caught:
            hook.request_json("GET", EXTENSION)
        assert isinstance(caught.value, AirflowFailException)
        assert sandbox.jwt not in str(caught.value)
    assert sandbox.stats()["logins_refused"] == 1


def test_an_outage_is_left_to_airflows_retries(connection, sandbox):
    hook = RingCentralJWTHook(connection, max_wait=0.1)
    hook.request_json("GET", EXTENSION)
    sandbox.fault("status", operation="readExtension", status=503, retry_after=30, every=1)
    with pytest.raises(Unavailable) as caught:
        hook.request_json("GET", EXTENSION)
    assert not isinstance(caught.value, AirflowFailException)
    assert caught.value.retry_after == 30
