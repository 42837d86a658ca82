from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.cursor import Cursor, Order, WindowPager
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery

START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
QUERY = CallLogQuery("/restapi/v1.0/account/~/call-log", START, START + timedelta(hours=1))


@pytest.mark.parametrize(
    ("changes", "parameter", "says"),
    [
        ({"start": START.replace(tzinfo=None)}, "start", "has no time zone"),
        ({"end": START.replace(tzinfo=None)}, "end", "has no time zone"),
        ({"end": START}, "end", "the window is empty"),
        ({"end": START - timedelta(seconds=1)}, "start", "is after end"),
        ({"view": "detailed"}, "view", "did you mean 'Detailed'?"),
        ({"view": " SIMPLE"}, "view", "did you mean 'Simple'?"),
        ({"view": "Full"}, "view", "use 'Simple' or 'Detailed'"),
        ({"filters": {"dateTo": "x"}}, "dateTo", "cannot be a filter"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, parameter, says):
    with pytest.raises(BadArgument, match=says.replace("?", r"\?")) as caught:
        replace(QUERY, **changes)
    assert caught.value.parameter == parameter
    assert isinstance(caught.value, BadRequest)
    assert isinstance(caught.value, ValueError)


def test_parameters_ask_wide():
    query = replace(
        QUERY, view="Detailed", filters={"direction": ["Outbound", "Inbound"], "type": "Voice", "sessionId": None}
    )
    walk = WindowPager(query.start, query.end)
    assert query.params(walk.date_from, walk.first) == {
        "dateFrom": "2026-01-02T03:04:05.000Z",
        "dateTo": "2026-01-02T04:04:06.000Z",
        "view": "Detailed",
        "perPage": 250,
        "page": 1,
        "direction": ["Inbound", "Outbound"],
        "type": "Voice",
    }


def test_whole_seconds_are_not_widened_and_other_zones_are_understood():
    plus = timezone(timedelta(hours=2))
    query = replace(QUERY, start=datetime(2026, 1, 2, 2, tzinfo=plus), end=datetime(2026, 1, 3, 2, tzinfo=plus))
    walk = WindowPager(query.start, query.end)
    params = query.params(walk.date_from, walk.first)
    assert (params["dateFrom"], params["dateTo"]) == ("2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z")
    assert params["perPage"] == 1000
    utc = replace(query, start=datetime(2026, 1, 2, tzinfo=UTC), end=datetime(2026, 1, 3, tzinfo=UTC))
    assert query.fingerprint == utc.fingerprint


def test_a_cursor_survives_its_text():
    for cursor in (Cursor(1767312245, 1, Order.NONE), Cursor(-1, 1000, Order.NEWEST_FIRST), Cursor(0)):
        assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    ("path", "filters", "whole"),
    [
        ("/restapi/v1.0/account/~/call-log", {}, True),
        ("/restapi/v1.0/account/~/call-log", {"direction": None, "type": []}, True),
        ("/restapi/v1.0/account/~/call-log", {"type": "Voice"}, False),
        ("/restapi/v1.0/account/~/extension/~/call-log", {}, False),
    ],
)
def test_which_query_asks_for_the_whole_account(path, filters, whole):
    assert CallLogQuery(path, START, START + timedelta(hours=1), filters=filters).whole_account is whole
