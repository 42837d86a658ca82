"""Read a list of RingCentral on an event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airflow_provider_ringcentral.client.answer import DECODE_ERRORS
from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.paging import LoopGuard, next_query

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

T = TypeVar("T")


class _Page(msgspec.Struct):
    """The records as bytes, and the fields that locate the next page."""

    records: list[msgspec.Raw]
    navigation: Any = None
    paging: Any = None
    syncInfo: Any = None  # noqa: N815 - RingCentral's name


async def read_list(
    client: AsyncRingCentralClient,
    path: str,
    query: Mapping[str, Any],
    keep: Callable[[Mapping[str, Any]], T | None],
    *,
    max_pages: int | None = None,
) -> list[T]:
    """Return what `keep` makes of each record of a list (None drops it), of at most `max_pages` pages.

    `keep` runs in a worker thread.
    """
    kept: list[T] = []
    guard, pages = LoopGuard(), 0
    request: tuple[str, dict[str, Any]] | None = (path, dict(query))
    while request is not None and pages != max_pages:
        body = await client.raw_json("GET", request[0], params=guard.check(request)[1])
        values, answer = await client.work(_read, body, keep)
        kept += values
        request, pages = next_query(*request, answer), pages + 1
    return kept


def whole_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep the whole record."""
    return record


def _read(body: bytes, keep: Callable[[Mapping[str, Any]], T | None]) -> tuple[list[T], dict[str, Any]]:
    """Return what is kept of a page, and the page without its records.

    Records are decoded one by one: ten thousand objects at once would start a garbage collection over all of Airflow's
    objects, which blocks the event loop.
    """
    try:
        page = msgspec.json.decode(body, type=_Page)
        values = [keep(msgspec.json.decode(record)) for record in page.records]
    except DECODE_ERRORS:
        raise Unavailable("the answer is no page of a list") from None
    answer = {"navigation": page.navigation, "paging": page.paging, "syncInfo": page.syncInfo}
    return [value for value in values if value is not None], answer
