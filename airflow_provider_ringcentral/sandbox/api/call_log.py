"""Call log of the company and of one extension: lists and single records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.call_pages import Records, write_page
from airflow_provider_ringcentral.sandbox.api.call_query import VIEWS, read_query
from airflow_provider_ringcentral.sandbox.api.responses import Answer, Refusal

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.model.company import Extension

BULK_LIMIT = 50
MULTIPART_JSON = "application/vnd.ringcentral.multipart+json"


def read_company_call_log(visit: Visit) -> Answer:
    """`readCompanyCallLog`."""
    visit.check_account()
    query = read_query(visit, None)
    visit.state.arrivals.on_request(visit.state.now())
    return write_page(visit, query, None)


def read_user_call_log(visit: Visit) -> Answer:
    """`readUserCallLog`."""
    owner = visit.extension()
    query = read_query(visit, owner)
    visit.state.arrivals.on_request(visit.state.now())
    return write_page(visit, query, owner)


def read_company_call_record(visit: Visit) -> Answer:
    """`readCompanyCallRecord`: one id answers 200, up to 50 ids answer 207."""
    visit.check_account()
    return _records(visit, None)


def read_user_call_record(visit: Visit) -> Answer:
    """`readUserCallRecord`."""
    return _records(visit, visit.extension())


def _records(visit: Visit, owner: Extension | None) -> Answer:
    view = visit.choice("view", VIEWS, "Simple") or "Simple"
    ids = [call_id for call_id in visit.ids["callRecordId"].split(",") if call_id]
    if len(ids) > BULK_LIMIT:
        raise bodies.refusal(400, "CMN-106", f"Batch size is above the limit of {BULK_LIMIT}", parameter="callRecordId")
    if len(ids) == 1:
        return visit.json(_record(visit, owner, ids[0], view))
    results = [_attempt(visit, owner, call_id, view) for call_id in ids]
    if MULTIPART_JSON in visit.headers.get("accept", ""):
        items = [
            {"resourceId": call_id, "status": status, "body": body}
            for call_id, (status, body) in zip(ids, results, strict=True)
        ]
        return Answer(207, bodies.encode(items, pretty=visit.state.options.pretty), MULTIPART_JSON)
    return _multipart(visit, ids, results)


def _record(visit: Visit, owner: Extension | None, call_id: str, view: str) -> dict[str, Any]:
    calls, changes = visit.state.calls, visit.state.changes
    index = calls.index_of(call_id)
    if index is None or not changes.exists(index) or (owner and calls.shape(index).owner.id != owner.id):
        raise bodies.not_found("callRecordId", call_id)
    return Records(visit.state, view).value(changes.row(index) if index in changes.rows else index)


def _attempt(visit: Visit, owner: Extension | None, call_id: str, view: str) -> tuple[int, Any]:
    try:
        return 200, _record(visit, owner, call_id, view)
    except Refusal as refused:
        return refused.answer.status, bodies.decode(refused.answer.body)


def _multipart(visit: Visit, ids: list[str], results: list[tuple[int, Any]]) -> Answer:
    """`multipart/mixed`: first the statuses, then one part per id in their order (`docs/basics/batch-requests.md`)."""
    base = visit.path.rpartition("/")[0]
    statuses = [
        {
            "href": f"{visit.state.url}{base}/{call_id}",
            "status": status,
            "responseDescription": "OK" if status == 200 else "Not Found",
        }
        for call_id, (status, _) in zip(ids, results, strict=True)
    ]
    boundary = f"Boundary_{uuid4().hex}"
    parts = [{"response": statuses}, *(body for _, body in results)]
    text = b"".join(
        b"--%s\r\nContent-Type: application/json\r\n\r\n%s\r\n" % (boundary.encode(), bodies.encode(part))
        for part in parts
    )
    return Answer(207, text + f"--{boundary}--\r\n".encode(), f"multipart/mixed; boundary={boundary}")
