"""Lengths, segments and numbers."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number, same_number
from airflow_provider_ringcentral.sending.text import GSM_7, parse_text, same_text, segments, utf16_units


@pytest.mark.parametrize(("text", "units"), [("abc", 3), ("é€", 2), ("😀", 2), ("👩‍🚀", 5), ("", 0)])
def test_units_are_those_of_utf_16(text, units):
    assert utf16_units(text) == units


SEGMENTS = [
    ("a", 1),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("é@£Ω" * 40, 1),
    ("€" * 80, 1),
    ("€" * 81, 2),
    # An escaped character is not torn: 152 septets and one of two do not fill a segment of 153.
    ("a" * 152 + "€" + "a" * 151, 2),
    ("a" * 152 + "€" + "a" * 152, 3),
    ("ç" * 70, 1),
    ("ç" * 71, 2),
    ("ж" * 134, 2),
    ("ж" * 135, 3),
    ("😀" * 35, 1),
    ("😀" * 36, 2),
    # 33 emoji of two units fill 66 of 67.
    ("😀" * 66, 2),
    ("😀" * 67, 3),
]


@pytest.mark.parametrize(("text", "count"), SEGMENTS, ids=lambda value: value if isinstance(value, int) else value[:2])
def test_segments(text, count):
    assert segments(text) == count


def test_the_default_alphabet_has_its_size():
    """128 codes, of which one is the escape."""
    assert len(GSM_7) == 127


@pytest.mark.parametrize("text", ["a" * 1000, "😀" * 500, " a "])
def test_texts_up_to_the_limit(text):
    assert parse_text(text, 1000) == text


TEXTS = [
    ("a" * 1001, "1001 UTF-16 units; the limit is 1000"),
    ("😀" * 501, "1002 UTF-16 units"),
    ("", "is empty"),
    (" \n", "is empty"),
    (None, "must be a str, not NoneType"),
    (5, "must be a str, not int"),
    ("\ud83d", "half a character"),
]


@pytest.mark.parametrize(("text", "problem"), TEXTS)
def test_texts_that_cannot_be_sent(text, problem):
    with pytest.raises(BadArgument, match=problem) as caught:
        parse_text(text, 1000)
    assert caught.value.parameter == "text"


def test_an_empty_text_where_it_may_be():
    assert parse_text("", 1000, may_be_empty=True) == ""


@pytest.mark.parametrize("number", ["+16505550100", " +16505550100\n", "+4930123456", "+123456789012345"])
def test_numbers_in_e164(number):
    assert parse_phone_number("to", number) == number.strip()


NUMBERS = ["16505550100", "+1 650 555 0100", "(650) 555-0100", "+0650555010", "+12345", "+1234567890123456", "", "x"]


@pytest.mark.parametrize(
    "number", [*NUMBERS, None, 16505550100, "+1\u0666\u0665\u0660\u0665\u0665\u0665\u0660\u0661\u0660\u0660"]
)
def test_what_is_no_number_is_named_by_its_place_only(number):
    with pytest.raises(BadArgument, match=r"to\[3\] is not a valid phone number") as caught:
        parse_phone_number("to[3]", number)

    shown = str(caught.value).replace("+16505550100", "")
    assert caught.value.parameter == "to[3]"
    assert not any(digits and str(digits) in shown for digits in [number] if number not in ("", "x", None))


def test_what_stores_change_makes_no_difference():
    assert same_text(" a\r\nb\u00a0c ") == same_text("a b c")
    assert same_text("a") != same_text("b")
    assert same_number("+16505550100") == same_number("(650) 555-0100") == same_number("16505550100")
    assert same_number("+16505550100") != same_number("+16505550101")
