"""What faults make of answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.responses import HTML, JSON, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.model.faults import Fault

_LINKS = re.compile(rb'("nextPage"\s*:\s*\{\s*"uri"|"contentUri")(\s*:\s*")https?://[^/"]+')

_USUAL = {
    401: ("OAU-213", "Token not found"),
    403: ("CMN-401", "Fault on demand"),
    404: ("CMN-102", "Resource not found"),
    429: ("CMN-301", "Request rate exceeded"),
    500: ("CMN-203", "Internal error"),
    501: ("CMN-202", "Not supported"),
    503: ("CMN-201", "Service temporarily unavailable"),
}


def spoilt(handler: Callable[[Visit], Answer], visit: Visit, fault: Fault | None) -> Answer:
    """The handler's answer, as a fault leaves it; a reset or truncation is left to `deliver.py`."""
    if fault is None:
        return handler(visit)
    before = fault.kind in {"status", "redirect", "html", "refuse_scope"}
    if before or (fault.kind == "reset" and fault.where == "before"):
        if fault.executed:
            handler(visit)
        return _replacement(visit, fault)
    answer = handler(visit)
    if fault.kind == "broken_json":
        answer.body = answer.body[: int(len(answer.body) * fault.fraction)]
    elif fault.kind == "foreign_links":
        answer.body = _LINKS.sub(rb"\1\2" + fault.host.encode(), answer.body)
    return answer


def _replacement(visit: Visit, fault: Fault) -> Answer:
    if fault.kind == "refuse_scope":
        raise bodies.app_permission_missing(fault.permission)
    if fault.kind == "redirect":
        location = fault.location or fault.host + visit.uri().removeprefix(visit.state.url)
        return Answer(fault.status or 302, b"", None, {"Location": location} | fault.headers)
    if fault.kind == "html":
        return Answer(200, HTML, "text/html", dict(fault.headers))
    status = fault.status or 503
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if fault.body in {"empty", ""}:
        return Answer(status, b"", None, headers)
    if fault.body == "html":
        return Answer(status, HTML, "text/html", headers)
    if fault.body != "json":
        return Answer(status, fault.body.encode(), JSON if fault.body[0] in "{[" else "text/plain", headers)
    code, message = _USUAL.get(status, ("CMN-101" if status < 500 else "CMN-203", "Fault on demand"))
    return bodies.refusal(status, fault.code or code, fault.message or message, headers=headers).answer
