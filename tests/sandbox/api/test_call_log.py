from __future__ import annotations

import json
from collections import Counter

import pytest

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
WINDOW = {"dateFrom": DAY["start"], "dateTo": DAY["end"]}
LOG = "/restapi/v1.0/account/~/call-log"


@pytest.fixture(scope="module")
def caller(shared):
    return shared(calls=2500, **DAY)


def everything(record):
    return True


def nothing(record):
    return False


def ids(records):
    return [record["id"] for record in records]


def test_every_call_of_the_window_newest_first(caller):
    records = caller.records(**WINDOW, perPage=1000)
    assert ids(records) == caller.sandbox.call_ids(DAY["start"], DAY["end"])
    times = [record["startTime"] for record in records]
    assert times == sorted(times, reverse=True)
    assert len(set(ids(records))) == 2500


def test_paging_and_navigation(caller):
    answer = caller.log(**WINDOW, perPage=1000, page=2).json()
    assert answer["paging"] == {"page": 2, "perPage": 1000, "pageStart": 1000, "pageEnd": 1999}
    assert set(answer["navigation"]) == {"firstPage", "previousPage", "nextPage"}
    assert answer["navigation"]["nextPage"]["uri"] == (
        f"{caller.sandbox.url}/restapi/v1.0/account/400131426008/call-log"
        "?dateFrom=2026-06-01T00%3A00%3A00Z&dateTo=2026-06-02T00%3A00%3A00Z&view=Simple&perPage=1000&page=3"
    )
    last = caller.log(**WINDOW, perPage=1000, page=3).json()
    assert (len(last["records"]), "nextPage" in last["navigation"]) == (500, False)
    beyond = caller.log(**WINDOW, perPage=1000, page=4).json()
    assert (beyond["records"], "nextPage" in beyond["navigation"]) == ([], False)


@pytest.mark.parametrize(
    ("params", "per_page"),
    [
        ({}, 100),
        ({"perPage": "7"}, 7),
        ({"perPage": "max"}, 1000),
        ({"perPage": "5000"}, 1000),
        ({"perPage": "1000", "view": "Detailed"}, 250),
        ({"perPage": "max", "view": "Detailed"}, 250),
    ],
)
def test_sizes_of_pages_are_clamped(caller, params, per_page):
    answer = caller.log(**WINDOW, **params).json()
    assert (answer["paging"]["perPage"], len(answer["records"])) == (per_page, per_page)


def test_without_dates_the_window_is_the_last_day(start):
    caller = start(calls=7000)  # over the week that ended half an hour ago
    assert 950 < len(caller.records(perPage=1000)) < 1000


@pytest.mark.parametrize(
    ("params", "passes"),
    [
        ({"type": "Fax"}, lambda r: r["type"] == "Fax"),
        ({"type": ["Fax", "Voice"]}, everything),
        ({"direction": "Inbound"}, lambda r: r["direction"] == "Inbound"),
        ({"direction": ["Inbound", "Outbound"]}, everything),
        ({"direction": "Inbound,Outbound"}, nothing),
        ({"recordingType": "All"}, lambda r: "recording" in r),
        ({"recordingType": "OnDemand"}, lambda r: r.get("recording", {}).get("type") == "OnDemand"),
        ({"withRecording": "true"}, lambda r: "recording" in r),
        (
            {"withRecording": "true", "recordingType": "Automatic"},
            lambda r: r.get("recording", {}).get("type") == "Automatic",
        ),
        ({"extensionNumber": "104"}, lambda r: r["extension"]["id"] == 400131430008),
        (
            {"phoneNumber": "16505551004"},
            lambda r: "+16505551004" in (r["from"].get("phoneNumber"), r["to"].get("phoneNumber")),
        ),
        ({"phoneNumber": "+16505551004"}, nothing),
        (
            {"direction": "Outbound", "type": "Voice", "recordingType": "All"},
            lambda r: r["direction"] == "Outbound" and r["type"] == "Voice" and "recording" in r,
        ),
        ({"metadataCategory": "Anything"}, nothing),
    ],
)
def test_filters(caller, params, passes):
    expected = [record["id"] for record in caller.records(**WINDOW, perPage=1000) if passes(record)]
    assert ids(caller.records(**WINDOW, perPage=300, **params)) == expected


def test_sessions(caller):
    records = caller.records(**WINDOW, perPage=1000)
    session, rows = Counter(record["sessionId"] for record in records).most_common(1)[0]
    assert rows > 1
    found = caller.records(**WINDOW, sessionId=session)
    assert ids(found) == [record["id"] for record in records if record["sessionId"] == session]
    assert ids(caller.records(**WINDOW, telephonySessionId=found[0]["telephonySessionId"])) == ids(found)
    assert caller.records(**WINDOW, sessionId="nothing") == []


@pytest.mark.parametrize(
    ("params", "code", "parameter"),
    [
        ({"view": "detailed"}, "CMN-101", "view"),
        ({"type": "SMS"}, "CMN-101", "type"),
        ({"direction": "inbound"}, "CMN-101", "direction"),
        ({"recordingType": "Any"}, "CMN-101", "recordingType"),
        ({"withRecording": "yes"}, "CMN-101", "withRecording"),
        ({"perPage": "0"}, "CMN-101", "perPage"),
        ({"perPage": "-1"}, "CMN-101", "perPage"),
        ({"perPage": "ten"}, "CMN-101", "perPage"),
        ({"page": "0"}, "CMN-101", "page"),
        ({"page": "1001"}, "CMN-101", "page"),
        ({"page": ["1", "2"]}, "CMN-406", "page"),
        ({"dateFrom": "2026-06-01"}, "CMN-101", "dateFrom"),
        ({"dateFrom": "2026-06-01T00:00:00"}, "CMN-101", "dateFrom"),
        ({"dateTo": "yesterday"}, "CMN-101", "dateTo"),
        ({"dateFrom": "2026-06-02T00:00:00Z", "dateTo": "2026-06-01T00:00:00Z"}, "CMN-101", "dateFrom"),
        ({"phoneNumber": "1", "extensionNumber": "2"}, "CMN-101", "phoneNumber"),
        ({"sessionId": "1", "direction": "Inbound"}, "CLG-110", "direction"),
    ],
)
def test_errors_name_the_bad_parameter(caller, params, code, parameter):
    answer = caller.log(**params)
    entry = answer.json()["errors"][0]
    assert (answer.status_code, entry["errorCode"], entry["parameterName"]) == (400, code, parameter)


@pytest.mark.parametrize(
    ("options", "date_from", "date_to", "expected"),
    [
        # Calls at …:59.997, .998 and .999 of the hour.
        ({}, "23:59:59.997", "23:59:59.999", [998, 997]),
        ({"date_to": "inclusive"}, "23:59:59.997", "23:59:59.999", [999, 998, 997]),
        ({"date_bounds": "seconds"}, "23:59:59.998", "24:00:00.500", [999, 998, 997]),
        ({"date_bounds": "seconds"}, "23:59:59.000", "23:59:59.999", []),
        ({"date_bounds": "seconds", "date_to": "inclusive"}, "23:59:59.000", "23:59:59.999", []),
    ],
)
def test_bounds(start, options, date_from, date_to, expected):
    caller = start(calls=3, layout="milliseconds", **DAY)
    caller.sandbox.set(**options)
    day = "2026-06-01T"
    to = "2026-06-02T00:00:00.500Z" if date_to.startswith("24") else f"{day}{date_to}Z"
    records = caller.records(dateFrom=f"{day}{date_from}Z", dateTo=to)
    assert [int(record["startTime"][-4:-1]) for record in records] == expected


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled", "page_shuffled"])
def test_every_order_gives_each_call_once(start, order):
    caller = start(calls=2500, order=order, **DAY)
    records = caller.records(**WINDOW, perPage=1000)
    truth = caller.sandbox.call_ids()
    assert Counter(ids(records)) == Counter(truth)
    if order == "newest":
        assert ids(records) == truth
    elif order == "oldest":
        assert ids(records) == truth[::-1]
    elif order == "page_shuffled":
        assert set(ids(records)[:1000]) == set(truth[:1000])
        assert ids(records)[:1000] != truth[:1000]
    else:
        assert set(ids(records)[:1000]) != set(truth[:1000])


def test_more_pages_follow_a_short_page(start):
    caller = start(calls=2500, page_fill=0.7, **DAY)
    answer = caller.log(**WINDOW, perPage=1000).json()
    assert (answer["paging"]["perPage"], len(answer["records"])) == (1000, 700)
    assert ids(caller.records(**WINDOW, perPage=1000)) == caller.sandbox.call_ids()


def test_more_pages_follow_an_empty_page(start):
    caller = start(calls=2500, empty_pages=2, **DAY)
    counts, answer = [], caller.log(**WINDOW, perPage=1000).json()
    counts.append(len(answer["records"]))
    while "nextPage" in answer["navigation"]:
        answer = caller.get(answer["navigation"]["nextPage"]["uri"]).json()
        counts.append(len(answer["records"]))
    assert counts == [1000, 0, 1000, 0, 500]


@pytest.mark.parametrize(("last_page", "page"), [("none", None), ("right", "3"), ("wrong", "2")])
def test_the_last_page_is_right_wrong_or_absent(start, last_page, page):
    caller = start(calls=2500, last_page=last_page, totals=True, **DAY)
    answer = caller.log(**WINDOW, perPage=1000).json()
    uri = answer["navigation"].get("lastPage", {}).get("uri")
    assert (uri and uri.rpartition("=")[2]) == page
    assert (answer["paging"]["totalPages"], answer["paging"]["totalElements"]) == (3, 2500)


def test_pretty_bodies_have_the_same_content(start):
    compact, pretty = start(calls=300, **DAY), start(calls=300, pretty=True, **DAY)
    for params in ({"perPage": 300}, {"perPage": 20, "view": "Detailed"}, {"direction": "Inbound"}, {"sessionId": "x"}):
        bodies = [caller.log(**WINDOW, **params).text.replace(caller.sandbox.url, "") for caller in (compact, pretty)]
        assert json.loads(bodies[0]) == json.loads(bodies[1])
        assert "\n" not in bodies[0]
        assert bodies[1] == json.dumps(json.loads(bodies[1]), indent=2)


def test_an_extension_has_its_own_log(caller):
    company = caller.records(**WINDOW, perPage=1000)
    path = "/restapi/v1.0/account/~/extension/400131430008/call-log"
    own = caller.get(path, WINDOW).json()["records"]
    assert ids(own) == [record["id"] for record in company if record["extension"]["id"] == 400131430008]
    assert "/extension/400131430008/call-log/" in own[0]["uri"]
    voip = caller.get(path, {**WINDOW, "transport": "VoIP"}).json()["records"]
    assert 0 < len(voip) < len(own)
    assert {record["transport"] for record in voip} == {"VoIP"}


def test_one_record_by_id(caller):
    wanted = caller.log(**WINDOW, view="Detailed").json()["records"][3]
    assert caller.get(f"{LOG}/{wanted['id']}", {"view": "Detailed"}).json() == wanted
    answer = caller.get(f"{LOG}/nothing")
    assert (answer.status_code, answer.json()["errors"][0]["parameterName"]) == (404, "callRecordId")


def test_records_by_ids(caller):
    wanted = [*ids(caller.log(**WINDOW).json()["records"])[:2], "nothing"]
    path = f"{LOG}/{','.join(wanted)}"
    answer = caller.get(path, Accept="application/vnd.ringcentral.multipart+json")
    assert answer.status_code == 207
    assert [(item["resourceId"], item["status"]) for item in answer.json()] == list(
        zip(wanted, [200, 200, 404], strict=True)
    )
    mixed = caller.get(path)
    assert mixed.status_code == 207
    boundary = mixed.headers["Content-Type"].partition("boundary=")[2]
    parts = mixed.text.split(f"--{boundary}")[1:-1]
    bodies = [json.loads(part.partition("\r\n\r\n")[2]) for part in parts]
    assert [entry["status"] for entry in bodies[0]["response"]] == [200, 200, 404]
    assert [bodies[1]["id"], bodies[2]["id"]] == wanted[:2]
    too_many = caller.get(f"{LOG}/{','.join(['x'] * 51)}")
    assert (too_many.status_code, too_many.json()["errors"][0]["errorCode"]) == (400, "CMN-106")


def test_calls_that_start_in_one_millisecond(start):
    caller = start(calls=3000, layout="instants:3000", **DAY)
    records = caller.records(**WINDOW, perPage=1000)
    assert len(set(ids(records))) == 3000
    assert {record["startTime"] for record in records} == {"2026-06-01T23:59:59.999Z"}


def test_a_window_in_the_future_is_in_the_past_of_the_sandbox(start):
    caller = start(calls=100, start="2099-01-01T00:00:00Z", end="2099-01-02T00:00:00Z")
    assert len(caller.records()) > 95
    assert caller.sandbox.info()["now"] >= "2099-01-02"
