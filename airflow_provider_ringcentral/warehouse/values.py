"""What a record says, whatever format it came in: formats differ in order, in the writing of times, ids and numbers."""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.columns import Kind, as_moment

_KINDS = {column.path: column.kind for column in CALL_COLUMNS}

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def are_equal(one: str, other: str) -> bool:
    """Whether two records, as JSON, have the same values.

    Null, an empty text and an empty object are no value, as in CSV and Parquet.
    """
    try:
        return _encode(_plain(_decode(one), ())) == _encode(_plain(_decode(other), ()))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # A number beyond those of a double, say: other text is another value then.
        return False


def _plain(value: Any, path: tuple[str, ...] | None) -> Any:
    """`path` leads to the value; None inside lists, whose values no column holds."""
    if isinstance(value, dict):
        inner = {key: _plain(each, None if path is None else (*path, key)) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each is not None and each not in ("", {})}
    if isinstance(value, list):
        return [_plain(each, None) for each in value]
    kind = _KINDS.get(path) if path is not None else None
    if kind is Kind.TIME and (moment := as_moment(value)) is not None:
        return moment.isoformat()
    if kind is Kind.TEXT and type(value) is int:
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
