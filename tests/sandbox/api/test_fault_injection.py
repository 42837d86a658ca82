from __future__ import annotations

import time

import pytest
import requests

from airflow_provider_ringcentral.sandbox import SandboxError

EXTENSION = "/restapi/v1.0/account/~/extension/~"
LOG = "/restapi/v1.0/account/~/call-log"


@pytest.fixture
def caller(start):
    caller = start(calls=300)
    caller.log_in()
    return caller


@pytest.mark.parametrize(
    ("fault", "status", "kind", "start_of_body"),
    [
        ({"status": 503}, 503, "application/json", '{"errorCode":"CMN-201"'),
        (
            {"status": 500, "code": "CMN-999", "message": "boom"},
            500,
            "application/json",
            '{"errorCode":"CMN-999","message":"boom"',
        ),
        ({"status": 502, "body": "html"}, 502, "text/html", "<html>"),
        ({"status": 504, "body": "empty"}, 504, None, ""),
        ({"status": 500, "body": "You have exceeded your limits"}, 500, "text/plain", "You have exceeded your limits"),
        ({"status": 200, "body": '{"records": []}'}, 200, "application/json", '{"records": []}'),
    ],
)
def test_statuses_and_bodies(caller, fault, status, kind, start_of_body):
    caller.sandbox.fault("status", **fault)
    answer = caller.get(EXTENSION)
    assert (answer.status_code, answer.headers.get("Content-Type")) == (status, kind)
    assert answer.text.startswith(start_of_body)
    assert answer.headers["RCRequestId"]
    assert caller.get(EXTENSION).status_code == 200  # a plain rule affects one request


def test_headers_of_a_fault(start):
    caller = start(limits=True)
    caller.log_in()
    caller.sandbox.fault("status", status=503, retry_after=2.5, headers={"X-Extra": "1"}, rate_headers=False)
    answer = caller.get(EXTENSION)
    assert (answer.headers["Retry-After"], answer.headers["X-Extra"]) == ("2.5", "1")
    assert "X-Rate-Limit-Limit" not in answer.headers
    assert "X-Rate-Limit-Limit" in caller.get(EXTENSION).headers


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "x......."),
        ({"times": 3}, "xxx....."),
        ({"nth": 3}, "..x....."),
        ({"nth": 3, "times": 2}, "..xx...."),
        ({"every": 3}, "..x..x.."),
        ({"every": 2, "times": 2}, ".x.x...."),
        ({"every": 2, "after": 3}, "....x.x."),
        ({"after": 6}, "......x."),
        ({"probability": 1.0}, "xxxxxxxx"),
        ({"probability": 0.0}, "........"),
    ],
)
def test_which_requests_get_the_fault(caller, rule, expected):
    caller.sandbox.fault("status", status=500, **rule)
    shown = "".join("x" if caller.get(EXTENSION).status_code == 500 else "." for _ in range(8))
    assert shown == expected


def test_probability_follows_its_seed(start):
    def pattern(seed):
        caller = start()
        caller.log_in()
        caller.sandbox.fault("status", status=500, probability=0.5, seed=seed)
        return [caller.get(EXTENSION).status_code for _ in range(20)]

    assert pattern(1) == pattern(1) != pattern(2)


@pytest.mark.parametrize(
    ("match", "affected"),
    [
        ({"operation": "readExtension"}, [500, 200, 200]),
        ({"path": f"{LOG}"}, [200, 500, 200]),
        ({"path": "/restapi/oauth"}, [200, 200, 500]),
        ({"method": "post"}, [200, 200, 500]),
    ],
)
def test_which_requests_match(caller, match, affected):
    caller.sandbox.fault("status", status=500, **match)
    assert [caller.get(EXTENSION).status_code, caller.get(LOG).status_code, caller.login().status_code] == affected


def test_each_rule_applies_to_one_request(caller):
    for status in (500, 502, 503):
        caller.sandbox.fault("status", status=status)
    assert [caller.get(EXTENSION).status_code for _ in range(4)] == [500, 502, 503, 200]


def test_a_reset_before_the_answer(caller):
    caller.sandbox.fault("reset")
    with pytest.raises(requests.ConnectionError):
        caller.get(EXTENSION)
    entry = caller.sandbox.requests(1)[0]
    assert (entry["status"], entry["fault"]) == (0, "reset")


@pytest.mark.parametrize(
    ("kind", "rule"), [("reset", {"where": "body"}), ("truncate", {}), ("truncate", {"fraction": 0})]
)
def test_incomplete_bodies(caller, kind, rule):
    caller.sandbox.fault(kind, **rule)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        caller.get(LOG)
    assert caller.get(LOG).status_code == 200


def test_broken_json(caller):
    caller.sandbox.fault("broken_json", fraction=0.9)
    answer = caller.get(LOG)
    assert (answer.status_code, int(answer.headers["Content-Length"])) == (200, len(answer.content))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_html_with_200(caller):
    caller.sandbox.fault("html")
    answer = caller.get(LOG)
    assert (answer.status_code, answer.headers["Content-Type"], answer.text[:6]) == (200, "text/html", "<html>")


def test_slow_responses_are_complete(caller):
    caller.sandbox.fault("slow", seconds=0.3)
    began = time.monotonic()
    assert caller.get(EXTENSION).status_code == 200
    assert time.monotonic() - began >= 0.3
    caller.sandbox.fault("slow", seconds=5)
    with pytest.raises(requests.ReadTimeout):
        requests.get(caller.sandbox.url + EXTENSION, timeout=(60, 0.2))


@pytest.mark.parametrize("everyone", [False, True])
def test_a_request_ends_sessions(caller, everyone):
    other = caller.login().json()["access_token"]
    caller.sandbox.fault("kill_tokens", nth=2, all=everyone)
    assert [caller.get(EXTENSION).status_code for _ in range(3)] == [200, 401, 401]
    answer = caller.http.get(caller.sandbox.url + EXTENSION, headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == (401 if everyone else 200)


@pytest.mark.parametrize(
    ("rule", "location"),
    [
        ({}, f"https://foreign.invalid{LOG}?page=1".replace("~", "400131426008")),
        ({"host": "http://127.0.0.1:9"}, f"http://127.0.0.1:9{LOG}?page=1".replace("~", "400131426008")),
        ({"location": "/elsewhere", "status": 307}, "/elsewhere"),
    ],
)
def test_redirects(caller, rule, location):
    caller.sandbox.fault("redirect", **rule)
    headers = {"Authorization": f"Bearer {caller.token}"}
    answer = caller.http.get(f"{caller.sandbox.url}{LOG}?page=1", headers=headers, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (rule.get("status", 302), location)


@pytest.mark.parametrize("pretty", [False, True])
def test_links_to_a_foreign_host(start, pretty):
    caller = start(calls=3000, pretty=pretty)
    caller.log_in()
    caller.sandbox.fault("foreign_links", host="https://evil.invalid")
    answer = caller.log(recordingType="All", perPage=5).json()
    assert answer["navigation"]["nextPage"]["uri"].startswith("https://evil.invalid/restapi/")
    assert answer["navigation"]["firstPage"]["uri"].startswith(caller.sandbox.url)
    assert {record["recording"]["contentUri"].partition("/restapi")[0] for record in answer["records"]} == {
        "https://evil.invalid"
    }
    assert {record["recording"]["uri"].partition("/restapi")[0] for record in answer["records"]} == {caller.sandbox.url}


def test_a_refused_scope(caller):
    caller.sandbox.fault("refuse_scope", permission="ReadCallLog")
    answer = caller.get(LOG)
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"], answer.json()["permissionName"]) == (
        403,
        "CMN-401",
        "ReadCallLog",
    )


def test_a_request_with_a_fault_can_be_executed(start):
    caller = start(calls=20, start="2026-06-01T00:00:00Z", end="2026-06-02T00:00:00Z")
    caller.log_in()
    caller.sandbox.insert_with_requests(1)
    window = {"dateFrom": "2026-06-01T00:00:00Z", "dateTo": "2026-06-02T00:00:00Z"}
    caller.sandbox.fault("status", status=500)
    caller.sandbox.fault("status", status=500, executed=True)
    assert [caller.log(**window).status_code for _ in range(2)] == [500, 500]
    assert len(caller.log(**window).json()["records"]) == 22


def test_faults_skip_requests_refused_by_login_or_limits(start):
    caller = start(limits={"Light": 1})
    caller.get(EXTENSION)
    caller.sandbox.fault("status", status=500)
    assert caller.get(EXTENSION).status_code == 429
    assert caller.sandbox.faults()[0]["seen"] == 0


def test_faults_are_listed_and_cleared(caller):
    first = caller.sandbox.fault("status", status=500, every=1)
    caller.sandbox.fault("slow", seconds=0)
    caller.get(EXTENSION)
    assert [(rule["id"], rule["kind"], rule["done"]) for rule in caller.sandbox.faults()] == [
        (1, "status", 1),
        (2, "slow", 1),
    ]
    caller.sandbox.clear_faults(first)
    assert [rule["kind"] for rule in caller.sandbox.faults()] == ["slow"]
    caller.sandbox.clear_faults()
    assert caller.sandbox.faults() == []


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "explode"},
        {"kind": "status"},
        {"kind": "status", "status": 42},
        {"kind": "reset", "where": "x"},
        {"kind": "slow", "speed": 1},
    ],
)
def test_invalid_faults_are_refused(caller, rule):
    with pytest.raises(SandboxError):
        caller.sandbox.fault(**rule)


def test_faults_from_the_start(start):
    caller = start(faults=[{"kind": "status", "status": 503, "operation": "getToken"}])
    assert [caller.login().status_code for _ in range(2)] == [503, 200]
