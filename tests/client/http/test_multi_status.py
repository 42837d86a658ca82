"""Several ids in one path: the JSON form is asked for, each part is judged, the caller chooses how a failure ends."""

from __future__ import annotations

import json

import pytest

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.http import multi_status
from airflow_provider_ringcentral.client.http.multi_status import (
    RESULTS_AS_JSON,
    ResourceResult,
    as_json_array,
    has_several_ids,
    results_of,
)
from tests.client.conftest import LOG, UNKNOWN

MANY = UNKNOWN + "/1,2,3"
MISSING = {"errors": [{"errorCode": "CMN-102", "message": "not found"}]}
DENIED = {"errors": [{"errorCode": "CMN-408", "message": "denied", "permissionName": "ReadMessages"}]}


def parts(*statuses, bodies=None) -> bytes:
    bodies = bodies or [{"id": number} if status < 300 else MISSING for number, status in enumerate(statuses, 1)]
    told = [
        {"resourceId": str(number), "status": status, "body": body}
        for number, (status, body) in enumerate(zip(statuses, bodies, strict=True), 1)
    ]
    return json.dumps(told).encode()


def mixed(*statuses) -> tuple[bytes, str]:
    told = [{"href": f"https://x/{n}", "status": s, "responseDescription": "d"} for n, s in enumerate(statuses, 1)]
    bodies = [{"id": number} if status < 300 else MISSING for number, status in enumerate(statuses, 1)]
    chunks = [json.dumps(each) for each in ({"response": told}, *bodies)]
    text = "".join(f"--Boundary_1\r\nContent-Type: application/json\r\n\r\n{chunk}\r\n" for chunk in chunks)
    return f"{text}--Boundary_1--\r\n".encode(), 'multipart/mixed; boundary="Boundary_1"'


def test_calls_of_the_sandbox_by_their_ids(start, client_of, seen):
    sandbox = start()
    client = client_of(sandbox)
    calls = list(client.records(LOG, {"dateFrom": "2020-01-01T00:00:00Z"}))[:3]
    found = client.request_json("GET", f"{LOG}/{','.join(call['id'] for call in calls)}")

    assert [(part["resourceId"], part["status"], part["body"]["id"]) for part in found] == [
        (call["id"], 200, call["id"]) for call in calls
    ]
    assert [entry["status"] for entry in seen(sandbox, "readCompanyCallRecord")] == [207]


@pytest.mark.parametrize("ask", ["request", "request_json"])
def test_a_part_that_failed_is_no_success(start, client_of, seen, ask):
    sandbox = start()
    client = client_of(sandbox)
    call = next(client.records(LOG, {"dateFrom": "2020-01-01T00:00:00Z"}))

    with pytest.raises(NotFound, match=r"1 of 2 ids failed.*NoSuchCall: HTTP 404 CMN-102") as caught:
        getattr(client, ask)("GET", f"{LOG}/{call['id']},NoSuchCall")
    assert (caught.value.status, caught.value.code) == (404, "CMN-102")
    assert caught.value.request_id
    assert len(seen(sandbox, "readCompanyCallRecord")) == 1


def test_a_part_that_failed_may_be_left_to_the_caller(start, client_of):
    sandbox = start()
    client = client_of(sandbox)
    call = next(client.records(LOG, {"dateFrom": "2020-01-01T00:00:00Z"}))
    path = f"{LOG}/{call['id']},NoSuchCall"
    found = client.request_json("GET", path, on_partial_failure="return")

    assert [part["status"] for part in found] == [200, 404]
    assert client.request("GET", path, on_partial_failure="return").json() == found


@pytest.mark.parametrize("ask", ["request_json", "request"])
def test_the_json_form_is_asked_for_and_the_other_is_understood(odd, client_of, ask):
    body, kind = mixed(200, 200)
    odd.tell(207, body, Content_Type=kind)
    answer = getattr(client_of(odd), ask)("GET", MANY)

    assert odd.calls[0][2]["Accept"] == RESULTS_AS_JSON
    if ask == "request_json":
        assert answer == [
            {"resourceId": "1", "status": 200, "body": {"id": 1}},
            {"resourceId": "2", "status": 200, "body": {"id": 2}},
        ]
    else:
        assert answer.content == body, "the answer as it came"


def test_the_other_form_is_judged_alike(odd, client_of):
    body, kind = mixed(200, 404)
    odd.tell(207, body, Content_Type=kind)

    with pytest.raises(NotFound, match=r"1 of 2 ids failed.*2: HTTP 404 CMN-102"):
        client_of(odd).request_json("GET", MANY)
    assert len(odd.calls) == 1


def test_a_header_of_the_caller_stays(odd, client_of):
    odd.tell(200, b"[]")
    client_of(odd).request_json("GET", MANY, headers={"accept": "multipart/mixed"})

    assert odd.calls[0][2].get("accept") == "multipart/mixed"


def test_one_id_is_asked_for_as_ever(odd, client_of):
    odd.tell()
    client_of(odd).request_json("GET", UNKNOWN + "/1")

    assert odd.calls[0][2]["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (parts(200, 404, 503), NotFound, "2 of 3 ids failed"),
        (parts(200, 503, 403, bodies=[{}, {}, DENIED]), PermissionDenied, "3: HTTP 403 CMN-408"),
        (parts(400, 400), BadRequest, "2 of 2 ids failed"),
        (parts(*[404] * 30), NotFound, "and 20 more"),
    ],
    ids=["worst", "permission", "all", "many"],
)
def test_what_lasts_decides(odd, client_of, body, kind, says):
    odd.tell(207, body)

    with pytest.raises(kind, match=says):
        client_of(odd).request_json("GET", MANY)
    assert len(odd.calls) == 1


@pytest.mark.parametrize("status", [429, 500, 503, 0])
def test_what_passes_is_asked_for_again(odd, client_of, status):
    odd.tell(207, parts(200, status))
    odd.tell(207, parts(200, 200))

    assert [part["status"] for part in client_of(odd).request_json("GET", MANY)] == [200, 200]


def test_what_passes_and_may_not_be_repeated_is_unknown(odd, client_of):
    odd.tell(207, parts(200, 503))

    with pytest.raises(OutcomeUnknown, match="1 of 2 ids failed"):
        client_of(odd).request_json("POST", MANY, json={})
    assert len(odd.calls) == 1


def test_deleting_what_is_gone_is_done(odd, client_of):
    odd.tell(207, parts(204, 404, bodies=[None, MISSING]))

    assert [part["status"] for part in client_of(odd).request_json("DELETE", MANY)] == [204, 404]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"[" * 9_000, b"\xff"], ids=ascii)
def test_a_207_without_parts_is_broken(odd, client_of, body):
    odd.tell(207, body)

    with pytest.raises(Unavailable, match="cannot be read"):
        client_of(odd).request_json("GET", MANY)
    assert len(odd.calls) == 5


def test_an_ending_that_does_not_exist(odd, client_of):
    with pytest.raises(BadRequest, match="'ignore'; use 'fail' or 'return'"):
        client_of(odd).request_json("GET", MANY, on_partial_failure="ignore")
    assert odd.got == []


@pytest.mark.parametrize(
    ("path", "many"),
    [
        ("/restapi/v1.0/account/~/extension/~/message-store/1,2", True),
        ("/restapi/v1.0/account/~/extension/1,2/presence", True),
        ("/restapi/v1.0/account/~/extension/~/message-store/*", True),
        ("/restapi/v1.0/account/~/extension/~/message-store/1", False),
        ("/restapi/v1.0/account/~/extension/~/message-store", False),
    ],
)
def test_paths_with_several_ids(path, many):
    assert has_several_ids(path) is many


def test_parts_are_read_whatever_they_hold():
    assert results_of(b'[5, {"resourceId": 7, "status": "200"}, {"status": 204}]') == [
        ResourceResult("", 0, b""),
        ResourceResult("7", 0, b""),
        ResourceResult("", 204, b""),
    ]


@pytest.mark.parametrize(
    "kind", ["multipart/mixed", "multipart/mixed; boundary=", "application/json", "multipart/mixed; boundary=\xff"]
)
def test_what_is_no_multipart_stays(kind):
    assert as_json_array(kind, b"--x\r\n\r\n{}\r\n--x--") == b"--x\r\n\r\n{}\r\n--x--"


def test_errors_keep_their_class_and_fields(odd, client_of):
    odd.tell(207, parts(200, 403, bodies=[{}, DENIED]), RCRequestId="r-1")

    with pytest.raises(RingCentralError) as caught:
        client_of(odd).request_json("GET", MANY)
    assert (caught.value.permission, caught.value.request_id) == ("ReadMessages", "r-1")
    assert caught.value.remedy is not None
    assert multi_status.MULTI_STATUS == 207
