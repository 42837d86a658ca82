"""`python -m airflow_provider_ringcentral.sandbox` runs the sandbox until you stop it."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.control.client import SandboxControl
from airflow_provider_ringcentral.sandbox.control.server import READY, Server
from airflow_provider_ringcentral.sandbox.model.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFAULTS = Options()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_ringcentral.sandbox",
        description="RingCentral on a loopback port: token endpoint, call log, limits and penalties, faults on demand.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 picks a free port")
    add("--calls", type=int, default=_DEFAULTS.calls, help="number of calls in the log (default %(default)s)")
    add("--start", help="start of the calls' window, ISO 8601 with a zone (default: 7 days before --end)")
    add("--end", help="end of the calls' window (default: half an hour ago)")
    add("--seed", type=int, default=_DEFAULTS.seed, help="other names, numbers and ids")
    add("--layout", default=_DEFAULTS.layout, help="even, milliseconds, instants:N or clusters:N")
    add("--pretty", action="store_true", help="JSON over many lines")
    add("--media-host", action="store_true", help="serve the bytes of recordings on a second port")
    add("--scale", type=float, default=1.0, help="length of a minute for limits and tokens: 0.01 makes it 0.6 s")
    add("--no-limits", action="store_true", help="no request limits")
    add("--token-seconds", type=float, default=_DEFAULTS.token_seconds, help="life of a token before scaling")
    add("--options", type=json.loads, default={}, help="any options as one JSON object; wins over the flags")
    add("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted, and return 0; return 2 when an option is wrong."""
    options = vars(_parser().parse_args(arguments))
    overrides: dict[str, Any] = options.pop("options")
    until_stdin_closes = options.pop("until_stdin_closes")
    options["limits"] = not options.pop("no_limits")
    try:
        server = Server(Options(**(options | overrides)))
    except (TypeError, ValueError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    if until_stdin_closes:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    threading.Thread(target=_announce, args=(server.url,), daemon=True).start()
    with suppress(KeyboardInterrupt):
        server.run()
    return 0


def _stop_with_stdin(server: Server) -> None:
    sys.stdin.read()
    server.stop()


def _announce(url: str) -> None:
    """Print the URL, and the Connection to paste. The control call returns once the server serves."""
    connection = SandboxControl(url).connection_uri
    print(f"{READY}{url}", flush=True)
    print(f"export AIRFLOW_CONN_RINGCENTRAL_DEFAULT='{connection}'", flush=True)


if __name__ == "__main__":
    sys.exit(main())
