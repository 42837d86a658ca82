"""Pages of a list: the query of the next page, read from the response, so that unknown paths can be paged too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable

Query = tuple[str, dict[str, Any]]
"""A path or absolute URL, and its query parameters."""


def next_query(path: str, params: Mapping[str, Any], page: Any) -> Query | None:
    """Return the query of the page after `page` (decoded JSON), or None after the last one.

    Follows `navigation.nextPage.uri` as it is; counting does not work, since `totalPages` is often missing and a short
    page need not be the last. Team Messaging's `nextPageToken` contains the filters, so it is sent alone; that of the
    A2P lists is sent with them (guide page team-messaging/manual/pagination, operationId listA2PBatches). A sync
    response with newer records continues with its token (guide page voice/call-log/sync).
    """
    if not isinstance(page, dict):
        return None
    navigation, paging, sync = (_object(page, name) for name in ("navigation", "paging", "syncInfo"))
    if uri := _object(navigation, "nextPage").get("uri"):
        try:
            parts = urlsplit(uri)
        except (ValueError, TypeError, AttributeError):
            raise Unavailable("RingCentral's link to the next page is not a URL") from None
        return parts._replace(query="", fragment="").geturl(), _parameters(parts.query)
    if token := navigation.get("nextPageToken"):
        return path, {"pageToken": token}
    if token := paging.get("nextPageToken"):
        return path, {**params, "pageToken": token}
    if sync.get("newerRecordsExist") and (token := sync.get("syncToken")):
        kept = {name: value for name, value in params.items() if name in ("view", "metadataCategory")}
        return path, {**kept, "syncType": "ISync", "syncToken": token}
    return None


def records_of(page: Any) -> Iterator[Any]:
    """Yield the records of a page: `records`, or the only list in it, which some endpoints name differently (`tasks`).

    Raises `RingCentralError` if the page has no list, or several.
    """
    if not isinstance(page, dict):
        raise Unavailable("the page is not a JSON object")
    lists = [page["records"]] if "records" in page else [value for value in page.values() if isinstance(value, list)]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise RingCentralError("the response has no list of records; use request_json for it")
    yield from lists[0]


class LoopGuard:
    """Detects when a list links to a page that was read already, which would never end."""

    def __init__(self) -> None:
        self._read: set[str] = set()

    def check(self, query: Query) -> Query:
        """Return `query`, or raise `Unavailable` if it was checked before."""
        key = repr(query)
        if key in self._read:
            raise Unavailable("RingCentral linked to the same page twice, so the list cannot be read to its end")
        self._read.add(key)
        return query


def _parameters(text: str) -> dict[str, Any]:
    collected: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        collected.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in collected.items()}


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = values.get(name)
    return value if isinstance(value, dict) else {}
