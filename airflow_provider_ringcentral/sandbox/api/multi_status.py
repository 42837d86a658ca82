"""Responses for many ids at once (guide page basics/batch-requests)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import JSON, MULTIPART_JSON, ApiError, ApiResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext

MOST_IDS = 50


@dataclass(slots=True)
class Item:
    """The result for one id."""

    resource_id: str
    status: int
    body: bytes


def path_ids(context: RequestContext, name: str) -> list[str]:
    """Return the comma-separated ids of the path; 400 CMN-106 for more than 50."""
    ids = [one for one in context.ids[name].split(",") if one]
    if len(ids) > MOST_IDS:
        raise responses.batch_too_large(len(ids), MOST_IDS, name)
    return ids


def respond(context: RequestContext, ids: list[str], handle: Callable[[str], Any]) -> ApiResponse:
    """Handle one id, with its own status, or each of many (207)."""
    return context.json(handle(ids[0])) if len(ids) == 1 else multi_status(context, handle_each(ids, handle))


def handle_each(ids: list[str], handle: Callable[[str], Any]) -> list[Item]:
    """Handle each id by itself: an error of one does not affect the others."""
    items = []
    for one in ids:
        try:
            value = handle(one)
            items.append(Item(one, 204 if value is None else 200, b"" if value is None else responses.encode(value)))
        except ApiError as error:
            items.append(Item(one, error.response.status, error.response.body))
    return items


def multi_status(context: RequestContext, items: list[Item]) -> ApiResponse:
    """Return 207: a JSON array if the client accepts it, else multipart/mixed with the statuses first."""
    if MULTIPART_JSON in context.headers.get("accept", ""):
        shown = [
            {"resourceId": item.resource_id, "status": item.status}
            | ({"body": responses.decode(item.body)} if item.body else {})
            for item in items
        ]
        return ApiResponse(207, responses.encode(shown, pretty=context.state.options.pretty), MULTIPART_JSON)
    base = context.uri().partition("?")[0].rpartition("/")[0]
    summary = [
        {
            "href": f"{base}/{item.resource_id}",
            "status": item.status,
            "responseDescription": HTTPStatus(item.status).phrase,
        }
        for item in items
    ]
    boundary = f"Boundary_{uuid4().hex}"
    parts = [responses.encode({"response": summary}), *(item.body for item in items)]
    head = f"--{boundary}\r\nContent-Type: {JSON}\r\n\r\n".encode()
    body = b"\r\n".join(head + part for part in parts) + f"\r\n--{boundary}--\r\n".encode()
    return ApiResponse(207, body, f"multipart/mixed; boundary={boundary}")
