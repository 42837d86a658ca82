"""Numbers to recognise a caller, sender or recipient by.

Who gets a message: checked, and nobody twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_ringcentral.arguments import is_unset
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.text import E164, LIST_AS_TEXT, is_list_as_text, same_number

_EXTENSION = re.compile(r"\d{1,8}")


def checked_parties(name: str, value: Any) -> tuple[str, ...]:
    """One or several phone numbers in E.164 or extension numbers, none for None. Raises `BadArgument` without them."""
    if is_unset(value):
        return ()
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return tuple(_checked(name, item) for item in items)


def is_one_of(wanted: Sequence[str], parties: Iterable[Any]) -> bool:
    """Whether one of the parties of a record has one of these numbers. No number wanted: everybody is meant.

    Phone numbers are compared by their last ten digits: records may show them without country code.
    """
    if not wanted:
        return True
    known = {number for party in parties if isinstance(party, Mapping) for number in _numbers(party)}
    return not known.isdisjoint(map(same_number, wanted))


def _checked(name: str, value: Any) -> str:
    text = str(value).strip()
    if isinstance(value, bool | float) or not (E164.fullmatch(text) or _EXTENSION.fullmatch(text)):
        why = f" ({LIST_AS_TEXT})" if is_list_as_text(text) else ""
        raise BadArgument(
            f"{name} is no phone number in E.164 and no extension number{why}; write such as +16505550100 or 102.",
            parameter=name,
        )
    return text


def _numbers(party: Mapping[str, Any]) -> Iterator[str]:
    for name in ("phoneNumber", "extensionNumber"):
        if party.get(name):
            yield same_number(party[name])


T = TypeVar("T")

MOST_IN_GROUP = 10
"""Recipients of one group message (MSG-381, FACTS 7.2)."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient, and at which places of `to` (from 0) it was named."""

    address: Any
    places: tuple[int, ...]


def recipients(to: Any, check: Callable[[str, Any], T]) -> list[Recipient]:
    """Everybody of `to` once, in the order given; `check(name, value)` gives the address or raises `BadArgument`."""
    given: Sequence[Any] = to if isinstance(to, Sequence) and not isinstance(to, str) else [to]
    if not given or to is None:
        raise BadArgument("to names nobody; give a recipient or a list of them.", parameter="to")
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(given):
        places.setdefault(check("to" if len(given) == 1 else f"to[{place}]", value), []).append(place)
    return [Recipient(address, tuple(where)) for address, where in places.items()]


def one_group(everybody: list[Recipient]) -> Recipient:
    """All of them as recipients of one message."""
    if len(everybody) > MOST_IN_GROUP:
        raise BadArgument(
            f"to names {len(everybody)} recipients and a group message may have {MOST_IN_GROUP}, who all see each "
            "other; leave out group=True to send one message to each.",
            parameter="to",
        )
    addresses = tuple(recipient.address for recipient in everybody)
    return Recipient(addresses, tuple(sorted(place for recipient in everybody for place in recipient.places)))
