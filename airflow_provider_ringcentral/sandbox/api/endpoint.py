"""The ASGI side of an operation."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.fault_injection import Wire, deliver
from airflow_provider_ringcentral.sandbox.api.middleware import Operation, Outcome, judge
from airflow_provider_ringcentral.sandbox.api.request_context import Visit
from airflow_provider_ringcentral.sandbox.api.uploads import receive_upload
from airflow_provider_ringcentral.sandbox.model.rate_limits import MEDIA, UNLIMITED
from airflow_provider_ringcentral.sandbox.model.request_log import Entry

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from airflow_provider_ringcentral.sandbox.api.fault_injection import Connections
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.faults import Fault
    from airflow_provider_ringcentral.sandbox.model.state import State


def _unknown(_: Visit) -> Answer:
    raise responses.unknown_route()


UNKNOWN = Operation("unknown", "GET", "", UNLIMITED, _unknown)
"""What is asked for under a path that the host does not have."""

_TOKENS = re.compile(r"\b((?:access_token|token|assertion)=)[^&]*")


class Endpoint:
    """Serves one operation; also what answers paths that no operation has (`UNKNOWN`)."""

    def __init__(self, operation: Operation, state: State, connections: Connections) -> None:
        self.state = state
        self._operation = operation
        # The media host serves nothing but media, and counts for itself.
        self._on_media = replace(operation, group=MEDIA) if operation.media else UNKNOWN
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes a request from its first byte to its line in the journal."""
        arrived = time.time()
        operation = self._on_media if self.state.is_media(scope["server"][1]) else self._operation
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "")
        upload = None
        if operation.uploads and not kind.startswith(responses.JSON):
            upload = await receive_upload(receive, kind)
        visit = Visit(
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
            early = self.state.faults.pick(operation.id, visit.method, visit.path, early=True)
        for fault in early:
            if fault.kind == "slow" and fault.where == "before":
                await asyncio.sleep(fault.seconds)
        with self.state.lock:
            outcome = judge(operation, visit, early)
            self._note(operation, visit, outcome, early, arrived=arrived, scope=scope)
        pause = next((fault for fault in early if fault.kind == "slow" and fault.where == "body"), None)
        await deliver(outcome.answer, outcome.fault or pause, Wire(scope, receive, send, self._connections))

    def _note(
        self, operation: Operation, visit: Visit, outcome: Outcome, early: list[Fault], *, arrived: float, scope: Scope
    ) -> None:
        fault = outcome.fault or (early[-1] if early else None)
        unanswered = outcome.fault is not None and outcome.fault.kind == "reset" and outcome.fault.where == "before"
        kind = visit.headers.get("authorization", "").partition(" ")[0] or None
        ruling, journal = outcome.ruling, self.state.journal
        journal.note(
            Entry(
                method=visit.method,
                path=visit.path,
                query=_TOKENS.sub(r"\1…", scope["query_string"].decode("latin-1")),
                operation=operation.id if operation is not UNKNOWN else None,
                group=operation.group if operation is not UNKNOWN else None,
                status=0 if unanswered else outcome.answer.status,
                time=arrived,
                seconds=time.time() - arrived,
                authorization=kind,
                user_agent=visit.headers.get("user-agent"),
                limited=ruling is not None and not ruling.allowed,
                in_penalty=ruling is not None and ruling.in_penalty,
                fault=fault.kind if fault else None,
            )
        )
        if operation.id == "getToken":
            journal.counts["logins" if outcome.answer.status == 200 else "logins_refused"] += 1


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
