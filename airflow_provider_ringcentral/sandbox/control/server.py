"""Running the sandbox, in a thread of this process or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Self

import uvicorn

from airflow_provider_ringcentral.sandbox.control.client import SandboxControl
from airflow_provider_ringcentral.sandbox.control.routes import make_app
from airflow_provider_ringcentral.sandbox.model.options import Options
from airflow_provider_ringcentral.sandbox.model.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

HOST = "127.0.0.1"
READY = "Sandbox listening at "
"""The text that the command prints before the URL."""

_STOP_SECONDS = 10


class _Uvicorn(uvicorn.Server):
    """A uvicorn server that stops at once: the original checks only ten times a second whether it should stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 0.1)

    def stop(self) -> None:
        """Make `run` return; safe from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has just closed by itself
                self._loop.call_soon_threadsafe(self._wake.set)


_ports: set[int] = set()
"""Ports that sandboxes of this process have had. The system reuses them, and a client that has cached the token of an
earlier sandbox under its URL would send it to the later one."""
MOST_PORTS = 10_000


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def unused_listener(bind: Callable[[], socket.socket], used: set[int]) -> socket.socket:
    """Call `bind` until it returns a listener whose port is not in `used`, and add the port there."""
    listener = bind()
    while listener.getsockname()[1] in used and len(used) < MOST_PORTS:
        again = bind()
        listener.close()
        listener = again
    used.add(listener.getsockname()[1])
    return listener


class Server:
    """A uvicorn server on a loopback port, or on two with a media host. It binds when created and serves in `run`."""

    def __init__(self, options: Options) -> None:
        self._sockets: list[socket.socket] = []
        try:
            self.url = self._listen(options.port)
            self.state = State(options, self.url, self._listen(0) if options.media_host else None)
        except BaseException:
            self._close()
            raise
        config = uvicorn.Config(
            make_app(self.state, lambda: self._uvicorn.server_state.connections),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            # After uvicorn's 5 s, a client may pick an idle connection in the moment in which the server closes it.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = _Uvicorn(config)

    def _listen(self, port: int) -> str:
        """Bind a port (0: a free one) and return its URL."""
        listener = _bound(port) if port else unused_listener(lambda: _bound(0), _ports)
        self._sockets.append(listener)
        listener.listen(1024)
        return f"http://{HOST}:{listener.getsockname()[1]}"

    def _close(self) -> None:
        for listener in self._sockets:
            listener.close()

    def run(self) -> None:
        """Serve requests until `stop` is called."""
        try:
            self._uvicorn.run(sockets=self._sockets)
        finally:
            self._close()

    def stop(self) -> None:
        """Make `run` return; safe from any thread."""
        self._uvicorn.stop()


class Sandbox(SandboxControl):
    """RingCentral on a free loopback port, for tests of your DAGs.

        with Sandbox(calls=500) as sandbox:
            os.environ["AIRFLOW_CONN_RINGCENTRAL_DEFAULT"] = sandbox.connection_uri
            dag.test()
            assert sandbox.stats()["limited"] == 0

    The arguments are the fields of `Options`; the guide "Testing DAGs with the sandbox" explains each: the calls
    (`calls`, `start`, `end`, `seed`, `layout`), their recordings (`media_host`, `recording_bytes_per_second`), limits
    (`limits`, `scale`, `token_seconds`, `sessions`), and the behaviour that RingCentral does not document (`date_to`,
    `order`, `page_fill`, …). `start` and `end` are datetimes with a zone or ISO text. `process=True` runs the server in
    a process of its own, so that its CPU time is not yours. It is ready when `with` is entered; when `with` is left, it
    has stopped and freed its ports.
    """

    def __init__(self, *, process: bool = False, **options: Any) -> None:
        super().__init__("")
        for name in ("start", "end"):
            if isinstance(options.get(name), datetime):
                options[name] = _iso(options[name])
        self.options = Options(**options)
        self._in_process = process
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The id of the server's process, when it has one of its own."""
        return self._child.pid if self._child else None

    @property
    def url(self) -> str:
        """The server URL, such as `http://127.0.0.1:40123`."""
        if not self._url:
            raise RuntimeError("the sandbox is not running: use it in a with statement, or call start() first")
        return self._url

    def start(self) -> None:
        """Start serving; `with` does it for you."""
        if self._in_process:
            self._child, self._url = _spawn(self.options)
            return
        self._server = Server(self.options)
        self._url = self._server.url
        # The socket listens already, so a client that connects now is served as soon as the thread runs.
        self._thread = threading.Thread(target=self._server.run, name="ringcentral-sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(_STOP_SECONDS)
            self._server = self._thread = None
        if self._child is not None:
            _end(self._child)
            self._child = None
        self._url = ""


def _iso(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone: give a datetime with tzinfo, or ISO text")
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _spawn(options: Options) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "airflow_provider_ringcentral.sandbox", "--options", json.dumps(options.as_dict())]
    # The child stops when its standard input closes, so it ends with this process, however that ends.
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*command, "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    line = _stream(child.stdout).readline()
    if not line.startswith(READY):
        _end(child)
        raise RuntimeError(f"the sandbox did not start; its first line of output was {line!r}")
    return child, line.removeprefix(READY).strip()


def _end(child: subprocess.Popen[str]) -> None:
    _stream(child.stdin).close()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    _stream(child.stdout).close()


def _stream(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("the sandbox's process has no pipe")
    return stream
