"""The call-log operator against the sandbox: what comes out, and what is refused before anything is sent."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, TaskDeferred

from airflow_provider_ringcentral.client.errors import RateLimited
from airflow_provider_ringcentral.hooks.errors import ArgumentInvalid, DestinationInvalid
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.triggers.quota import MIN_DELAY_SECONDS, RingCentralQuotaTrigger

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=1)


@pytest.fixture
def log(monkeypatch):
    """A day of 3000 calls."""
    with Sandbox(calls=3000, start=START, end=END, scale=0.05) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox


def extract(destination, context=None, **arguments):
    arguments = {"start": START, "end": END, **arguments}
    operator = RingCentralExtractCallLogOperator(task_id="extract", destination=str(destination), **arguments)
    return operator.execute(context or {})


def ids_in(path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("view", ["Simple", "Detailed"])
def test_every_call_once_and_a_small_receipt(log, tmp_path, view):
    path = tmp_path / "calls.ndjson"
    receipt = extract(path, view=view)

    assert ids_in(path) == log.call_ids()
    assert receipt["records"] == 3000
    assert receipt["bytes"] == path.stat().st_size
    assert (receipt["window_start"], receipt["view"]) == ("2026-11-01T00:00:00Z", view)
    assert len(json.dumps(receipt)) < 2048
    assert log.stats()["limited"] == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["calls.ndjson"]


def test_filters_scope_and_lookback_reach_the_wire(log, tmp_path):
    extract(
        tmp_path / "calls.ndjson",
        start=(START + timedelta(hours=2)).isoformat(),
        lookback=3600,
        scope="extension",
        direction=["Outbound", "Inbound"],
        call_type="Voice",
        recording_type="All",
    )
    asked = log.requests()[-1]

    assert asked["path"] == "/restapi/v1.0/account/~/extension/~/call-log"
    assert "direction=Inbound&direction=Outbound" in asked["query"]
    for part in ("type=Voice", "recordingType=All", "dateFrom=2026-11-01T01%3A00%3A00.000Z"):
        assert part in asked["query"]


def test_the_data_interval_is_the_default_window(log, tmp_path):
    interval = {"data_interval_start": START, "data_interval_end": START + timedelta(hours=1)}
    receipt = extract(tmp_path / "calls.ndjson", interval, start=None, end=None)

    assert (receipt["window_start"], receipt["window_end"]) == ("2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"start": END, "end": START}, "after end"),
        ({"start": START, "end": START}, "empty"),
        ({"start": "2026-11-01T00:00:00"}, "time zone"),
        ({"start": datetime(2026, 11, 1)}, "time zone"),  # noqa: DTZ001 - that is the point
        ({"start": "yesterday"}, "ISO 8601"),
        ({"start": None, "end": None}, "data interval"),
        ({"view": "detailed"}, "did you mean 'Detailed'"),
        ({"view": "Full"}, "'Simple' or 'Detailed'"),
        ({"scope": "company"}, "'account'"),
        ({"extension_id": "5"}, "scope='extension'"),
        ({"scope": "extension", "extension_id": "~/x?a="}, "extension_id is '~/x.a='; give the internal id"),
        ({"scope": "extension", "extension_id": "5/../6"}, "give the internal id"),
        ({"scope": "extension", "extension_id": True}, "extension_id is True"),
        ({"direction": "inbound"}, "did you mean 'Inbound'"),
        ({"call_type": ["Voice", "Chat"]}, "'Chat'"),
        ({"recording_type": "Any"}, "'OnDemand'"),
        ({"lookback": -5}, "negative"),
        ({"lookback": "soon"}, "not a duration"),
        ({"file_format": "xlsx"}, "parquet"),
        ({"if_empty": "ignore"}, "'skip'"),
        ({"destination": "nowhere://bucket/calls.ndjson"}, "nowhere"),
        ({"destination": "/proc/calls.ndjson"}, "cannot be written"),
        ({"destination": ""}, "destination"),
        ({"destination": "/tmp/calls/"}, "names a folder; name a file in it, such as /tmp/calls/calls.ndjson"),
        ({"destination": "s3://calls/day/"}, "names a folder; name a file"),
        ({"destination": "/tmp/calls/", "file_format": "csv"}, "names a folder; name a file"),
        ({"if_future": "ignore"}, "'warn' or 'fail'"),
        ({"end": "2126-01-01T00:00:00Z", "if_future": "fail"}, "in the future"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_anything_is_sent(log, tmp_path, arguments, says):
    arguments = {"destination": tmp_path / "calls.ndjson", **arguments}

    with pytest.raises(AirflowFailException, match=says):
        extract(**arguments)
    assert log.stats()["requests"] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"view": "Full"}, ArgumentInvalid),
        ({"lookback": "soon"}, ArgumentInvalid),
        ({"destination": "/proc/calls.ndjson"}, DestinationInvalid),
        ({"destination": "/tmp/calls/"}, DestinationInvalid),
    ],
    ids=str,
)
def test_the_class_says_whose_the_error_is(log, tmp_path, arguments, kind):
    with pytest.raises(kind) as caught:
        extract(**{"destination": tmp_path / "calls.ndjson", **arguments})
    assert type(caught.value) is kind


def test_a_window_that_reaches_into_the_future_is_read_with_a_warning(log, tmp_path, caplog):
    extract(tmp_path / "calls.ndjson", start=START, end=datetime.now(tz=UTC) + timedelta(hours=1))
    assert len([line for line in caplog.messages if "in the future" in line]) == 1


def test_a_small_extract_tells_its_start_and_its_end(log, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    path = tmp_path / "calls.ndjson"
    receipt = extract(path)
    first, last = (line for line in caplog.messages if str(path) in line)

    assert first == (
        f"Calls from {receipt['window_start']} to {receipt['window_end']} of /restapi/v1.0/account/~/call-log, view "
        f"Simple, to {path}."
    )
    spent = f"{receipt['requests']} requests, {receipt['seconds_waited']:.1f} s waited"
    assert last == f"Done: {receipt['records']} records, {receipt['bytes']} bytes, in {path}; {spent}."


def test_a_zero_width_interval_names_the_timetable(log, tmp_path):
    with pytest.raises(AirflowFailException, match="CronDataIntervalTimetable"):
        extract(tmp_path / "x.ndjson", {"data_interval_start": START, "data_interval_end": START}, start=None, end=None)


def test_an_empty_window_may_skip(log, tmp_path):
    with pytest.raises(AirflowSkipException):
        extract(tmp_path / "x.ndjson", start=START - timedelta(days=9), end=START - timedelta(days=8), if_empty="skip")
    assert list(tmp_path.iterdir()) == []


def test_every_template_field_is_an_attribute_left_as_given():
    given = {name: f"{{{{ {name} }}}}" for name in RingCentralExtractCallLogOperator.template_fields}
    operator = RingCentralExtractCallLogOperator(task_id="x", **given)

    assert {name: getattr(operator, name) for name in given} == given


@pytest.fixture
def busy(monkeypatch):
    """A day of calls, of which every eighth page is refused for a second, and a Connection without patience."""
    with Sandbox(calls=12_500, start=START, end=END, limits={"Heavy": 100_000}) as sandbox:
        sandbox.fault("status", status=429, headers={"Retry-After": "1"}, operation="readCompanyCallLog", every=8)
        connection = json.loads(sandbox.connection_json)
        connection["extra"]["max_wait"] = 0.5
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", json.dumps(connection))
        yield sandbox


def test_a_deferrable_task_gives_its_worker_back_and_goes_on_after_its_parts(busy, tmp_path):
    path = tmp_path / "calls.ndjson"
    deferrals: list[TaskDeferred] = []
    while not path.exists():
        try:
            extract(path, deferrable=True)
        except TaskDeferred as deferred:
            deferrals.append(deferred)
            time.sleep(max(0.0, deferred.trigger.moment - time.time()))

    assert 1 <= len(deferrals) < 10
    for deferred in deferrals:
        kind, kwargs = deferred.trigger.serialize()
        assert kind.endswith(".RingCentralQuotaTrigger")
        assert (list(kwargs), deferred.method_name, deferred.kwargs or {}) == (["moment"], "execute_complete", {})
    assert ids_in(path) == busy.call_ids()
    assert busy.stats()["logins"] == 1


async def test_the_trigger_fires_at_its_moment_and_not_within_five_seconds():
    assert MIN_DELAY_SECONDS == 5.0
    started = time.monotonic()
    event = await anext(RingCentralQuotaTrigger(moment=0.0).run())

    assert event.payload == {"status": "success"}
    assert time.monotonic() - started >= MIN_DELAY_SECONDS


def test_another_task_says_when_to_come_back(busy, tmp_path):
    with pytest.raises(RateLimited) as caught:
        extract(tmp_path / "calls.ndjson")

    assert caught.value.retry_after == 1
    assert not isinstance(caught.value, AirflowFailException)
