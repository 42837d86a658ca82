"""What faults make of answers.

Putting an answer on the wire, or failing to.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import HTML, JSON, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.model.faults import Fault

    Connections = Callable[[], Iterable[Any]]
    """Gives uvicorn's live protocols: each has `client` (host, port) and `transport`."""

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
        raise responses.app_permission_missing(fault.permission)
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
    return responses.refusal(status, fault.code or code, fault.message or message, headers=headers).answer


@dataclass(frozen=True, slots=True)
class Wire:
    """Where an answer goes."""

    scope: Scope
    receive: Receive
    send: Send
    connections: Connections


_NO_LINGER = struct.pack("ii", 1, 0)
_FLUSH = 0.02


async def deliver(answer: Answer, fault: Fault | None, wire: Wire) -> None:
    """Sends an answer.

    A reset or truncate fault breaks the connection instead, before the body or within it; a slow one pauses within it.
    """
    if fault is not None and fault.kind == "reset" and fault.where == "before":
        await _break(wire, reset=True)
        return
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    if answer.media_type is not None:
        headers.append((b"content-type", answer.media_type.encode()))
    await wire.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if fault is not None and fault.kind in {"reset", "truncate"}:
        part = answer.body[: min(int(len(answer.body) * fault.fraction), len(answer.body) - 1)]
        await wire.send({"type": "http.response.body", "body": part, "more_body": True})
        # What is still in a socket's buffer when it is reset is lost, and then nothing of the body would arrive.
        await asyncio.sleep(_FLUSH)
        await _break(wire, reset=fault.kind == "reset")
        return
    sent = 0
    if fault is not None and fault.kind == "slow":
        sent = int(len(answer.body) * fault.fraction)
        await wire.send({"type": "http.response.body", "body": answer.body[:sent], "more_body": True})
        await asyncio.sleep(fault.seconds)
    await wire.send({"type": "http.response.body", "body": answer.body[sent:]})


async def _break(wire: Wire, *, reset: bool) -> None:
    # With two ports that listen, both ends are needed to tell a connection.
    ends = (wire.scope.get("client"), wire.scope.get("server"))
    for protocol in list(wire.connections()):
        if protocol.client is not None and (protocol.client, protocol.server) == ends:
            if reset:
                raw = protocol.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                protocol.transport.abort()
            else:
                protocol.transport.close()
    while (await wire.receive())["type"] != "http.disconnect":
        pass
