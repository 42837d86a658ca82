"""Texts that were cut in the middle of a character."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.surrogates import replace_surrogates
from tests.client.conftest import LOG


@pytest.mark.parametrize(
    ("body", "readable"),
    [
        (rb'{"name":"A\ud83d"}', '{"name":"A\ufffd"}'.encode()),
        (rb'{"name":"\ude00B", "id":12345678901234567890}', '{"name":"\ufffdB","id":12345678901234567890}'.encode()),
        (rb'{"a\ud83d":["\ud83d\ude00\ud83d"]}', '{"a\ufffd":["\U0001f600\ufffd"]}'.encode()),
        (rb'{"name": "\ud83d\ude00"}', rb'{"name": "\ud83d\ude00"}'),
        (rb'{"name": "A\ud83d', rb'{"name": "A\ud83d'),
        (b"", b""),
    ],
)
def test_halves_give_way_and_all_else_stays(body, readable):
    assert replace_surrogates(body) == readable


def test_one_name_does_not_spoil_a_page(odd, client_of):
    odd.tell(body=rb'{"records":[{"id":"1","from":{"name":"A\ud83d"}},{"id":"2"}],"paging":{"page":1}}')

    assert list(client_of(odd).records(LOG)) == [{"id": "1", "from": {"name": "A\ufffd"}}, {"id": "2"}]
