"""The two ways from a record to cells agree wherever both can go."""

from __future__ import annotations

import json

import pytest

from airflow_provider_ringcentral.warehouse.columns import sql_name, time_as_text, time_without_zone
from airflow_provider_ringcentral.warehouse.rows import NotACall, Rows


@pytest.mark.parametrize("time", [time_as_text, time_without_zone])
def test_one_value_of_another_type_changes_its_cell_only(time, detailed):
    rows = Rows(time)

    for place, record in enumerate(detailed):
        straight, legs = rows.of(place, json.dumps(record).encode())
        # No column holds a list, so this one takes the other way.
        odd, same_legs = rows.of(place, json.dumps(record | {"delegationType": []}).encode())

        assert odd[:-1] == straight[:-1]
        assert same_legs == legs
        assert len(legs) == len(record["legs"])


def test_names_of_sql():
    assert [sql_name(name) for name in ("id", "durationMs", "fromPhoneNumber", "recordingContentUri")] == [
        "id",
        "duration_ms",
        "from_phone_number",
        "recording_content_uri",
    ]


def test_an_error_does_not_quote_the_line():
    with pytest.raises(NotACall, match="is not a JSON object") as caught:
        Rows(time_as_text).of(1, b'{"id": "I1", "from": "+16505550')

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
