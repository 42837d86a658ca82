"""Lists read on an event loop: all pages or some, and what is no page."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.hooks.client import shared_client
from airflow_provider_ringcentral.triggers.listing import _read, read_list, whole_record

PATH = "/restapi/v1.0/account/~/extension/~/message-store"


@pytest.mark.parametrize(("max_pages", "count"), [(None, 5), (2, 4), (1, 2)])
async def test_pages_are_followed_as_far_as_wanted(sandbox, connection, max_pages, count):
    ids = [sandbox.receive_message()["id"] for _ in range(5)]
    async with shared_client(connection) as client:
        found = await read_list(client, PATH, {"perPage": 2}, lambda record: record["id"], max_pages=max_pages)

    assert sorted(found, reverse=True) == found
    assert found == ids[::-1][:count]


def test_what_is_not_wanted_is_dropped_and_the_page_says_where_the_next_is():
    body = b'{"records": [{"id": 1}, {"id": 2}], "syncInfo": {"newerRecordsExist": true}, "uri": "x"}'

    values, answer = _read(body, lambda record: record if record["id"] == 2 else None)

    assert values == [{"id": 2}]
    assert answer["syncInfo"] == {"newerRecordsExist": True}


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"records": 7}', b'{"records": [{"id": 1e999}]}'], ids=str)
def test_what_is_no_page_may_pass(body):
    with pytest.raises(Unavailable):
        _read(body, whole_record)
