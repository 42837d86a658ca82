"""Files that an author names: one or several, as texts or as paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument


def as_texts(value: Any) -> Any:
    """The same with texts for every `Path`, whose braces Airflow would not render; what else there is stays."""
    if isinstance(value, PurePath) and not hasattr(type(value), "fs"):
        return str(value)
    if isinstance(value, list | tuple):
        return [as_texts(one) for one in value]
    return value


def places_of(name: str, value: Any) -> list[Any]:
    """One or several files as a list; None and empty texts name none. Raises `BadArgument`."""
    from airflow_provider_ringcentral.sending.text import LIST_AS_TEXT, is_list_as_text

    if value is None or (isinstance(value, str) and value.strip() in ("", "None")):
        return []
    if isinstance(value, str) and is_list_as_text(value):
        raise BadArgument(f"{name} is no path: {LIST_AS_TEXT}.", parameter=name)
    several = isinstance(value, Sequence) and not isinstance(value, str | Mapping)
    return list(value) if several else [value]
