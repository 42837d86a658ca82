"""Lists that are paged by tokens; a token carries the filters of its list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from airflow_provider_ringcentral.sandbox.api import call_sync, responses

if TYPE_CHECKING:
    from collections.abc import Callable


Entry = TypeVar("Entry")


class PageToken(msgspec.Struct, frozen=True, array_like=True):
    """Where a page lies: the `count` entries `after` an id, or `before` one. `filters` holds the filters."""

    kind: str
    count: int
    anchor: str
    after: bool
    filters: dict[str, list[str]]


@dataclass(slots=True)
class TokenPage(Generic[Entry]):
    """The entries of a page and the tokens of its neighbours."""

    entries: list[Entry]
    count: int
    following: str | None
    previous: str | None


def read_token(token: str | None, kind: str) -> PageToken | None:
    """The token of a request; 400 CMN-101 for one that was not made for this list."""
    if token is None:
        return None
    found = call_sync.unpack(token, PageToken)
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
    """One page of a list that may grow while it is read: tokens name an entry, not a number."""
    size = token.count if token is not None else count
    first = _first(entries, token, size, key)
    shown = entries[first : first + size]

    def write(entry: Entry, *, after: bool) -> str:
        return call_sync.write(PageToken(kind, size, str(key(entry)), after, filters))

    following = write(shown[-1], after=True) if shown and first + size < len(entries) else None
    previous = write(shown[0], after=False) if shown and first > 0 else None
    return TokenPage(shown, size, following, previous)


def a2p_paging(page: TokenPage[Any], current: str | None) -> dict[str, Any]:
    """`paging` of lists that tell their tokens there."""
    tokens = {"pageToken": current, "nextPageToken": page.following, "previousPageToken": page.previous}
    return {"perPage": page.count} | {name: token for name, token in tokens.items() if token is not None}


def _first(entries: list[Entry], token: PageToken | None, size: int, key: Callable[[Entry], Any]) -> int:
    if token is None:
        return 0
    place = next((rank for rank, entry in enumerate(entries) if str(key(entry)) == token.anchor), None)
    if place is None:
        return len(entries) if token.after else 0
    return place + 1 if token.after else max(0, place - size)
