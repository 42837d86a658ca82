"""Phone and extension numbers: checked, compared, and the recipients among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_ringcentral.arguments import is_digits, is_unset
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.text import LIST_AS_TEXT, is_list_as_text

T = TypeVar("T")

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_EXTENSION = re.compile(r"\d{1,8}")

NATIONAL_DIGITS = 10
"""Digits of a number in the US and Canada, without country code."""

MOST_IN_GROUP = 10
"""Recipients of one group message (error MSG-381)."""


def parse_phone_number(name: str, value: Any) -> str:
    """Return a phone number in E.164. Raises `BadArgument`, which names the argument and does not show the number."""
    if not isinstance(value, str) or not E164.fullmatch(value.strip()):
        raise BadArgument(
            f"{name} is not a valid phone number{phone_number_hint(value)}: use E.164, for example +16505550100.",
            parameter=name,
        )
    return value.strip()


def phone_number_hint(value: Any) -> str:
    """Say in parentheses what is probably wrong with a phone number; empty if that cannot be told."""
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
        return " (it begins with 00: write + instead)"
    if digits.startswith("0"):
        return " (it is a national number: write + and the country code in place of the 0)"
    if len(digits) == NATIONAL_DIGITS:
        return " (it is a national number: in the US and Canada, write +1 before it)"
    return " (the + and perhaps the country code are missing)"


def same_number(number: Any) -> str:
    """Reduce a number to its last ten digits, to compare it: records may format it, or omit the country code."""
    return re.sub(r"\D", "", str(number or ""))[-10:]


def parse_parties(name: str, value: Any) -> tuple[str, ...]:
    """Return one or several phone numbers in E.164 or extension numbers; none if `value` is unset.

    Raises `BadArgument`, which does not show the number.
    """
    if is_unset(value):
        return ()
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return tuple(_parse_party(name, item) for item in items)


def is_one_of(wanted: Sequence[str], parties: Iterable[Any]) -> bool:
    """Whether one of the parties of a record has one of these numbers; True if no number is wanted."""
    if not wanted:
        return True
    known = {number for party in parties if isinstance(party, Mapping) for number in _numbers(party)}
    return not known.isdisjoint(map(same_number, wanted))


def _parse_party(name: str, value: Any) -> str:
    text = str(value).strip()
    if isinstance(value, bool | float) or not (E164.fullmatch(text) or _EXTENSION.fullmatch(text)):
        hint = f" ({LIST_AS_TEXT})" if is_list_as_text(text) else ""
        raise BadArgument(
            f"{name} is neither a phone number in E.164 nor an extension number{hint}; examples: +16505550100, 102.",
            parameter=name,
        )
    return text


def _numbers(party: Mapping[str, Any]) -> Iterator[str]:
    for name in ("phoneNumber", "extensionNumber"):
        if party.get(name):
            yield same_number(party[name])


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient, and its positions in the argument `to` (from 0)."""

    address: Any
    positions: tuple[int, ...]


def recipients(to: Any, parse: Callable[[str, Any], T]) -> list[Recipient]:
    """Return everybody in `to` once, in the order given. `parse(name, value)` returns an address or raises."""
    values: Sequence[Any] = to if isinstance(to, Sequence) and not isinstance(to, str) else [to]
    if not values or to is None:
        raise BadArgument("to has no recipient; give one, or a list of them.", parameter="to")
    positions: dict[Any, list[int]] = {}
    for position, value in enumerate(values):
        name = "to" if len(values) == 1 else f"to[{position}]"
        positions.setdefault(parse(name, value), []).append(position)
    return [Recipient(address, tuple(where)) for address, where in positions.items()]


def one_group(everybody: list[Recipient]) -> Recipient:
    """Combine recipients into one, for a message that all of them see. Raises `BadArgument` if there are too many."""
    if len(everybody) > MOST_IN_GROUP:
        raise BadArgument(
            f"to has {len(everybody)} recipients, and a group message takes at most {MOST_IN_GROUP}, who all see each "
            "other. Leave out group=True to send a separate message to each.",
            parameter="to",
        )
    addresses = tuple(recipient.address for recipient in everybody)
    return Recipient(addresses, tuple(sorted(one for recipient in everybody for one in recipient.positions)))
