r"""Lone surrogates in JSON, such as a name that was cut in the middle of an emoji.

JSON can express `"\ud83d"` and UTF-8 cannot, so msgspec refuses it. RingCentral cuts names regardless of that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from airflow_provider_ringcentral.client.answer import is_json

SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""Matches JSON that may contain lone surrogates."""

_encode = msgspec.json.Encoder().encode


def replace_surrogates(body: bytes) -> bytes:
    """Return JSON with U+FFFD in place of lone surrogates; unchanged if it has none or is not JSON."""
    if b"\\" not in body or SURROGATE_ESCAPE.search(body) is None or is_json(body):
        return body
    try:
        return map_strings(body, replace_surrogates_in_text)
    except (ValueError, RecursionError):
        return body


def map_strings(body: bytes, change: Callable[[str], str]) -> bytes:
    """Return JSON with `change` applied to all its strings, which may contain lone surrogates.

    Raises `ValueError` or `RecursionError` if `body` is not JSON.
    """

    def mapped(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, dict):
            return {mapped(key): mapped(each) for key, each in value.items()}
        return [mapped(each) for each in value] if isinstance(value, list) else value

    # Unlike msgspec, json accepts lone surrogates.
    return _encode(mapped(json.loads(body)))


def replace_surrogates_in_text(text: str) -> str:
    """Return `text` with U+FFFD in place of lone surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
