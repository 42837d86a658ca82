"""Status 207: one response for several ids, each with its own status.

Source: guide page "Batch requests" (basics/batch-requests). By default RingCentral sends multipart/mixed; if `Accept`
asks for it, a JSON array of `{"resourceId", "status", "body"}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from airflow_provider_ringcentral.client.answer import DECODE_ERRORS, json_object
from airflow_provider_ringcentral.client.errors import BadRequest

MULTI_STATUS = 207
RESULTS_AS_JSON = "application/vnd.ringcentral.multipart+json"

PartialFailure = Literal["fail", "return"]
"""What happens if some ids of a request failed: `fail` raises an error, `return` returns the results."""

PARTIAL_FAILURES: tuple[PartialFailure, ...] = ("fail", "return")

_MAX_LISTED = 10
_MAX_ID_LENGTH = 100
_BOUNDARY = re.compile(r'^\s*multipart/.*;\s*boundary="?([^";\s]{1,200})', re.IGNORECASE)
_LIST_OF_IDS = re.compile(r"/[^/]*,|/\*(?:/|$)")


@dataclass(frozen=True, slots=True)
class ResourceResult:
    """The result for one id; `status` is 0 if the response has none."""

    resource_id: str
    status: int
    body: bytes


def check_partial_failure(value: Any) -> None:
    """Raise `BadRequest` if `value` is not a `PartialFailure`."""
    if value not in PARTIAL_FAILURES:
        known = " or ".join(map(repr, PARTIAL_FAILURES))
        raise BadRequest(f"on_partial_failure is {value!r}; use {known}", parameter="on_partial_failure")


def has_several_ids(path: str) -> bool:
    """Return whether a path has several ids, separated by commas, or an asterisk for ids in the body."""
    return _LIST_OF_IDS.search(path) is not None


def as_json_array(content_type: str, body: bytes) -> bytes:
    """Return the body of a 207 as a JSON array, whichever form it has; unchanged if it has neither."""
    boundary = _BOUNDARY.match(content_type[:500])
    if boundary is None:
        return body
    chunks = body.split(b"--" + boundary[1].encode("latin-1", "replace"))[1:-1]
    contents = [chunk.partition(b"\r\n\r\n")[2].strip() for chunk in chunks]
    summaries = json_object(contents[0]).get("response") if contents else None
    if not isinstance(summaries, list):
        return body
    bodies = contents[1:] if len(contents) == len(summaries) + 1 else [b""] * len(summaries)
    results = [_result_as_json(each, content) for each, content in zip(summaries, bodies, strict=True)]
    return msgspec.json.encode(results)


def results_of(body: bytes) -> list[ResourceResult] | None:
    """Return the results in a JSON array, or None if `body` is not one."""
    try:
        found = msgspec.json.decode(body)
    except DECODE_ERRORS:
        return None
    if not isinstance(found, list) or not found:
        return None
    return [_result_of(each) for each in found]


def failure_message(failed: list[tuple[ResourceResult, str]], total: int) -> str:
    """Return the message that lists the failed ids, each with its status and codes."""
    named = "; ".join(f"{result.resource_id or 'unnamed'}: {status}" for result, status in failed[:_MAX_LISTED])
    more = f"; and {len(failed) - _MAX_LISTED} more" if len(failed) > _MAX_LISTED else ""
    return f"{len(failed)} of {total} ids failed, the others were executed ({named}{more})"


def _result_of(value: Any) -> ResourceResult:
    fields = value if isinstance(value, dict) else {}
    status, body = fields.get("status"), fields.get("body")
    name = str(fields.get("resourceId") or "")[:_MAX_ID_LENGTH]
    return ResourceResult(
        name, status if isinstance(status, int) else 0, msgspec.json.encode(body) if body is not None else b""
    )


def _result_as_json(summary: Any, content: bytes) -> dict[str, Any]:
    summary = summary if isinstance(summary, dict) else {}
    part = {"resourceId": str(summary.get("href") or "").rpartition("/")[2], "status": summary.get("status")}
    try:
        return part | ({"body": msgspec.json.decode(content)} if content else {})
    except DECODE_ERRORS:
        return part
