"""Clients of a sandbox, on a ledger in a file and with a clock that a test may move on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.sandbox import Sandbox

EXTENSION = "/restapi/v1.0/account/~/extension/~"
LOG = "/restapi/v1.0/account/~/call-log"
UNKNOWN = "/restapi/v1.0/account/~/extension/~/blocked-number"
"""A path that neither the table of endpoints nor the sandbox knows: only faults answer it with anything but 404."""


class ClockedLedger(SqliteLedger):
    """A ledger whose clock is `ahead` seconds."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


def credentials_of(sandbox: Sandbox, **changes: Any) -> Credentials:
    own = Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url, timeout=10.0)
    return replace(own, **changes)


@pytest.fixture
def start() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes with chosen options."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(**{"calls": 100} | options))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ClockedLedger]:
    ledger = ClockedLedger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def client_of(ledger: ClockedLedger) -> Iterator[Callable[..., RingCentralClient]]:
    """Makes clients of a sandbox: quick ones, on the test's ledger; `credentials` changes theirs."""
    with ExitStack() as stack:

        def make(
            sandbox: Sandbox,
            *,
            on: Ledger | None = None,
            credentials: dict[str, Any] | None = None,
            max_wait: float = 30.0,
            **arguments: Any,
        ) -> RingCentralClient:
            policy = Policy(backoff=0.01, max_wait=max_wait)
            made = RingCentralClient(
                credentials_of(sandbox, **(credentials or {})), on or ledger, policy=policy, **arguments
            )
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def seen() -> Callable[[Sandbox, str], list[dict[str, Any]]]:
    """The requests that the sandbox has had of an operation."""
    return lambda sandbox, operation: [entry for entry in sandbox.requests() if entry["operation"] == operation]


@dataclass
class OddServer:
    """A server that gives out a token, and to everything else the answers it was told, the last one again and again.

    `got` has method, path, headers and body of all requests. For a body that breaks off, `missing` bytes are promised
    and not sent. The names of a Sandbox, so that it can stand in for one.
    """

    url: str = ""
    client_id: str = "the-client-id"
    client_secret: str = "the:secrét"
    jwt: str = "aGVhZA.cGF5bG9hZA.c2lnbmF0dXJl"
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    told: list[tuple[int, dict[str, str], bytes, int]] = field(default_factory=list)
    token: dict[str, Any] = field(default_factory=lambda: {"access_token": "the-token", "expires_in": 3600})
    drip: threading.Event | None = None
    """Until it is set, a token comes space by space, ten a second."""

    def tell(self, status: int = 200, body: bytes = b"{}", missing: int = 0, **headers: str) -> None:
        self.told.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, body, missing))

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        size = int(handler.headers.get("Content-Length") or 0)
        self.got.append((handler.command, handler.path, dict(handler.headers), handler.rfile.read(size)))
        if handler.path == "/restapi/oauth/token":
            status, headers, body, missing = 200, {}, json.dumps(self.token).encode(), 0
            if self.drip is not None:
                self.dripping(handler, self.drip)
                return
        else:
            status, headers, body, missing = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        handler.send_response(status)
        for name, value in (
            {"Content-Type": "application/json", "Content-Length": str(len(body) + missing)} | headers
        ).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = bool(missing)

    def dripping(self, handler: BaseHTTPRequestHandler, enough: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not enough.wait(0.1):
            handler.wfile.write(b" ")
        handler.close_connection = True

    @property
    def calls(self) -> list[tuple[str, str, dict[str, str], bytes]]:
        """What came after the login."""
        return [request for request in self.got if request[1] != "/restapi/oauth/token"]


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return lambda: server.answer(self)
            raise AttributeError(name)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        http.shutdown()
        thread.join()
