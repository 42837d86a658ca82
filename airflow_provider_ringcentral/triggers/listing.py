"""Lists, read on an event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airflow_provider_ringcentral.client.answer import UNREADABLE
from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.paging import Trail, following

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

T = TypeVar("T")


class _Page(msgspec.Struct):
    """Records as they came, and what says where the next page is."""

    records: list[msgspec.Raw]
    navigation: Any = None
    paging: Any = None
    syncInfo: Any = None  # noqa: N815 - RingCentral's name


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
        body = await client.raw_json("GET", next_query[0], params=trail.step(next_query)[1])
        values, answer = await client.work(_read, body, keep)
        kept += values
        next_query, pages = following(*next_query, answer), pages + 1
    return kept


def as_it_is(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keeps every record whole."""
    return record


def _read(body: bytes, keep: Callable[[Mapping[str, Any]], T | None]) -> tuple[list[T], dict[str, Any]]:
    """What is kept of a page, and the page without its records.

    One record after the other: ten thousand objects at once would make Python look for garbage in all of Airflow, and
    hold the event loop meanwhile.
    """
    try:
        page = msgspec.json.decode(body, type=_Page)
        values = [keep(msgspec.json.decode(record)) for record in page.records]
    except UNREADABLE:
        raise Unavailable("the answer is no page of a list") from None
    answer = {"navigation": page.navigation, "paging": page.paging, "syncInfo": page.syncInfo}
    return [value for value in values if value is not None], answer
