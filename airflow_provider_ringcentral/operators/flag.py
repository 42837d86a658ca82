"""Yes or no, also where a template gives it as text."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument

WORDS = {"true": True, "false": False}


def flag_of(name: str, value: Any) -> bool:
    """The bool that the argument `name` gives. The text "False", as templates render it, would otherwise mean yes."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in WORDS:
        raise BadArgument(f"{name} {value!r} is neither True nor False.", parameter=name)
    return WORDS[word]
