"""Lists, read on an event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_ringcentral.client.paging import Trail, following, rows

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

T = TypeVar("T")


async def listed(
    client: AsyncRingCentralClient,
    path: str,
    query: Mapping[str, Any],
    keep: Callable[[Mapping[str, Any]], T | None],
    *,
    most_pages: int | None = None,
) -> list[T]:
    """What `keep` makes of the records of a list, up to a number of pages. It runs in a thread, and None drops one."""
    kept: list[T] = []
    trail, pages = Trail(), 0
    next_query: tuple[str, dict[str, Any]] | None = (path, dict(query))
    while next_query is not None and pages != most_pages:
        page = await client.request_json("GET", next_query[0], params=trail.step(next_query)[1])
        kept += await client.work(_kept, page, keep)
        next_query, pages = following(*next_query, page), pages + 1
    return kept


def as_it_is(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keeps every record whole."""
    return record


def _kept(page: Any, keep: Callable[[Mapping[str, Any]], T | None]) -> list[T]:
    return [value for value in map(keep, rows(page)) if value is not None]
