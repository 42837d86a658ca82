"""Which window a run gets, by what the author gave and what the run has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pendulum
import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.operators.steps.window import window_of

ONE, TWO, THREE = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3))
INTERVAL = {"data_interval_start": ONE, "data_interval_end": TWO}


@pytest.mark.parametrize(
    ("start", "end", "lookback", "context", "window"),
    [
        (None, None, None, INTERVAL, (ONE, TWO)),
        (ONE, TWO, None, {}, (ONE, TWO)),
        (None, THREE, None, INTERVAL, (ONE, THREE)),
        (ONE, None, None, INTERVAL, (ONE, TWO)),
        ("2026-11-01T00:00:00Z", " 2026-11-02T02:00:00+02:00 ", None, {}, (ONE, TWO)),
        ("None", "", "None", INTERVAL, (ONE, TWO)),
        (TWO, THREE, 86_400, {}, (ONE, THREE)),
        (TWO, THREE, "86400", {}, (ONE, THREE)),
        (None, None, timedelta(hours=24), {"data_interval_start": TWO, "data_interval_end": THREE}, (ONE, THREE)),
        (ONE.astimezone(timezone(timedelta(hours=5))), TWO, 0, {}, (ONE, TWO)),
        (ONE, TWO, None, {"data_interval_start": THREE, "data_interval_end": THREE}, (ONE, TWO)),
    ],
)
def test_windows(start, end, lookback, context, window):
    assert window_of(start, end, lookback, context) == window


BERLIN = ZoneInfo("Europe/Berlin")
SUMMER, WINTER = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
"""One hour apart, and the same on the clocks of Berlin."""


@pytest.mark.parametrize(
    ("start", "end", "lookback", "hours"),
    [
        (SUMMER, WINTER, None, 1),
        (datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 10, 26, tzinfo=BERLIN), None, 25),
        (datetime(2026, 10, 26, tzinfo=BERLIN), datetime(2026, 10, 26, 1, tzinfo=BERLIN), 86_400, 25),
        (datetime(2026, 3, 30, tzinfo=BERLIN), datetime(2026, 3, 30, 1, tzinfo=BERLIN), timedelta(days=1), 25),
        (pendulum.datetime(2026, 3, 30, tz="Europe/Berlin"), datetime(2026, 3, 29, 23, tzinfo=UTC), "86400", 25),
        (
            datetime(2026, 10, 25, 2, 59, tzinfo=BERLIN),
            datetime(2026, 10, 25, 2, 1, tzinfo=BERLIN, fold=1),
            None,
            2 / 60,
        ),
    ],
)
@pytest.mark.parametrize("given", [True, False], ids=["given", "data interval"])
def test_hours_are_hours_when_clocks_are_changed(start, end, lookback, hours, given):
    interval = {"data_interval_start": start, "data_interval_end": end}
    first, last = window_of(start, end, lookback, {}) if given else window_of(None, None, lookback, interval)
    query = CallLogQuery("/restapi/v1.0/account/~/call-log", first, last)

    assert last.timestamp() - first.timestamp() == hours * 3600
    assert (query.start, query.end) == (first, last)
    assert first.utcoffset() == last.utcoffset() == timedelta()


def test_an_hour_that_is_there_twice_is_a_window_and_is_not_reversed():
    query = CallLogQuery("/restapi/v1.0/account/~/call-log", SUMMER, WINTER)
    assert (query.start.hour, query.end.hour) == (0, 1)
    with pytest.raises(BadArgument, match="is after end"):
        CallLogQuery("/restapi/v1.0/account/~/call-log", WINTER, SUMMER)


@pytest.mark.parametrize(("lookback", "start"), [(10**12, ONE), (None, "0001-01-01T00:00:00+05:00")])
def test_times_that_there_are_not(lookback, start):
    with pytest.raises(BadArgument, match="year"):
        window_of(start, TWO, lookback, {})


@pytest.mark.parametrize(
    ("start", "end", "context", "says"),
    [
        (None, None, {}, "start and end are not given.*no data interval.*run_after"),
        (ONE, None, {}, "^end is not given.*no data interval"),
        (None, TWO, {"data_interval_start": None, "data_interval_end": None}, "^start is not given"),
        (
            None,
            None,
            {"data_interval_start": ONE, "data_interval_end": ONE},
            "interval is empty.*CronDataIntervalTimetable",
        ),
        (datetime(2026, 11, 1), TWO, {}, "no time zone"),  # noqa: DTZ001 - that is the point
        (date(2026, 11, 1), TWO, {}, "ISO 8601"),
        ("2026-11-01", TWO, {}, "no time zone"),
        (5, TWO, {}, "ISO 8601"),
    ],
)
def test_refusals(start, end, context, says):
    with pytest.raises(BadArgument, match=says):
        window_of(start, end, None, context)


@pytest.mark.parametrize("lookback", [-1, "-1", "soon", "nan", "inf", [1], timedelta(seconds=-1)])
def test_a_lookback_that_is_no_span(lookback):
    with pytest.raises(BadArgument, match="lookback"):
        window_of(ONE, TWO, lookback, {})
