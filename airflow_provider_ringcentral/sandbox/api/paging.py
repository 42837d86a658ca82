"""Lists that are paged by tokens, and the form of every token: opaque text that carries a record."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from airflow_provider_ringcentral.sandbox.api import responses

if TYPE_CHECKING:
    from collections.abc import Callable


Entry = TypeVar("Entry")
Content = TypeVar("Content", bound=msgspec.Struct)


def encode_token(content: msgspec.Struct) -> str:
    """Return a token with that content."""
    return base64.urlsafe_b64encode(b"RC" + msgspec.msgpack.encode(content)).rstrip(b"=").decode()


def decode_token(token: str, kind: type[Content]) -> Content | None:
    """Return the content of a token, or None when it is not of that kind."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.msgpack.decode(data.removeprefix(b"RC"), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None


class PageToken(msgspec.Struct, frozen=True, array_like=True):
    """The content of a page token: the `count` entries after (or before) the entry `anchor`, and the list's filters."""

    kind: str
    count: int
    anchor: str
    after: bool
    filters: dict[str, list[str]]


@dataclass(slots=True)
class TokenPage(Generic[Entry]):
    """The entries of a page, and the tokens of the next and the previous page."""

    entries: list[Entry]
    count: int
    following: str | None
    previous: str | None


def read_token(token: str | None, kind: str) -> PageToken | None:
    """Return the token of a request; 400 CMN-101 for one of another list."""
    if token is None:
        return None
    found = decode_token(token, PageToken)
    if found is None or found.kind != kind:
        raise responses.invalid_parameter("pageToken", token)
    return found


def cut_page(
    entries: list[Entry],
    token: PageToken | None,
    *,
    kind: str,
    count: int,
    key: Callable[[Entry], Any],
    filters: dict[str, list[str]],
) -> TokenPage[Entry]:
    """Return one page of a list that may grow while it is read: tokens name an entry, not an offset."""
    size = token.count if token is not None else count
    first = _first(entries, token, size, key)
    shown = entries[first : first + size]

    def write(entry: Entry, *, after: bool) -> str:
        return encode_token(PageToken(kind, size, str(key(entry)), after, filters))

    following = write(shown[-1], after=True) if shown and first + size < len(entries) else None
    previous = write(shown[0], after=False) if shown and first > 0 else None
    return TokenPage(shown, size, following, previous)


def a2p_paging(page: TokenPage[Any], current: str | None) -> dict[str, Any]:
    """Return the `paging` of A2P lists, which holds their page tokens."""
    tokens = {"pageToken": current, "nextPageToken": page.following, "previousPageToken": page.previous}
    return {"perPage": page.count} | {name: token for name, token in tokens.items() if token is not None}


def _first(entries: list[Entry], token: PageToken | None, size: int, key: Callable[[Entry], Any]) -> int:
    if token is None:
        return 0
    rank = next((number for number, entry in enumerate(entries) if str(key(entry)) == token.anchor), None)
    if rank is None:
        return len(entries) if token.after else 0
    return rank + 1 if token.after else max(0, rank - size)
