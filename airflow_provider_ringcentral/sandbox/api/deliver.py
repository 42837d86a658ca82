"""Putting an answer on the wire, or failing to."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.faults import Fault

    Connections = Callable[[], Iterable[Any]]
    """Gives uvicorn's live protocols: each has `client` (host, port) and `transport`."""


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
