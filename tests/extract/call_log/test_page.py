from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.extract.call_log.page import Page, epoch_second, ids_and_times

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def body(*records: str, navigation: str = '{"nextPage":{"uri":"https://example.com/2"}}') -> bytes:
    return f'{{"records":[{",".join(records)}],"navigation":{navigation}}}'.encode()


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-01-02T12:00:00Z", 0),
        ("2026-01-02T12:00:00.678Z", 678000),
        ("2026-01-02T12:00:00.678901Z", 678901),
        ("2026-01-02T12:00:00.678+00:00", 678000),
        ("2026-01-02T14:00:00+02:00", 0),
        ("2026-01-02T12:00:00.5+0000", 500000),
        ("2026-01-02T04:00:00-0800", 0),
        ("2026-01-02T12:00:00", 0),
        ("20260102T120000Z", 0),
    ],
)
def test_any_iso_form_of_a_start_time(text, microsecond):
    page = Page(body(f'{{"id":"a","startTime":"{text}"}}'))
    assert page.times == [NOON.replace(microsecond=microsecond)]
    assert ids_and_times(page.lines([0])) == (page.ids, page.times)


@pytest.mark.parametrize(
    "record",
    [
        '{"startTime":"2026-01-02T12:00:00Z"}',
        '{"id":"a"}',
        '{"id":null,"startTime":"2026-01-02T12:00:00Z"}',
        '{"id":"a","startTime":null}',
        '{"id":"a","startTime":"yesterday"}',
        '{"id":"a","startTime":12}',
        '"a"',
        "null",
    ],
)
def test_a_record_without_id_or_start_time_is_an_error(record):
    good = '{"id":"b","startTime":"2026-01-02T12:00:00Z"}'
    with pytest.raises(Unavailable, match="startTime"):
        Page(body(good, record))


@pytest.mark.parametrize("text", [b"{}", b"[]", b"null", b'{"records":null}', b'{"records":{}}', b'{"records":'])
def test_an_answer_that_is_no_page_is_an_error(text):
    with pytest.raises(Unavailable, match="not a page of the call log"):
        Page(text)


@pytest.mark.parametrize(
    ("navigation", "expected"),
    [
        ('{"nextPage":{"uri":"https://example.com/2"}}', True),
        ('{"firstPage":{"uri":"https://example.com/1"},"lastPage":{"uri":"https://example.com/9"}}', False),
        ('{"nextPage":null}', False),
        ('{"nextPage":{}}', False),
        ('{"nextPage":{"uri":""}}', False),
        ("{}", False),
        ("null", False),
    ],
)
def test_the_end_is_where_no_next_page_is_named(navigation, expected):
    assert Page(body(navigation=navigation)).has_next is expected


def test_records_stay_as_they_came():
    odd = '{"id": "a","startTime":"2026-01-02T12:00:00Z", "n":1.50,"big":123456789012345678901234567890,"e":1e3,"u":"\\u00e9é\u2028 \\n","id2":{}}'
    page = Page(body(odd, '{"id":7,"startTime":"2026-01-02T12:00:00Z"}'))
    assert page.ids == ["a", "7"]
    assert page.lines([0]).decode() == odd + "\n"
    assert page.lines([0, 1]).decode() == odd + '\n{"id":7,"startTime":"2026-01-02T12:00:00Z"}\n'
    assert page.lines([]) == b""


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_pretty_printed_records_become_one_line_each(line_end):
    records = [
        {
            "id": "a",
            "startTime": "2026-01-02T12:00:00.000Z",
            "from": {"name": "two\nlines \u2028"},
            "legs": [{"n": 1.5}, {}],
        },
        {"id": "b", "startTime": "2026-01-02T11:00:00.000Z", "list": [], "text": "  { } "},
    ]
    page = Page(json.dumps({"records": records}, indent=4).replace("\n", line_end).encode())
    lines = page.lines([0, 1]).split(b"\n")
    assert len(lines) == 3
    assert b"\r" not in page.lines([0, 1])
    assert [json.loads(line) for line in lines[:2]] == records


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["12:00:02", "12:00:01", "12:00:00"], True),
        (["12:00:00.001", "12:00:00.999", "11:59:59.999"], True),
        (["12:00:00", "12:00:01"], False),
        (["12:00:00"] * 3, True),
        (["12:00:00.999", "12:00:01.000"], False),
    ],
)
def test_order_is_looked_at_in_whole_seconds(times, expected):
    page = Page(body(*(f'{{"id":"{i}","startTime":"2026-01-02T{time}Z"}}' for i, time in enumerate(times))))
    assert page.newest_first is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (NOON, 1767355200),
        (NOON.replace(microsecond=999999), 1767355200),
        (datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), -1),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 253402300799),
    ],
)
def test_second(moment, expected):
    assert epoch_second(moment) == expected
