"""Requests that are not right as they stand: parameters, paths, sync tokens."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors.remedy import DAG_AUTHOR, Remedy


def _author(cause: str, cure: str) -> Remedy:
    return Remedy(cause=cause, cure=cure, who=DAG_AUTHOR)


_UNREADABLE = _author(
    "RingCentral could not parse the body of the request.",
    "Send a body that is JSON and fits the operation in RingCentral's API reference.",
)
_SYNC_TOKEN = _author(
    "The sync token no longer works: it ran out, the call log was reset, or too much changed since it was made.",
    "Start over with a full sync (syncType=FSync) from the last time known to be complete.",
)
_NO_SUCH_ENTRY = _author(
    "The directory has no such entry or account.",
    "Check the id. The entry may have been deleted.",
)

ROWS: dict[str, Remedy] = {
    "CMN-100": _author("The request lacks {parameter}.", "Give {parameter} a value."),
    "CMN-101": _author(
        "The value of {parameter} is not valid.",
        "Correct it. Times need a zone, lists are repeated keys and not comma-joined, values are case-sensitive.",
    ),
    "CMN-102": _author(
        "What {parameter} points at does not exist. Recordings and messages also vanish when they are deleted or "
        "expire.",
        "Check the id: RingCentral wants its internal ids, not extension numbers.",
    ),
    "CMN-103": _UNREADABLE,
    "CMN-104": _UNREADABLE,
    "CMN-105": _author(
        "This method and content type do not go together with a query string.",
        "Send the values in the body in place of `params`.",
    ),
    "CMN-106": _author("The request names more items than one request may.", "Split it into smaller requests."),
    "CMN-107": _author(
        "The range asked for lies outside the file, which may have changed.",
        "Download the file again from its beginning.",
    ),
    "CMN-108": _author("{parameter} in the body differs from the one in the path.", "Give both the same value."),
    "CMN-110": _author("RingCentral wants a header that the request lacks.", "Add the header its message names."),
    "CMN-120": _author(
        "RingCentral has no such path.",
        "Compare the path with the API reference, from /restapi/v1.0/… or /team-messaging/v1/… on.",
    ),
    "CMN-406": _author("A value of {parameter} occurs twice.", "Send each value once."),
    "CMN-407": _author("A header has a value RingCentral does not accept.", "Correct the header its message names."),
    "CLG-101": _SYNC_TOKEN,
    "CLG-102": _SYNC_TOKEN,
    "CLG-103": _SYNC_TOKEN,
    "CLG-104": _SYNC_TOKEN,
    "CLG-105": _SYNC_TOKEN,
    "CLG-110": _author(
        "sessionId cannot be combined with {parameter}.",
        "Filter by sessionId alone, or leave sessionId out.",
    ),
    "AGW-404": _author(
        "RingCentral has no such path.",
        "Compare the path with the API reference, from /restapi/v1.0/… or /team-messaging/v1/… on.",
    ),
    "ADG-105": _NO_SUCH_ENTRY,
    "ADG-107": _NO_SUCH_ENTRY,
    "ADG-111": _author("The directory wants a Content-Type header.", "Send the body as JSON (the `json` argument)."),
    "ADG-112": _author("The directory did not accept the body.", "Compare the body with the API reference."),
    "ADG-121": _author("The directory does not accept the value of {parameter}.", "Correct it."),
    "ADG-122": _NO_SUCH_ENTRY,
    "ADG-200": _author("The directory knows no such path.", "Compare the path with the API reference."),
    "InvalidMultipartRequest": _author(
        "RingCentral could not read the parts of the request.",
        "Put the JSON part first, give every file a name and a content type, and keep & @ # $ % ^ * out of names.",
    ),
}
