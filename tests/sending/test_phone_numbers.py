"""Everybody once."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.channels.pager import parse_extension
from airflow_provider_ringcentral.sending.phone_numbers import Recipient, one_group, parse_phone_number, recipients

A, B = "+16505550100", "+16505550101"


def test_one_and_many():
    assert recipients(A, parse_phone_number) == [Recipient(A, (0,))]
    assert recipients([A, B], parse_phone_number) == [Recipient(A, (0,)), Recipient(B, (1,))]
    assert recipients((B, A, f" {B}"), parse_phone_number) == [Recipient(B, (0, 2)), Recipient(A, (1,))]


@pytest.mark.parametrize("to", [None, [], ()])
def test_nobody(to):
    with pytest.raises(BadArgument, match="to has no recipient"):
        recipients(to, parse_phone_number)


@pytest.mark.parametrize(("to", "parameter"), [("x", "to"), ("", "to"), ([A, "x"], "to[1]"), (["x"], "to"), (5, "to")])
def test_who_is_none_is_named_by_place(to, parameter):
    with pytest.raises(BadArgument) as caught:
        recipients(to, parse_phone_number)
    assert caught.value.parameter == parameter


def test_a_group():
    assert one_group(recipients([A, B, A], parse_phone_number)) == Recipient((A, B), (0, 1, 2))


def test_a_group_has_ten_members():
    numbers = [f"+165055501{number:02}" for number in range(11)]
    assert len(one_group(recipients(numbers[:10], parse_phone_number)).address) == 10

    with pytest.raises(BadArgument, match="11 recipients"):
        one_group(recipients(numbers, parse_phone_number))


ADDRESSES = [
    ("101", ("extensionNumber", "101")),
    (101, ("extensionNumber", "101")),
    ({"extensionNumber": "101"}, ("extensionNumber", "101")),
    ({"extensionId": 400131427008}, ("extensionId", "400131427008")),
]


@pytest.mark.parametrize(("value", "address"), ADDRESSES, ids=str)
def test_extensions(value, address):
    assert parse_extension("to", value) == address


@pytest.mark.parametrize("value", ["", "x", "+101", True, None, {}, {"id": "1"}, {"extensionId": ""}, ["101"]], ids=str)
def test_what_is_no_extension(value):
    with pytest.raises(BadArgument, match="to is not an extension"):
        parse_extension("to", value)
