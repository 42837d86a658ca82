"""What an author gave for an argument, as the value that is meant. Texts come from templates.

Ids of RingCentral, which become part of a path.

Yes or no, also where a template gives it as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument


def checked_id(name: str, value: Any, cure: str) -> str:
    """`value` as text, when it is an id: digits only. Raises `BadArgument` with the cure."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not (text.isascii() and text.isdigit()):
        raise BadArgument(f"{name} {value!r} is no id, which has digits only; {cure}.", parameter=name)
    return text


WORDS = {"true": True, "false": False}


def flag_of(name: str, value: Any) -> bool:
    """The bool that the argument `name` gives. The text "False", as templates render it, would otherwise mean yes."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in WORDS:
        raise BadArgument(f"{name} {value!r} is neither True nor False.", parameter=name)
    return WORDS[word]


Moment = datetime | str | None
Span = timedelta | float | str | None


def moment_of(name: str, value: Moment) -> datetime | None:
    """The time that the argument `name` gives, in UTC; None when it gives none. Raises `BadArgument`."""
    if value is None or (isinstance(value, str) and value.strip() in ("", "None")):
        return None
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        aware = moment.utcoffset() is not None
    except (ValueError, AttributeError):
        raise BadArgument(
            f"{name} {value!r} is no ISO 8601 time; write one like 2026-01-31T00:00:00Z.", parameter=name
        ) from None
    if not aware:
        raise BadArgument(f"{name} {value} has no time zone; add one, such as Z for UTC.", parameter=name)
    return in_utc(name, moment)


def in_utc(name: str, moment: datetime) -> datetime:
    """An aware time in UTC. Raises `BadArgument` when UTC has no such time.

    Python adds and compares times of one zone by what its clocks show: across a change of them an hour is lost, or two
    different moments are equal.
    """
    try:
        # Not `astimezone`: it would stay pendulum's, whose arithmetic in a zone that is not pendulum's loses the zone.
        return datetime(*moment.utctimetuple()[:6], moment.microsecond, tzinfo=UTC)
    except OverflowError:
        raise BadArgument(f"{name} {moment} lies outside of the years 1 to 9999 in UTC.", parameter=name) from None


def span_of(name: str, value: Span, meaning: str) -> timedelta:
    """The time span that the argument `name` gives, zero when it gives none.

    Raises `BadArgument`, for a negative one with what the argument means.
    """
    if value is None or value in ("", "None"):
        return timedelta()
    try:
        span = value if isinstance(value, timedelta) else timedelta(seconds=float(value))
    except (ValueError, TypeError, OverflowError):
        raise BadArgument(f"{name} {value!r} is no time span; give seconds or a timedelta.", parameter=name) from None
    if span < timedelta():
        raise BadArgument(f"{name} {value!r} is negative; {meaning}.", parameter=name)
    return span


def seconds_of(name: str, value: Span) -> float:
    """The same in seconds."""
    return span_of(name, value, "give seconds").total_seconds()


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value`, when it is one of `allowed` to the letter."""
    if value not in allowed:
        close = next((known for known in allowed if known.lower() == str(value).strip().lower()), None)
        hint = f"did you mean {close!r}?" if close else f"it is one of {', '.join(map(repr, allowed))}."
        raise BadArgument(f"{name} {value!r} is unknown; {hint}", parameter=name)
    return str(value)


def some_of(name: str, value: str | Sequence[str] | None, allowed: Sequence[str]) -> list[str] | None:
    """One or several values of `allowed` as a list; None when nothing is asked for."""
    if not value:
        return None
    return [one_of(name, item, allowed) for item in ([value] if isinstance(value, str) else value)]


def object_of(name: str, value: Any) -> Any:
    """An object, or its JSON, decoded; what else it is the caller checks. Raises `BadArgument` for what is no JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise BadArgument(f"{name} is no JSON ({error}); give an object, or its JSON.", parameter=name) from None


def texts_of(name: str, value: Any) -> tuple[str, ...]:
    """One or several words, none for None. Raises `BadArgument` for what is no text, or an empty one."""
    if value is None or value in ("", "None"):
        return ()
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    for item in items:
        if not isinstance(item, str) or not item.strip():
            raise BadArgument(f"{name} has {item!r}, which is no word; give a text or a list of them.", parameter=name)
    return tuple(item.strip() for item in items)


def ids_of(name: str, value: Any, most: int) -> list[str]:
    """One or several ids, as text, each once: numbers, texts, or what operators returned (dicts with `id`).

    Lists may hold lists: a mapped operator returns one for each of its tasks.
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


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _id_of(name: str, item: Any) -> str:
    found = item.get("id") if isinstance(item, dict) else item
    text = "" if isinstance(found, bool | float) else str(found).strip()
    # RingCentral's ids have 64 bits, and a longer one would spoil a request for many.
    if not text.isascii() or not text.isdecimal() or int(text[:20]) >= 2**63:
        raise BadArgument(
            f"{name} has something that is no id ({type(found).__name__}): ids are digits. Give them as they are, or "
            "what an operator returned as a value (operator.output), since a template makes a text of it.",
            parameter=name,
        )
    return text
