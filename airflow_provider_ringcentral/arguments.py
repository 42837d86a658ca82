"""Operator arguments as the values they stand for.

Arguments often come from templates, which render texts: a number, a time or `False` then arrives as text, and what
renders empty arrives as "" or "None". Every function takes the argument's name and raises `BadArgument` that names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument

TimeArgument = datetime | str | None
DurationArgument = timedelta | float | str | None

_BOOLEANS = {"true": True, "false": False}


def is_unset(value: Any) -> bool:
    """Whether an argument gives no value: None, an empty text, or the text "None" that a template makes of None."""
    return value is None or (isinstance(value, str) and value.strip() in ("", "None"))


def is_digits(text: str) -> bool:
    """Whether `text` consists of the digits 0 to 9, at least one. `str.isdigit` alone also accepts "²" and "٣"."""
    return text.isascii() and text.isdigit()


def as_text(value: Any) -> str:
    """A number or text as text without surrounding spaces; "" for True and False, which `str` would turn into words."""
    return "" if isinstance(value, bool) else str(value).strip()


def parse_id(name: str, value: Any, remedy: str) -> str:
    """An id of digits, as text. `remedy` ends the error's sentence."""
    text = as_text(value)
    if not is_digits(text):
        raise BadArgument(f"{name} {value!r} is not an id: ids have digits only; {remedy}.", parameter=name)
    return text


def parse_internal_id(name: str, value: Any) -> str:
    """RingCentral's internal id of an account or extension, or "~" for those of the JWT's user."""
    text = as_text(value)
    if text != "~" and not is_digits(text):
        raise BadArgument(
            f"{name} is {value!r}; give the internal id (digits), or ~ for the JWT's own.", parameter=name
        )
    return text


def parse_ids(name: str, value: Any, most: int) -> list[str]:
    """One or several ids as texts, without repetitions, at most `most`.

    Accepts numbers, texts, what operators return (dicts with `id`), and lists of these, nested to any depth, since a
    mapped operator returns a list for each of its tasks.
    """
    ids = dict.fromkeys(_id_of(name, item) for item in _flat(value))
    if not ids:
        raise BadArgument(f"{name} is empty; give an id, or skip the task before it.", parameter=name)
    if len(ids) > most:
        raise BadArgument(
            f"{name} has {len(ids)} ids and may have {most}; give the rest to further tasks, such as by mapping.",
            parameter=name,
        )
    return list(ids)


def parse_bool(name: str, value: Any) -> bool:
    """True or False, also as text. Without this, the text "False" that a template renders would count as true."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _BOOLEANS:
        raise BadArgument(f"{name} {value!r} is neither True nor False.", parameter=name)
    return _BOOLEANS[word]


def parse_count(name: str, value: int | str | None) -> int | None:
    """A whole number from 0 on; None, or -1, means unlimited."""
    if value is None or is_unset(value):
        return None
    try:
        count = int(value)
    except (ValueError, TypeError):
        count = -2
    if isinstance(value, float | bool) or count < -1:
        raise BadArgument(f"{name} {value!r} is not a count; give 0, 1, …, or -1 for any number.", parameter=name)
    return None if count == -1 else count


def parse_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """`value`, which must be one of `choices`, letter case included."""
    if value not in choices:
        close = next((choice for choice in choices if choice.lower() == str(value).strip().lower()), None)
        *others, last = map(repr, choices)
        hint = f"did you mean {close!r}?" if close else f"use {', '.join(others)} or {last}."
        raise BadArgument(f"{name} {value!r} is not valid; {hint}", parameter=name)
    return str(value)


def parse_choices(name: str, value: str | Sequence[str] | None, choices: Sequence[str]) -> list[str] | None:
    """One or several of `choices` as a list; None when there is no value."""
    if not value:
        return None
    return [parse_choice(name, item, choices) for item in ([value] if isinstance(value, str) else value)]


def parse_texts(name: str, value: Any) -> tuple[str, ...]:
    """One or several texts without surrounding spaces; empty when there is no value."""
    if is_unset(value):
        return ()
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    for item in items:
        if not isinstance(item, str) or not item.strip():
            raise BadArgument(f"{name} contains {item!r}; give a text or a list of texts.", parameter=name)
    return tuple(item.strip() for item in items)


def parse_json(name: str, value: Any) -> Any:
    """A text decoded as JSON; any other value as it is. The caller checks the type of the result."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise BadArgument(f"{name} is not valid JSON ({error}); give an object or its JSON.", parameter=name) from None


def parse_time(name: str, value: TimeArgument) -> datetime | None:
    """A time in UTC; None when there is no value. The value must have a time zone."""
    if value is None or is_unset(value):
        return None
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        aware = moment.utcoffset() is not None
    except (ValueError, AttributeError):
        raise BadArgument(
            f"{name} {value!r} is not an ISO 8601 time; write one like 2026-01-31T00:00:00Z.", parameter=name
        ) from None
    if not aware:
        raise BadArgument(f"{name} {value} has no time zone; add one, such as Z for UTC.", parameter=name)
    return to_utc(name, moment)


def parse_duration(name: str, value: DurationArgument, meaning: str) -> timedelta:
    """A duration, from seconds or a timedelta; zero when there is no value. `meaning` explains a refused negative."""
    if value is None or is_unset(value):
        return timedelta()
    try:
        duration = value if isinstance(value, timedelta) else timedelta(seconds=float(value))
    except (ValueError, TypeError, OverflowError):
        raise BadArgument(f"{name} {value!r} is not a duration; give seconds or a timedelta.", parameter=name) from None
    if duration < timedelta():
        raise BadArgument(f"{name} {value!r} is negative; {meaning}.", parameter=name)
    return duration


def parse_seconds(name: str, value: DurationArgument) -> float:
    """A duration in seconds; 0 when there is no value."""
    return parse_duration(name, value, "give seconds").total_seconds()


def to_utc(name: str, moment: datetime) -> datetime:
    """An aware time in UTC, as a plain `datetime`.

    Times are compared in UTC because Python compares and subtracts two times of one zone by their wall clocks: across
    a change of daylight saving time an hour gets lost, or two different times are equal.
    """
    try:
        # Not `astimezone`, which would keep pendulum's class; its arithmetic loses zones that are not pendulum's own.
        return datetime(*moment.utctimetuple()[:6], moment.microsecond, tzinfo=UTC)
    except OverflowError:
        raise BadArgument(f"{name} {moment} is outside of the years 1 to 9999 in UTC.", parameter=name) from None


def iso_time(text: Any, *, zone: timezone | None = None) -> datetime | None:
    """The aware time of an ISO 8601 text, such as a record's field; None for anything else.

    `zone` is the zone of texts that name none; without it such texts give None.
    """
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None if zone is None else moment.replace(tzinfo=zone)
    return moment


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _id_of(name: str, item: Any) -> str:
    found = item.get("id") if isinstance(item, dict) else item
    text = "" if isinstance(found, float) else as_text(found)
    # RingCentral's ids have 64 bits. A longer one would make a request for many ids fail as a whole.
    if not is_digits(text) or int(text[:20]) >= 2**63:
        raise BadArgument(
            f"{name} contains a {type(found).__name__} that is not an id: ids have digits only. Give them as they are, "
            "or what an operator returned as a value (operator.output), since a template turns it into text.",
            parameter=name,
        )
    return text
