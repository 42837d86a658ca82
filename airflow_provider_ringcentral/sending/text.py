"""Texts as RingCentral counts and compares them. Pure."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet of 3GPP TS 23.038, one septet each."""

GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters of two septets: an escape precedes them."""

SEPTETS_IN_ONE, SEPTETS_IN_EACH = 160, 153
UNITS_IN_ONE, UNITS_IN_EACH = 70, 67
"""What a single SMS holds, and each of several, whose header takes the rest (3GPP TS 23.040)."""

RENDERED_NONE = "None"
"""What a template makes of a missing value."""

TEXT_FILE = re.compile(r"\S+\.txt", re.IGNORECASE)

LIST_AS_TEXT = (
    "a template turned a list into text: set render_template_as_native_obj=True on the DAG, or give the list itself, "
    "such as other_task.output"
)


def utf16_units(text: str) -> int:
    """Count UTF-16 units, as RingCentral's limits do: a character outside the BMP, such as an emoji, has two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str) -> int:
    """Count the SMS that a text is split into, without splitting a character.

    160 or 153 characters of the GSM alphabet each, otherwise 70 or 67 UTF-16 units. Carriers may bill another number; a
    record's `segmentCount` takes precedence where there is one.
    """
    if all(char in GSM_7 or char in GSM_7_EXTENSION for char in text):
        return _split([1 + (char in GSM_7_EXTENSION) for char in text], SEPTETS_IN_ONE, SEPTETS_IN_EACH)
    return _split([utf16_units(char) for char in text], UNITS_IN_ONE, UNITS_IN_EACH)


def _split(sizes: list[int], in_one: int, in_each: int) -> int:
    if sum(sizes) <= in_one:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > in_each:
            count, used = count + 1, 0
        used += size
    return count


def parse_text(text: Any, most: int, *, name: str = "text", may_be_empty: bool = False) -> str:
    """Return `text` if it has at most `most` UTF-16 units. Raises `BadArgument`, which does not repeat the text.

    `name` is the argument's. Two texts are refused because a template has gone wrong: the word None, which a missing
    value renders, and the bare name of a .txt file, which is a template that was not read.
    """
    if not isinstance(text, str):
        raise BadArgument(f"{name} must be a str, not {type(text).__name__}.", parameter=name)
    if not text.strip() and not may_be_empty:
        raise BadArgument(f"{name} is empty; give the message a text, and its template a value.", parameter=name)
    if text.strip() == RENDERED_NONE:
        raise BadArgument(
            f'{name} is "{RENDERED_NONE}", as a template renders a missing value; give the value, or let the template '
            'say something else, such as {{ value or "unknown" }}.',
            parameter=name,
        )
    if TEXT_FILE.fullmatch(text.strip()):
        raise BadArgument(
            f"{name} is the name of a .txt file that was not read as a template; to send the file's text, write "
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
            f"{name} has {units} UTF-16 units; the limit is {most}, and an emoji counts as two or more. Shorten it, or "
            "send several messages.",
            parameter=name,
        )
    return text


def cut_text(text: str, most: int) -> str:
    """Cut `text` to at most `most` UTF-16 units, with an ellipsis at the end if anything was cut."""
    if utf16_units(text) <= most:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * (most - 1)]
    return cut.decode("utf-16-le", "ignore").rstrip() + "…"


def is_list_as_text(value: str) -> bool:
    """Whether a template rendered this text from a list, a tuple or a dict."""
    text = value.strip()
    return text[:1] + text[-1:] in ("[]", "()", "{}")


def same_text(text: Any) -> str:
    """Normalise white space, which RingCentral's store may change, to compare a text."""
    return " ".join(str(text or "").split())
