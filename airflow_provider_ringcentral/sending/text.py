"""Texts and numbers as RingCentral counts them. Pure."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_ringcentral.arguments import is_digits
from airflow_provider_ringcentral.client.errors.arguments import BadArgument

E164 = re.compile(r"\+[1-9][0-9]{6,14}")

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet of 3GPP TS 23.038, one septet each."""

GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""What takes an escape and a septet."""

SEPTETS_ALONE, SEPTETS_OF_MANY = 160, 153
UNITS_ALONE, UNITS_OF_MANY = 70, 67
"""What one SMS holds, and each of several, whose header takes the rest (3GPP TS 23.040)."""


NOTHING = "None"
TEXT_FILE = re.compile(r"\S+\.txt", re.IGNORECASE)
NATIONAL_DIGITS = 10
"""Of a number in the US and Canada."""

LIST_AS_TEXT = (
    "a template made a text of a list: set render_template_as_native_obj=True on the DAG, or give the list itself, "
    "such as other_task.output"
)


def utf16_units(text: str) -> int:
    """The length RingCentral's limits count: astral characters are two (FACTS 7.2)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str) -> int:
    """Into how many SMS a text is cut: 160 or 153 characters of the GSM alphabet each, else 70 or 67 UTF-16 units.

    No character is torn. What carriers bill may differ; a record's `segmentCount` wins where there is one.
    """
    if all(char in GSM_7 or char in GSM_7_EXTENSION for char in text):
        return _cut([1 + (char in GSM_7_EXTENSION) for char in text], SEPTETS_ALONE, SEPTETS_OF_MANY)
    return _cut([utf16_units(char) for char in text], UNITS_ALONE, UNITS_OF_MANY)


def _cut(sizes: list[int], alone: int, of_many: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > of_many:
            count, used = count + 1, 0
        used += size
    return count


def checked_text(text: Any, most: int, *, name: str = "text", may_be_empty: bool = False) -> str:
    """`text`, when it has up to `most` UTF-16 units. Raises `BadArgument`, which does not repeat it.

    `name` is that of the argument. The word None and the bare name of a .txt file are refused: the one is what a
    template makes of a value that is missing, the other a template that was not read.
    """
    if not isinstance(text, str):
        raise BadArgument(f"{name} is {type(text).__name__} and no text; give a str.", parameter=name)
    if not text.strip() and not may_be_empty:
        raise BadArgument(f"{name} is empty; give the message a text, and its template a value.", parameter=name)
    if text.strip() == NOTHING:
        raise BadArgument(
            f'{name} is "{NOTHING}", as a template renders a value that is missing; give the value, or the template '
            'another text for it, such as {{ value or "unknown" }}.',
            parameter=name,
        )
    if TEXT_FILE.fullmatch(text.strip()):
        raise BadArgument(
            f"{name} is the name of a .txt file that was not read as a template; to send what the file holds, write "
            "{% include 'folder/name.txt' %}, with a path from the DAG's folder or its template_searchpath.",
            parameter=name,
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadArgument(f"{name} has half a character (a lone surrogate); repair it.", parameter=name) from None
    units = utf16_units(text)
    if units > most:
        raise BadArgument(
            f"{name} has {units} UTF-16 units and may have {most} (emoji count as two or more); shorten it, or send "
            "several messages.",
            parameter=name,
        )
    return text


def cut_text(text: str, most: int) -> str:
    """`text` with at most `most` UTF-16 units, an ellipsis where it was cut."""
    if utf16_units(text) <= most:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * (most - 1)]
    return cut.decode("utf-16-le", "ignore").rstrip() + "…"


def checked_number(name: str, value: Any) -> str:
    """`value`, when it is a phone number in E.164. Raises `BadArgument` that names the argument and not the number."""
    if not isinstance(value, str) or not E164.fullmatch(value.strip()):
        raise BadArgument(
            f"{name} is no phone number in E.164{why_no_number(value)}; write + and country code and digits only, "
            "such as +16505550100.",
            parameter=name,
        )
    return value.strip()


def why_no_number(value: Any) -> str:
    """What is probably wrong, in parentheses; empty when nobody can tell."""
    if not isinstance(value, str):
        number = isinstance(value, int) and not isinstance(value, bool)
        return f" (it is {type(value).__name__}{': give the number as a text' if number else ''})"
    if is_list_as_text(value):
        return f" ({LIST_AS_TEXT})"
    digits = re.sub(r"[\s().\-/\u2010-\u2015\u00a0]", "", value)
    if E164.fullmatch(digits):
        return " (it has spaces, brackets or dashes: leave them out)"
    if not is_digits(digits):
        return ""
    if digits.startswith("00"):
        return " (it begins with 00: write + in place of that)"
    if digits.startswith("0"):
        return " (it is a national number: write + and the country code in place of the 0)"
    if len(digits) == NATIONAL_DIGITS:
        return " (it is a national number: in the US and Canada, write +1 before it)"
    return " (the + and perhaps the country code are missing)"


def is_list_as_text(value: str) -> bool:
    """Whether a text is what a template made of a list, a tuple or a dict."""
    text = value.strip()
    return text[:1] + text[-1:] in ("[]", "()", "{}")


def same_text(text: Any) -> str:
    """A text for comparing, without the differences in white space that a store may make."""
    return " ".join(str(text or "").split())


def same_number(number: Any) -> str:
    """A number for comparing: its last ten digits. Records may show them with formatting and without country code."""
    return re.sub(r"\D", "", str(number or ""))[-10:]
