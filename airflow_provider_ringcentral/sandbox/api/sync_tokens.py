"""Sync tokens: opaque to clients, and they carry the filters of the full sync that began the series."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

import msgspec

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.call_query import Filter
from airflow_provider_ringcentral.sandbox.model import timestamps as instants

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit

REFUSALS = {
    "CLG-101": "Sync token is malformed",
    "CLG-102": "Sync token is expired",
    "CLG-103": "Sync token was issued for another resource",
    "CLG-104": "Sync token expired, call log was reset",
    "CLG-105": "Number of changes exceeds the limit, full synchronization is required",
}
"""Codes are documented as a family (token bad, expired, reset, too many changes); which is which is our reading."""


Remembered = TypeVar("Remembered", bound=msgspec.Struct)


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """What a token remembers, all moments in ms.

    `reached`: everything modified up to then was handed out; `issued`: when the token was made; `began`: when the full
    sync was, that the series began with.
    """

    kind: str
    reached: int
    view: str
    count: int
    filter: Filter
    issued: int
    epoch: int
    began: int


def write(cursor: msgspec.Struct) -> str:
    """A token."""
    return base64.urlsafe_b64encode(b"RC" + msgspec.msgpack.encode(cursor)).rstrip(b"=").decode()


def unpack(token: str, kind: type[Remembered]) -> Remembered | None:
    """The cursor in a token, None when it is not of that kind."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.msgpack.decode(text.removeprefix(b"RC"), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None


def read(visit: Visit, kind: str) -> Cursor:
    """The cursor behind `syncToken`; 400 CLG-10x when it is refused."""
    token = visit.one("syncToken")
    if token is None:
        raise bodies.missing("syncToken")
    cursor = unpack(token, Cursor)
    if cursor is None:
        raise refused("CLG-101", token)
    state = visit.state
    if cursor.kind != kind:
        raise refused("CLG-103", token)
    if cursor.epoch != state.sync_epoch:
        raise refused(state.sync_refusal, token)
    life = state.options.sync_token_seconds
    if life is not None and state.now() > cursor.issued + life * instants.SECOND:
        raise refused("CLG-102", token)
    return cursor


def refused(code: str, token: str) -> bodies.Refusal:
    """400: start over with a full sync."""
    return bodies.invalid("syncToken", token, code=code, detail=REFUSALS.get(code, "Sync token is not valid"))
