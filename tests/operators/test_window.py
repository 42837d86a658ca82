"""Which window a run gets, by what the author gave and what the run has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.operators.window import window_of

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


@pytest.mark.parametrize(
    ("start", "end", "context", "says"),
    [
        (None, None, {}, "start and end are not given.*no data interval.*run_after"),
        (ONE, None, {}, "^end is not given.*no data interval"),
        (None, TWO, {"data_interval_start": None, "data_interval_end": None}, "^start is not given"),
        (None, None, {"data_interval_start": ONE, "data_interval_end": ONE}, "no width.*CronDataIntervalTimetable"),
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
