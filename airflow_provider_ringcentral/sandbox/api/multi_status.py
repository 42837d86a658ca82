"""Answers for many ids at once (`docs/basics/batch-requests.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import JSON, ApiError, ApiResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext

MULTIPART_JSON = "application/vnd.ringcentral.multipart+json"
MOST_IDS = 50


@dataclass(slots=True)
class Item:
    """What became of one id."""

    resource_id: str
    status: int
    body: bytes


def path_ids(context: RequestContext, name: str) -> list[str]:
    """The ids of a path; 400 CMN-106 when they are too many."""
    ids = [one for one in context.ids[name].split(",") if one]
    if len(ids) > MOST_IDS:
        raise responses.api_error(
            400, "CMN-106", f"Batch size [{len(ids)}] exceeds the limit [{MOST_IDS}]", parameter=name
        )
    return ids


def handle_each(ids: list[str], handle: Callable[[str], Any]) -> list[Item]:
    """Handles every id for itself; a refusal of one leaves the others alone."""
    items = []
    for one in ids:
        try:
            value = handle(one)
            items.append(Item(one, 204 if value is None else 200, b"" if value is None else responses.encode(value)))
        except ApiError as refused:
            items.append(Item(one, refused.response.status, refused.response.body))
    return items


def multi_status(context: RequestContext, items: list[Item]) -> ApiResponse:
    """207: a JSON array if the client accepts it, else multipart/mixed."""
    if MULTIPART_JSON in context.headers.get("accept", ""):
        shown = [
            {"resourceId": item.resource_id, "status": item.status}
            | ({"body": responses.decode(item.body)} if item.body else {})
            for item in items
        ]
        return ApiResponse(207, responses.encode(shown), MULTIPART_JSON)
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
