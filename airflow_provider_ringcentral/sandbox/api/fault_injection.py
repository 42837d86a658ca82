"""Fault injection: what a fault does to a response, and to the connection on which it is sent."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import HTML, JSON, ApiResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.faults import Fault

    Connections = Callable[[], Iterable[Any]]
    """Returns uvicorn's open connections: each has `client` (host, port) and `transport`."""

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


def apply_fault(
    handler: Callable[[RequestContext], ApiResponse], context: RequestContext, fault: Fault | None
) -> ApiResponse:
    """Call the handler and return its response, changed by the fault. `send_response` resets and truncates."""
    if fault is None:
        return handler(context)
    before = fault.kind in {"status", "redirect", "html", "refuse_scope"}
    if before or (fault.kind == "reset" and fault.where == "before"):
        if fault.executed:
            handler(context)
        return _replacement(context, fault)
    response = handler(context)
    if fault.kind == "broken_json":
        response.body = response.body[: int(len(response.body) * fault.fraction)]
    elif fault.kind == "foreign_links":
        response.body = _LINKS.sub(rb"\1\2" + fault.host.encode(), response.body)
    return response


def _replacement(context: RequestContext, fault: Fault) -> ApiResponse:
    if fault.kind == "refuse_scope":
        raise responses.app_permission_missing(fault.permission)
    if fault.kind == "redirect":
        location = fault.location or fault.host + context.uri().removeprefix(context.state.url)
        return ApiResponse(fault.status or 302, b"", None, {"Location": location} | fault.headers)
    if fault.kind == "html":
        return ApiResponse(200, HTML, "text/html", dict(fault.headers))
    status = fault.status or 503
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if fault.body in {"empty", ""}:
        return ApiResponse(status, b"", None, headers)
    if fault.body == "html":
        return ApiResponse(status, HTML, "text/html", headers)
    if fault.body != "json":
        return ApiResponse(status, fault.body.encode(), JSON if fault.body[0] in "{[" else "text/plain", headers)
    code, message = _USUAL.get(status, ("CMN-101" if status < 500 else "CMN-203", "Fault on demand"))
    return responses.api_error(status, fault.code or code, fault.message or message, headers=headers).response


@dataclass(frozen=True, slots=True)
class AsgiConnection:
    """The ASGI side of one request."""

    scope: Scope
    receive: Receive
    send: Send
    connections: Connections


_NO_LINGER = struct.pack("ii", 1, 0)
_FLUSH = 0.02


async def send_response(response: ApiResponse, fault: Fault | None, connection: AsgiConnection) -> None:
    """Send a response.

    A reset or truncate fault breaks the connection before the body or within it; a slow one pauses within it.
    """
    if fault is not None and fault.kind == "reset" and fault.where == "before":
        await _break(connection, reset=True)
        return
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    if response.media_type is not None:
        headers.append((b"content-type", response.media_type.encode()))
    await connection.send({"type": "http.response.start", "status": response.status, "headers": headers})
    if fault is not None and fault.kind in {"reset", "truncate"}:
        part = response.body[: min(int(len(response.body) * fault.fraction), len(response.body) - 1)]
        await connection.send({"type": "http.response.body", "body": part, "more_body": True})
        # A reset discards what is still in the socket's buffer, so nothing of the body would arrive.
        await asyncio.sleep(_FLUSH)
        await _break(connection, reset=fault.kind == "reset")
        return
    sent = 0
    if fault is not None and fault.kind == "slow":
        sent = int(len(response.body) * fault.fraction)
        await connection.send({"type": "http.response.body", "body": response.body[:sent], "more_body": True})
        await asyncio.sleep(fault.seconds)
    await connection.send({"type": "http.response.body", "body": response.body[sent:]})


async def _break(connection: AsgiConnection, *, reset: bool) -> None:
    # With two listening ports, only both ends together identify a connection.
    ends = (connection.scope.get("client"), connection.scope.get("server"))
    for protocol in list(connection.connections()):
        if protocol.client is not None and (protocol.client, protocol.server) == ends:
            if reset:
                raw = protocol.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                protocol.transport.abort()
            else:
                protocol.transport.close()
    while (await connection.receive())["type"] != "http.disconnect":
        pass
