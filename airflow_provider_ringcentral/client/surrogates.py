r"""JSON with halves of characters in it, such as a name that was cut in the middle of an emoji.

`"\ud83d"` alone is a text that JSON can write and UTF-8 cannot, so msgspec refuses it; RingCentral cuts names without
regard to that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from airflow_provider_ringcentral.client.answer import is_json

HALVES: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""In texts that may have some."""

_encode = msgspec.json.Encoder().encode


def without_halves(body: bytes) -> bytes:
    """A body with U+FFFD in place of each; as it is when it has none, or is no JSON."""
    if b"\\" not in body or HALVES.search(body) is None or is_json(body):
        return body
    try:
        return rewritten(body, whole)
    except (ValueError, RecursionError):
        return body


def rewritten(body: bytes, change: Callable[[str], str]) -> bytes:
    """JSON, which may have halves, with all of its texts changed.

    Raises `ValueError` or `RecursionError` for what is no JSON.
    """

    def inner(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, dict):
            return {inner(key): inner(each) for key, each in value.items()}
        return [inner(each) for each in value] if isinstance(value, list) else value

    # Other than msgspec, this takes halves of characters.
    return _encode(inner(json.loads(body)))


def whole(text: str) -> str:
    """A text with U+FFFD in place of halves of characters."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
