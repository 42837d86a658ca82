from __future__ import annotations

import pytest

EXTENSION = "/restapi/v1.0/account/~/extension/~"
LOG = "/restapi/v1.0/account/~/call-log"


def refusal(answer):
    body = answer.json()
    return answer.status_code, body["errorCode"], body["errors"][0]["errorCode"], body["permissionName"]


@pytest.mark.parametrize(
    ("path", "permission"),
    [(EXTENSION, "ReadAccounts"), (LOG, "ReadCallLog"), (f"{EXTENSION}/call-log-sync", "ReadCallLog")],
)
def test_a_missing_scope(start, path, permission):
    caller = start(permissions=["Faxes"])
    assert refusal(caller.get(path)) == (403, "InsufficientPermissions", "CMN-401", permission)


def test_a_new_scope_applies_to_new_tokens_only(start):
    caller = start(permissions=["ReadAccounts"])
    assert caller.get(LOG).status_code == 403
    caller.sandbox.change_app(permissions=["ReadAccounts", "ReadCallLog"])
    assert caller.get(LOG).status_code == 403
    token = caller.login().json()["access_token"]
    answer = caller.http.get(caller.sandbox.url + LOG, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_change_of_the_role_applies_at_once(start):
    caller = start()
    assert caller.get(LOG).status_code == 200
    caller.sandbox.change_user(permissions=["ReadCallLog"])
    assert refusal(caller.get(LOG)) == (403, "InsufficientPermissions", "CMN-408", "FullCompanyCallLog")
    assert caller.get(f"{EXTENSION}/call-log").status_code == 200


def test_another_extension_needs_an_extended_role(start):
    caller = start()
    other = "/restapi/v1.0/account/~/extension/400131428008/call-log"
    assert caller.get(other).status_code == 200
    caller.sandbox.change_user(extended=False)
    assert refusal(caller.get(other)) == (403, "InsufficientPermissions", "CMN-419", "ReadCallLog")
    assert caller.get(f"{EXTENSION}/call-log").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/restapi/v1.0/account/~/extension/12345", 404, "CMN-102"),
        ("/restapi/v1.0/account/12345", 404, "CMN-102"),
        ("/restapi/v1.0/account/~/nothing/here", 404, "AGW-404"),
        ("/restapi/v2.0", 404, "AGW-404"),
        (f"{EXTENSION}/authz-profile/check", 400, "CMN-100"),
    ],
)
def test_unknown_paths_and_ids(start, path, status, code):
    answer = start().get(path)
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (status, code)
    assert answer.headers["RCRequestId"]


def test_a_wrong_method_is_refused(start):
    caller = start()
    assert caller.http.put(f"{caller.sandbox.url}/restapi/v1.0/account/~").status_code == 405


def test_the_version_is_public(start):
    caller = start()
    for path in ("/restapi", "/restapi/v1.0"):
        answer = caller.http.get(caller.sandbox.url + path)
        assert answer.status_code == 200
        assert answer.headers["RCRequestId"]


def test_checking_a_permission(start):
    caller = start(user_permissions=["ReadCallLog"])
    path = f"{EXTENSION}/authz-profile/check"
    assert caller.get(path, {"permissionId": "ReadCallLog"}).json()["successful"] is True
    assert caller.get(path, {"permissionId": "ReadMessages"}).json()["successful"] is False
    listed = caller.get(f"{EXTENSION}/authz-profile").json()["permissions"]
    assert [entry["permission"]["id"] for entry in listed] == ["ReadCallLog"]


def test_the_tokens_extension_and_its_numbers(start):
    caller = start()
    assert caller.get(EXTENSION).json()["name"] == "Airflow Service"
    numbers = caller.get(f"{EXTENSION}/phone-number").json()["records"]
    assert [number["features"] for number in numbers] == [
        ["CallerId", "MmsSender", "SmsSender"], ["A2PSmsSender"], ["CallerId"],
    ]  # fmt: skip
    caller.sandbox.change_user(service=False, sms_features=["CallerId"])
    assert caller.get(EXTENSION).json()["name"] != "Airflow Service"
    assert caller.get(f"{EXTENSION}/phone-number").json()["records"][0]["features"] == ["CallerId"]


def test_extensions_are_paged(start):
    caller = start()
    path = "/restapi/v1.0/account/~/extension"
    first = caller.get(path, {"perPage": 30}).json()
    second = caller.get(first["navigation"]["nextPage"]["uri"]).json()
    assert (len(first["records"]), len(second["records"])) == (30, 13)
    assert "nextPage" not in second["navigation"]
    queues = caller.get(path, {"type": "Department"}).json()["records"]
    assert [queue["name"] for queue in queues] == ["Sales", "Support", "Billing"]
