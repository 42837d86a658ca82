"""Which query follows an answer."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.client.paging import LoopGuard, next_query, records_of


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"records": []}, None),
        ({"records": [], "navigation": {}, "paging": {"page": 1, "totalPages": 9}}, None),
        ([1], None),
        (
            {"navigation": {"nextPage": {"uri": "https://h/p?page=2&type=Voice&type=Fax&from=%2B1"}}},
            ("https://h/p", {"page": "2", "type": ["Voice", "Fax"], "from": "+1"}),
        ),
        ({"navigation": {"nextPageToken": "t2", "prevPageToken": "t0"}}, ("/p", {"pageToken": "t2"})),
        ({"paging": {"nextPageToken": "t2"}}, ("/p", {"view": "Simple", "perPage": 5, "pageToken": "t2"})),
        (
            {"syncInfo": {"syncToken": "s", "newerRecordsExist": True}},
            ("/p", {"view": "Simple", "syncType": "ISync", "syncToken": "s"}),
        ),
        ({"syncInfo": {"syncToken": "s", "newerRecordsExist": False}}, None),
    ],
)
def test_following(answer, expected):
    assert next_query("/p", {"view": "Simple", "perPage": 5}, answer) == expected


def test_rows():
    assert list(records_of({"records": [{"id": 1}], "tasks": []})) == [{"id": 1}]
    assert list(records_of({"tasks": [{"id": 2}], "navigation": {}})) == [{"id": 2}]
    for strange in ({"id": 3}, {"a": [], "b": []}):
        with pytest.raises(RingCentralError, match="no list"):
            list(records_of(strange))


def test_a_repeated_page_is_refused():
    guard = LoopGuard()
    guard.check(("/p", {"page": "1"}))
    guard.check(("/p", {"page": "2"}))
    with pytest.raises(Unavailable, match="twice"):
        guard.check(("/p", {"page": "1"}))
