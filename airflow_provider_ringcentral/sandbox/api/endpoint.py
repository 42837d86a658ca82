"""The ASGI application of an operation."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.fault_injection import AsgiConnection, send_response
from airflow_provider_ringcentral.sandbox.api.middleware import HandledRequest, Operation, handle_request
from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
from airflow_provider_ringcentral.sandbox.api.uploads import receive_upload
from airflow_provider_ringcentral.sandbox.model.rate_limits import MEDIA, UNLIMITED
from airflow_provider_ringcentral.sandbox.model.request_log import LoggedRequest

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from airflow_provider_ringcentral.sandbox.api.fault_injection import Connections
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.faults import Fault
    from airflow_provider_ringcentral.sandbox.model.state import State


def _unknown(_: RequestContext) -> ApiResponse:
    raise responses.unknown_route()


UNKNOWN = Operation("unknown", "GET", "", UNLIMITED, _unknown)
"""The operation of all paths that no other operation has."""

_TOKENS = re.compile(r"\b((?:access_token|token|assertion)=)[^&]*")


class Endpoint:
    """Serves one operation; with `UNKNOWN`, the paths that no operation has."""

    def __init__(self, operation: Operation, state: State, connections: Connections) -> None:
        self.state = state
        self._operation = operation
        # The media host serves media only, and its requests count in a group of their own.
        self._on_media = replace(operation, group=MEDIA) if operation.media else UNKNOWN
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a request, handle it, log it, and send the response."""
        arrived = time.time()
        operation = self._on_media if self.state.is_media(scope["server"][1]) else self._operation
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "")
        upload = None
        if operation.uploads and not kind.startswith(responses.JSON):
            upload = await receive_upload(receive, kind)
        context = RequestContext(
            state=self.state,
            method=scope["method"],
            path=scope["path"],
            query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            headers=headers,
            body=b"" if upload else await _body(receive),
            upload=upload,
            ids=scope.get("path_params", {}),
            user_permission=operation.user_permission,
        )
        with self.state.lock:
            early = self.state.faults.pick(operation.id, context.method, context.path, early=True)
        for fault in early:
            if fault.kind == "slow" and fault.where == "before":
                await asyncio.sleep(fault.seconds)
        with self.state.lock:
            handled = handle_request(operation, context, early)
            self._log(operation, context, handled, early, arrived=arrived, scope=scope)
        pause = next((fault for fault in early if fault.kind == "slow" and fault.where == "body"), None)
        await send_response(
            handled.response, handled.fault or pause, AsgiConnection(scope, receive, send, self._connections)
        )

    def _log(
        self,
        operation: Operation,
        context: RequestContext,
        handled: HandledRequest,
        early: list[Fault],
        *,
        arrived: float,
        scope: Scope,
    ) -> None:
        fault = handled.fault or (early[-1] if early else None)
        unanswered = handled.fault is not None and handled.fault.kind == "reset" and handled.fault.where == "before"
        kind = context.headers.get("authorization", "").partition(" ")[0] or None
        decision, request_log = handled.decision, self.state.request_log
        request_log.add(
            LoggedRequest(
                method=context.method,
                path=context.path,
                query=_TOKENS.sub(r"\1…", scope["query_string"].decode("latin-1")),
                operation=operation.id if operation is not UNKNOWN else None,
                group=operation.group if operation is not UNKNOWN else None,
                status=0 if unanswered else handled.response.status,
                time=arrived,
                seconds=time.time() - arrived,
                authorization=kind,
                user_agent=context.headers.get("user-agent"),
                limited=decision is not None and not decision.allowed,
                in_penalty=decision is not None and decision.in_penalty,
                fault=fault.kind if fault else None,
            )
        )
        if operation.id == "getToken":
            request_log.counts["logins" if handled.response.status == 200 else "logins_refused"] += 1


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
