"""What an error of a real answer says, and what it keeps to itself."""

from __future__ import annotations

import pickle
import traceback

import pytest

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import FieldProblem
from airflow_provider_ringcentral.client.errors.remedies.access import ACCESS
from tests.client.conftest import EXTENSION, LOG, UNKNOWN

PHONE = "+16505550100"


def test_a_parameter_is_named_with_code_and_request_id(start, client_of):
    with pytest.raises(errors.BadRequest) as caught:
        client_of(start()).request_json("GET", LOG, params={"view": "detailed"})

    error = caught.value
    assert (error.status, error.code, error.parameter, error.permission) == (400, "CMN-101", "view", None)
    assert len(error.request_id) == 36
    assert error.remedy.who == "DAG author"
    assert all(text in str(error) for text in ("HTTP 400", "CMN-101", "view", error.request_id, error.remedy.cure))


def test_all_codes_are_kept(start, client_of):
    with pytest.raises(errors.PermissionDenied) as caught:
        client_of(start(permissions=["ReadCallLog"])).request_json("GET", EXTENSION)

    assert caught.value.codes == ("CMN-401", "InsufficientPermissions")
    assert caught.value.permission == "ReadAccounts"
    assert "ReadAccounts" in caught.value.remedy.cure


def everything_shown(error: BaseException) -> str:
    return "".join((str(error), repr(error), repr(error.args), *traceback.format_exception(error)))


@pytest.mark.parametrize(
    "fault",
    [
        None,
        {"kind": "status", "status": 400, "message": f"Parameter [to] value [{PHONE}] is invalid"},
        {"kind": "status", "status": 403, "code": "MSG-304", "message": f"Phone number {PHONE} doesn't belong"},
        {"kind": "status", "status": 500, "message": f"{PHONE} zoe.mueller@example.com"},
        {"kind": "reset"},
        {"kind": "truncate"},
        {"kind": "html"},
        {"kind": "redirect", "host": "https://foreign.invalid"},
    ],
    ids=lambda fault: fault and str(fault.get("status", fault["kind"])),
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_secret_and_no_phone_number_is_shown(start, client_of, fault, method):
    sandbox, tokens = start(), []
    path = LOG if method == "GET" else UNKNOWN
    if fault:
        sandbox.fault(**fault, path=path, every=1)
    client = client_of(sandbox, on_secret=tokens.append)

    with pytest.raises(errors.RingCentralError) as caught:
        client.request_json(method, path, params={"phoneNumber": PHONE, "view": "x"}, json={"to": PHONE, "text": "Hi"})

    shown = everything_shown(caught.value)
    assert tokens
    for secret in (sandbox.client_secret, sandbox.jwt, *tokens, "6505550100", "zoe.mueller"):
        assert secret not in shown


def test_no_secret_is_shown_when_the_login_fails(start, client_of):
    sandbox = start()
    sandbox.stop()
    lost = Credentials("id", "very secret indeed", "aGVhZA.cGF5bG9hZA.c2ln", server="http://127.0.0.1:9")

    class Gone:
        client_id, client_secret, jwt, url = lost.client_id, lost.client_secret, lost.jwt, lost.server

    with pytest.raises(errors.Unavailable) as caught:
        client_of(Gone, max_wait=1).request_json("GET", EXTENSION)

    shown = everything_shown(caught.value) + repr(lost) + str(lost)
    assert "very secret" not in shown
    assert "cGF5bG9hZA" not in shown


def test_personal_data_is_shown_on_demand(start, client_of):
    sandbox = start()
    sandbox.fault("status", status=400, message=f"Parameter [to] value [{PHONE}] is invalid", path=LOG)

    with pytest.raises(errors.BadRequest, match=r"\+16505550100"):
        client_of(sandbox, show_personal_data=True).request_json("GET", LOG)


@pytest.mark.parametrize(
    "kind",
    [
        errors.RingCentralError,
        errors.LoginFailed,
        errors.PermissionDenied,
        errors.BadRequest,
        errors.NotFound,
        errors.RateLimited,
        errors.Unavailable,
        errors.OutcomeUnknown,
        errors.DeliveryFailed,
    ],
)
def test_errors_survive_pickling(kind):
    error = kind(
        "words",
        status=403,
        codes=("CMN-401", "InsufficientPermissions"),
        request_id="r-1",
        parameter="to",
        permission="ReadCallLog",
        retry_after=1.5,
        remedy=ACCESS["CMN-401"],
    )
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert (str(again), again.fields()) == (str(error), error.fields())


def test_problems_survive_pickling():
    error = errors.ConfigurationError(problems=[FieldProblem("host", "is wrong"), FieldProblem("port", "too")])
    again = pickle.loads(pickle.dumps(error))

    assert again.problems == error.problems
    assert str(again) == str(error)
    assert str(error).startswith("host: is wrong; port: too")


def test_an_error_of_the_wire_survives_pickling(start, client_of):
    sandbox = start()
    sandbox.fault("status", status=503, retry_after=60, operation="readExtension")
    client: RingCentralClient = client_of(sandbox, max_wait=1)
    with pytest.raises(errors.Unavailable) as caught:
        client.request_json("GET", EXTENSION)
    again = pickle.loads(pickle.dumps(caught.value))

    assert (again.status, again.code, again.retry_after) == (503, "CMN-201", 60.0)
    assert again.request_id == caught.value.request_id
