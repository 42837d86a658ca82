from __future__ import annotations

import pytest

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
EXTRACT = "/restapi/v1.0/account/~/call-log-extract-sync"
SYNC = "/restapi/v1.0/account/~/call-log-sync"


@pytest.fixture
def caller(start):
    return start(calls=2500, **DAY)


def series(caller, token=None, **params):
    """Return all records from a full sync (or a token) until there are no newer ones."""
    records, sizes = [], []
    ask = {"syncType": "ISync", "syncToken": token} if token else {"syncType": "FSync", **params}
    while True:
        answer = caller.get(EXTRACT, ask)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        records += body["records"]
        sizes.append(len(body["records"]))
        token = body["syncInfo"]["syncToken"]
        if not body["syncInfo"]["newerRecordsExist"]:
            return records, sizes, token
        ask = {"syncType": "ISync", "syncToken": token}


@pytest.mark.parametrize("layout", ["even", "instants:500", "milliseconds"])
def test_an_extract_series_gives_every_call_once_by_modification(start, layout):
    caller = start(calls=2500, layout=layout, **DAY)
    records, sizes, _ = series(caller, dateFrom=DAY["start"], recordCount=1000, view="Detailed")
    assert sorted(record["id"] for record in records) == sorted(caller.sandbox.call_ids())
    times = [record["lastModifiedTime"] for record in records]
    assert times == sorted(times)
    # Calls in the last one's millisecond are included, so a page may be a little larger.
    assert all(1000 <= size < 1050 for size in sizes[:-1])


def test_the_default_count_and_view(caller):
    answer = caller.get(EXTRACT, {"dateFrom": DAY["start"]}).json()
    assert len(answer["records"]) == 250
    assert answer["syncInfo"]["syncType"] == "FSync"
    assert "legs" not in answer["records"][0]


def test_the_first_date_bounds_modification_not_start(caller):
    moment = "2026-06-01T12:00:00.000Z"
    records, _, _ = series(caller, dateFrom=moment, view="Detailed")
    assert min(record["lastModifiedTime"] for record in records) >= moment
    assert min(record["startTime"] for record in records) < moment


def test_changes_after_a_full_sync_come_with_the_token(caller):
    caller.sandbox.set(sync_deleted=False)
    _, _, token = series(caller, dateFrom=DAY["start"], view="Detailed")
    assert series(caller, token)[0] == []
    truth = caller.sandbox.call_ids()
    caller.sandbox.correct_calls([7], {"result": "Voicemail"})
    caller.sandbox.delete_calls([8])
    added = caller.sandbox.insert_calls(1)
    records, _, token = series(caller, token)
    assert sorted(record["id"] for record in records) == sorted([truth[7], *added])
    assert all("legs" in record for record in records)  # the token remembers the view
    assert series(caller, token)[0] == []


def test_delayed_calls_are_new_to_the_sync(caller):
    late = caller.sandbox.call_ids()[100]
    caller.sandbox.delay_calls([100], after_requests=10)
    records, _, token = series(caller, dateFrom=DAY["start"], recordCount=1000)
    assert late not in [record["id"] for record in records]
    for _ in range(10):
        records, _, token = series(caller, token)
        if records:
            break
    assert [record["id"] for record in records] == [late]


def test_a_delayed_call_arrives_with_the_changes_made_meanwhile(caller):
    truth = caller.sandbox.call_ids()
    [added] = caller.sandbox.insert_calls(1)
    late = [truth[100], truth[101], added]
    caller.sandbox.delay_calls(late, after_requests=3)
    caller.sandbox.correct_calls([truth[100], added], {"result": "Voicemail"})
    caller.sandbox.delete_calls([truth[101]])
    assert set(truth) - set(caller.sandbox.call_ids()) == {truth[100], truth[101]}
    records, _, token = series(caller, dateFrom=DAY["start"], recordCount=1000)
    assert len(records) == 2498
    records, _, _ = series(caller, token)
    told = {record["id"]: (record["result"], record.get("deleted")) for record in records}
    assert (told[truth[100]], told[added], told[truth[101]][1]) == (("Voicemail", None), ("Voicemail", None), True)
    assert len(told) == 3
    assert caller.sandbox.call_ids() == [added, *(call for call in truth if call != truth[101])]


def test_deletions_are_reported_with_the_token(caller):
    truth = caller.sandbox.call_ids()
    caller.sandbox.delete_calls(truth[:5])
    records, _, token = series(caller, dateFrom=DAY["start"], view="Detailed")
    assert len(records) == 2495  # deletions before the full sync are not reported
    [added] = caller.sandbox.insert_calls(1)
    caller.sandbox.delete_calls([truth[8], added])
    shown, _, following = series(caller, token)
    assert [(record["id"], record["deleted"]) for record in shown] == [(truth[8], True), (added, True)]
    assert min(record["lastModifiedTime"] for record in shown) > max(record["lastModifiedTime"] for record in records)
    assert series(caller, following)[0] == []
    assert truth[8] not in [record["id"] for record in series(caller, dateFrom=DAY["start"])[0]]


def test_a_call_deleted_during_a_full_sync(caller):
    first = caller.get(EXTRACT, {"dateFrom": DAY["start"], "recordCount": 1000}).json()
    seen, unseen = first["records"][0]["id"], caller.sandbox.call_ids()[0]
    caller.sandbox.delete_calls([seen, unseen])
    rest, _, _ = series(caller, first["syncInfo"]["syncToken"])
    # The service does not know what its reader has, so it reports both deletions.
    assert {record["id"]: record.get("deleted") for record in rest if record["id"] in {seen, unseen}} == {
        seen: True,
        unseen: True,
    }
    assert len(rest) == 1501


def test_more_than_a_page_changes_in_one_millisecond(caller):
    _, _, token = series(caller, dateFrom=DAY["start"], recordCount=1000)
    changed = caller.sandbox.call_ids()[:1200]
    caller.sandbox.correct_calls(changed, {"result": "Voicemail"})
    caller.sandbox.insert_calls(3)
    answer = caller.get(EXTRACT, {"syncType": "ISync", "syncToken": token}).json()
    assert sorted(record["id"] for record in answer["records"]) == sorted(changed)
    assert answer["syncInfo"]["newerRecordsExist"] is True
    assert len(series(caller, answer["syncInfo"]["syncToken"])[0]) == 3


def test_the_sync_time_is_the_time_of_the_response(caller):
    before = caller.sandbox.info()["now"]
    first = caller.get(EXTRACT, {"dateFrom": DAY["start"]}).json()["syncInfo"]
    after = caller.sandbox.info()["now"]
    # Even while older changes follow: it is not a watermark before newerRecordsExist is false.
    assert (before < first["syncTime"] < after, first["newerRecordsExist"]) == (True, True)
    second = caller.get(EXTRACT, {"syncType": "ISync", "syncToken": first["syncToken"]}).json()["syncInfo"]
    assert after < second["syncTime"] < caller.sandbox.info()["now"]
    assert second["syncToken"] != first["syncToken"]


@pytest.mark.parametrize(
    ("params", "code", "parameter"),
    [
        ({"syncType": "ISync"}, "CMN-100", "syncToken"),
        ({"syncType": "ISync", "syncToken": "nonsense"}, "CLG-101", "syncToken"),
        ({"syncType": "Sync"}, "CMN-101", "syncType"),
        ({"recordCount": "1001"}, "CMN-101", "recordCount"),
        ({"view": "All"}, "CMN-101", "view"),
        ({"dateFrom": "2026-06-01"}, "CMN-101", "dateFrom"),
    ],
)
def test_bad_requests(caller, params, code, parameter):
    answer = caller.get(EXTRACT, params)
    entry = answer.json()["errors"][0]
    assert (answer.status_code, entry["errorCode"], entry["parameterName"]) == (400, code, parameter)


def test_a_count_is_refused_with_a_token(caller):
    _, _, token = series(caller, dateFrom=DAY["start"])
    answer = caller.get(EXTRACT, {"syncType": "ISync", "syncToken": token, "recordCount": 5})
    assert (answer.status_code, answer.json()["errors"][0]["parameterName"]) == (400, "recordCount")


@pytest.mark.parametrize("code", ["CLG-101", "CLG-102", "CLG-103", "CLG-104", "CLG-105", "CMN-101", "CLG-999"])
def test_issued_tokens_can_be_refused(caller, code):
    _, _, token = series(caller, dateFrom=DAY["start"])
    caller.sandbox.refuse_sync_tokens(code)
    answer = caller.get(EXTRACT, {"syncType": "ISync", "syncToken": token})
    entry = answer.json()["errors"][0]
    assert (answer.status_code, entry["errorCode"], entry["parameterName"]) == (400, code, "syncToken")
    assert series(caller, dateFrom=DAY["start"])[0]


def test_tokens_expire(caller):
    _, _, token = series(caller, dateFrom=DAY["start"])
    caller.sandbox.set(sync_token_seconds=-1)
    answer = caller.get(EXTRACT, {"syncType": "ISync", "syncToken": token})
    assert answer.json()["errors"][0]["errorCode"] == "CLG-102"


def test_a_token_of_another_resource_is_refused(caller):
    _, _, token = series(caller, dateFrom=DAY["start"])
    answer = caller.get(SYNC, {"syncType": "ISync", "syncToken": token})
    assert answer.json()["errors"][0]["errorCode"] == "CLG-103"


@pytest.mark.parametrize("path", [SYNC, "/restapi/v1.0/account/~/extension/400131430008/call-log-sync"])
def test_call_log_sync(caller, path):
    full = caller.get(path, {"recordCount": 20, "dateFrom": DAY["start"], "view": "Detailed"}).json()
    times = [record["startTime"] for record in full["records"]]
    assert len(times) == 20
    assert times == sorted(times, reverse=True)
    changed = full["records"][3]["id"]
    caller.sandbox.correct_calls([changed], {"result": "Voicemail"})
    token = full["syncInfo"]["syncToken"]
    changes = caller.get(path, {"syncType": "ISync", "syncToken": token}).json()
    assert [(record["id"], record["result"]) for record in changes["records"]] == [(changed, "Voicemail")]
    framed = caller.get(path, {"syncType": "ISync", "syncToken": token, "recordCount": 5}).json()["records"]
    assert (framed[0]["id"], len(framed)) == (changed, 6)


def test_call_log_sync_reports_deletions_with_show_deleted(caller):
    token = caller.get(SYNC, {"recordCount": 20}).json()["syncInfo"]["syncToken"]
    gone = caller.sandbox.call_ids()[4]
    caller.sandbox.delete_calls([gone])
    ask = {"syncType": "ISync", "syncToken": token}
    assert caller.get(SYNC, ask).json()["records"] == []
    shown = caller.get(SYNC, {**ask, "showDeleted": "true"}).json()["records"]
    assert [(record["id"], record["deleted"]) for record in shown] == [(gone, True)]


def test_call_log_sync_refuses_more_than_250_changes(caller):
    token = caller.get(SYNC, {"recordCount": 20}).json()["syncInfo"]["syncToken"]
    caller.sandbox.insert_calls(251)
    answer = caller.get(SYNC, {"syncType": "ISync", "syncToken": token})
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (400, "CLG-105")


@pytest.mark.parametrize("params", [{}, {"recordCount": 251}, {"recordCount": 0}])
def test_call_log_sync_needs_a_count_up_to_250(caller, params):
    answer = caller.get(SYNC, params)
    assert (answer.status_code, answer.json()["errors"][0]["parameterName"]) == (400, "recordCount")


def test_missed_calls_only(caller):
    records = caller.get(SYNC, {"recordCount": 250, "dateFrom": DAY["start"], "statusGroup": "Missed"}).json()[
        "records"
    ]
    assert records
    assert {record["result"] for record in records} <= {"Missed", "Voicemail", "No Answer", "Busy"}
