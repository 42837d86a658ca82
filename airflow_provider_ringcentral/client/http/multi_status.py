"""207: one answer for several ids, each with a status of its own.

Source: guide page basics/batch-requests. Unasked, RingCentral answers in multipart/mixed; asked by `Accept`, with a
JSON array of `{"resourceId", "status", "body"}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from airflow_provider_ringcentral.client.answer import UNREADABLE, json_object
from airflow_provider_ringcentral.client.errors import BadRequest

MULTI_STATUS = 207
PARTS_AS_JSON = "application/vnd.ringcentral.multipart+json"

PartialFailure = Literal["fail", "return"]
"""How a request ends when some of its ids failed: `fail` raises an error, `return` leaves the parts to the caller."""

PARTIAL_FAILURES: tuple[PartialFailure, ...] = ("fail", "return")

_MOST_NAMED = 10
_LONGEST_ID = 100
_BOUNDARY = re.compile(r'^\s*multipart/.*;\s*boundary="?([^";\s]{1,200})', re.IGNORECASE)
_LIST_OF_IDS = re.compile(r"/[^/]*,|/\*(?:/|$)")


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one id; `status` 0: the answer does not say."""

    resource_id: str
    status: int
    body: bytes


def check_ending(value: Any) -> None:
    """Raise `BadRequest` for what is no `PartialFailure`."""
    if value not in PARTIAL_FAILURES:
        known = " or ".join(map(repr, PARTIAL_FAILURES))
        raise BadRequest(f"on_partial_failure is {value!r}; give {known}", parameter="on_partial_failure")


def asks_for_many(path: str) -> bool:
    """Whether a path names several ids, by commas, or leaves them to the body, by an asterisk."""
    return _LIST_OF_IDS.search(path) is not None


def as_array(content_type: str, body: bytes) -> bytes:
    """The body of a 207 as the JSON array, whichever form it came in; unchanged when it is neither."""
    boundary = _BOUNDARY.match(content_type[:500])
    if boundary is None:
        return body
    chunks = body.split(b"--" + boundary[1].encode("latin-1", "replace"))[1:-1]
    contents = [chunk.partition(b"\r\n\r\n")[2].strip() for chunk in chunks]
    told = json_object(contents[0]).get("response") if contents else None
    if not isinstance(told, list):
        return body
    bodies = contents[1:] if len(contents) == len(told) + 1 else [b""] * len(told)
    return msgspec.json.encode([_part_as_json(each, content) for each, content in zip(told, bodies, strict=True)])


def parts_of(body: bytes) -> list[Part] | None:
    """The parts of the JSON array; None when it is none."""
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        return None
    if not isinstance(found, list) or not found:
        return None
    return [_part_of(each) for each in found]


def sentence_of(failed: list[tuple[Part, str]], total: int) -> str:
    """Which ids failed, each with its status and codes."""
    named = "; ".join(f"{part.resource_id or 'unnamed'}: {said}" for part, said in failed[:_MOST_NAMED])
    more = f"; and {len(failed) - _MOST_NAMED} more" if len(failed) > _MOST_NAMED else ""
    return f"{len(failed)} of {total} ids failed, the others were executed ({named}{more})"


def _part_of(value: Any) -> Part:
    part = value if isinstance(value, dict) else {}
    status, body = part.get("status"), part.get("body")
    name = str(part.get("resourceId") or "")[:_LONGEST_ID]
    return Part(name, status if isinstance(status, int) else 0, msgspec.json.encode(body) if body is not None else b"")


def _part_as_json(told: Any, content: bytes) -> dict[str, Any]:
    summary = told if isinstance(told, dict) else {}
    part = {"resourceId": str(summary.get("href") or "").rpartition("/")[2], "status": summary.get("status")}
    try:
        return part | ({"body": msgspec.json.decode(content)} if content else {})
    except UNREADABLE:
        return part
