"""The query that follows, or none: recognised from the answer itself, so that paths we have no row for page too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable

Query = tuple[str, dict[str, Any]]
"""A path or absolute URL, and its query parameters."""


def following(path: str, params: Mapping[str, Any], answer: Any) -> Query | None:
    """The query of the next page, or None after the last one.

    `navigation.nextPage.uri` is followed as it stands (never counted: `totalPages` is often missing and a short page
    is not the last, FACTS 5.1). Team Messaging's `nextPageToken` carries its filters, so it goes alone; the A2P lists'
    token goes with them. A sync answer that has newer records goes on with its token (FACTS 5.2, 5.3).
    """
    if not isinstance(answer, dict):
        return None
    navigation, paging, sync = (_part(answer, name) for name in ("navigation", "paging", "syncInfo"))
    if uri := _part(navigation, "nextPage").get("uri"):
        try:
            parts = urlsplit(uri)
        except (ValueError, TypeError, AttributeError):
            raise Unavailable("RingCentral names a next page that is no URL") from None
        return parts._replace(query="", fragment="").geturl(), _query(parts.query)
    if token := navigation.get("nextPageToken"):
        return path, {"pageToken": token}
    if token := paging.get("nextPageToken"):
        return path, {**params, "pageToken": token}
    if sync.get("newerRecordsExist") and (token := sync.get("syncToken")):
        kept = {name: value for name, value in params.items() if name in ("view", "metadataCategory")}
        return path, {**kept, "syncType": "ISync", "syncToken": token}
    return None


def rows(answer: Any) -> Iterator[Any]:
    """The records of a page: `records`, or the one list of an answer that names it otherwise (such as `tasks`)."""
    if not isinstance(answer, dict):
        raise Unavailable("the page is not a JSON object")
    named = "records" in answer
    lists = [answer["records"]] if named else [value for value in answer.values() if isinstance(value, list)]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise RingCentralError("the answer has no list of records; use request_json for it")
    yield from lists[0]


class Trail:
    """The queries of one walk: refuses to follow the same link or token twice, which would never end."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def step(self, query: Query) -> Query:
        """`query`, unless it was followed before."""
        mark = repr(query)
        if mark in self._seen:
            raise Unavailable("RingCentral named the same next page twice; the list cannot be read to its end")
        self._seen.add(mark)
        return query


def _query(text: str) -> dict[str, Any]:
    collected: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        collected.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in collected.items()}


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}
