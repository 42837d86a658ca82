"""What a contender is asked to do, and what it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from airflow_provider_ringcentral.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
CONNECTION_ID = "bench_ringcentral"
HTTP_CONNECTION_ID = "bench_http"


@dataclass(frozen=True, slots=True)
class Job:
    """The calls of `start <= t < end` (ISO 8601) at `url` go to the file `destination`."""

    contender: str
    url: str
    client_id: str
    client_secret: str
    jwt: str
    start: str
    end: str
    destination: str
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """`cpu`, `wall` (seconds) and `growth` (peak of memory, bytes) since the imports; `whole_cpu` includes them.

    `samples` counts, per kind of work, the ticks of the CPU and of the wall clock that fell on it. `pages` counts the
    requests for pages that the sandbox got.
    """

    contender: str
    records: int
    size: int
    cpu: float
    wall: float
    whole_cpu: float
    growth: float
    samples: dict[str, dict[str, int]] = field(default_factory=dict)
    pages: int = 0

    @property
    def rate(self) -> float:
        """Records per CPU second."""
        return self.records / self.cpu


def run(contender: str, sandbox: Sandbox, *, sampled: bool = False) -> Result:
    """All calls of the sandbox, by a contender in a fresh process with an Airflow home and a folder of its own."""
    info = sandbox.info()
    sandbox.reset_stats()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        job = Job(
            contender=contender,
            url=sandbox.url,
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            jwt=sandbox.jwt,
            start=info["start"],
            end=info["end"],
            destination=f"{folder}/calls.ndjson",
            sampled=sampled,
        )
        command = [sys.executable, "-m", "bench.contender"]
        done = subprocess.run(
            command,
            input=json.dumps(asdict(job)),
            env=_environment(sandbox, folder),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    result = Result(**json.loads(done.stdout.splitlines()[-1]))
    return replace(result, pages=sandbox.stats()["groups"]["Heavy"])


def _environment(sandbox: Sandbox, home: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    return inherited | {
        "AIRFLOW_HOME": home,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        f"AIRFLOW_CONN_{CONNECTION_ID.upper()}": sandbox.connection_uri,
        f"AIRFLOW_CONN_{HTTP_CONNECTION_ID.upper()}": json.dumps({"conn_type": "http", "host": sandbox.url}),
        "NO_PROXY": "127.0.0.1,localhost",
    }
