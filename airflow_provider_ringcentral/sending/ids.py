"""Ids of RingCentral, which become part of a path."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument


def checked_id(name: str, value: Any, cure: str) -> str:
    """`value` as text, when it is an id: digits only. Raises `BadArgument` with the cure."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not (text.isascii() and text.isdigit()):
        raise BadArgument(f"{name} {value!r} is no id, which has digits only; {cure}.", parameter=name)
    return text
