"""Changes of the call log while a client reads it."""

from __future__ import annotations

import time

import pytest

from airflow_provider_ringcentral.sandbox import SandboxError

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
WINDOW = {"dateFrom": DAY["start"], "dateTo": DAY["end"]}
LOG = "/restapi/v1.0/account/~/call-log"


@pytest.fixture
def caller(start):
    return start(calls=50, **DAY)


def ids(caller, **params):
    return [record["id"] for record in caller.log(**WINDOW, **params).json()["records"]]


def test_calls_inserted_at_once(caller):
    before = ids(caller)
    head = caller.sandbox.insert_calls(2)
    moment = caller.sandbox.insert_calls(1, start_time="2026-06-01T12:00:00.000Z", fields={"result": "Busy"})
    after = ids(caller)
    assert after[:2] == head
    assert [call for call in after if call not in [*head, *moment]] == before
    record = caller.get(f"{LOG}/{moment[0]}").json()
    assert (record["startTime"], record["result"]) == ("2026-06-01T12:00:00.000Z", "Busy")


def test_calls_inserted_at_several_times_at_once(caller):
    times = ["2026-06-01T03:00:00.000Z", "2026-06-01T21:00:00.000Z", "2026-06-01T03:00:00.000Z"]
    added = caller.sandbox.insert_calls(start_times=times, fields={"result": "Busy"})
    assert [caller.sandbox.call(call)["startTime"] for call in added] == times
    assert {caller.sandbox.call(call)["result"] for call in added} == {"Busy"}
    assert len(ids(caller)) == 53


@pytest.mark.parametrize("where", ["head", "inside", "edge"])
def test_calls_inserted_with_every_request(caller, where):
    first = ids(caller, perPage=10)
    caller.sandbox.insert_with_requests(3, where)
    counts = [len(ids(caller, perPage=100)) for _ in range(3)]
    caller.sandbox.insert_with_requests(0)
    assert counts == [53, 56, 59]
    assert len(ids(caller)) == 59
    records = caller.log(**WINDOW).json()["records"]
    times = [record["startTime"] for record in records]
    assert times == sorted(times, reverse=True)
    if where == "edge":
        oldest_of_first_page = next(record["startTime"] for record in records if record["id"] == first[-1])
        assert times.count(oldest_of_first_page) == 4


def test_delayed_calls_appear_in_order_of_their_start(caller):
    truth = caller.sandbox.call_ids()
    caller.sandbox.delay_calls([3, truth[10]], after_requests=2)
    missing = [call for call in truth if call not in (truth[3], truth[10])]
    assert [ids(caller) for _ in range(3)] == [missing, missing, truth]


def test_calls_delayed_by_seconds(caller):
    truth = caller.sandbox.call_ids()
    caller.sandbox.delay_calls([truth[0]], after_seconds=3600)
    caller.sandbox.delay_calls([truth[1]], after_seconds=0.1)
    deadline = time.monotonic() + 60
    while ids(caller) != truth[1:] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ids(caller) == truth[1:]


def test_corrected_fields_and_modification_time(caller):
    before = caller.sandbox.call(5, "Detailed")
    caller.sandbox.correct_calls([5], {"result": "Voicemail", "unheardOf": {"x": 1}})
    after = caller.log(**WINDOW, view="Detailed").json()["records"][5]
    assert (after["id"], after["result"], after["unheardOf"]) == (before["id"], "Voicemail", {"x": 1})
    assert after["lastModifiedTime"] > before["lastModifiedTime"]
    assert caller.sandbox.call(before["id"])["result"] == "Voicemail"


def test_filters_use_corrected_values(caller):
    inbound = ids(caller, direction="Inbound")
    caller.sandbox.correct_calls([inbound[0]], {"direction": "Outbound"})
    assert ids(caller, direction="Inbound") == inbound[1:]


def test_deleted_calls_are_listed_with_show_deleted(caller):
    truth = caller.sandbox.call_ids()
    caller.sandbox.delete_calls([2])
    assert ids(caller) == [call for call in truth if call != truth[2]] == caller.sandbox.call_ids()
    shown = caller.log(**WINDOW, showDeleted="true").json()["records"]
    assert [record["id"] for record in shown] == truth
    assert [record.get("deleted", False) for record in shown].index(True) == 2
    assert caller.get(f"{LOG}/{truth[2]}").status_code == 404


def test_a_deletion_delayed_by_requests(caller):
    caller.sandbox.delete_calls([0], after_requests=1)
    assert [len(ids(caller)) for _ in range(3)] == [50, 49, 49]


def test_changing_an_unknown_call_is_refused(caller):
    with pytest.raises(SandboxError, match="nothing"):
        caller.sandbox.delete_calls(["nothing"])
    with pytest.raises(SandboxError, match="head, inside, edge"):
        caller.sandbox.insert_calls(1, "nowhere")
