"""Numbers to recognise a caller, sender or recipient by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.text import E164, LIST_AS_TEXT, is_list_as_text, same_number

_EXTENSION = re.compile(r"\d{1,8}")


def checked_parties(name: str, value: Any) -> tuple[str, ...]:
    """One or several phone numbers in E.164 or extension numbers, none for None. Raises `BadArgument` without them."""
    if value is None or value in ("", "None"):
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
