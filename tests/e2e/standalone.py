"""A real Airflow (scheduler, triggerer, DAG processor, API server) on loopback ports, stopped with all its children."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import requests

READY_SECONDS = 150
AIRFLOW = Path(sys.executable).parent / "airflow"


class Standalone:
    """`with Standalone(home, dags) as airflow: airflow.run("dag_id")`. Everything it knows lies under `home`."""

    def __init__(self, home: Path, dags: Path, **environment: str) -> None:
        self.home = home
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "6",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "NO_PROXY": "127.0.0.1,localhost",
            # The wheel of the checkout is found by this interpreter; `airflow` must find its siblings too.
            "PATH": f"{AIRFLOW.parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        }

    def __enter__(self) -> Self:
        subprocess.run([AIRFLOW, "db", "migrate"], env=self.environment, check=True, capture_output=True)
        self._log = (self.home / "standalone.log").open("wb")
        self._process = subprocess.Popen(
            [AIRFLOW, "standalone"],
            env=self.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait_until_healthy()
            self._session = requests.Session()
            self._session.trust_env = False
            token = self._session.get(f"{self.url}/auth/token", timeout=30).json()["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # SIGTERM to `standalone` leaves the scheduler's workers alive, so the whole tree goes.
        for pid in [*descendants(self._process.pid), self._process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        self._log.close()

    def api(self, method: str, path: str, **options: Any) -> Any:
        """An answer of `/api/v2`, decoded."""
        response = self._session.request(method, f"{self.url}{path}", timeout=60, **options)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def add_connection(self, conn_id: str, connection: dict[str, Any]) -> None:
        """Store a Connection in the metadata database, as the UI does."""
        self.api("POST", "/api/v2/connections", json={"connection_id": conn_id, **connection})

    def unpause(self, dag_id: str, seconds: float = 240) -> None:
        """Let a DAG run, once it is parsed."""
        deadline = time.monotonic() + seconds
        while not self._session.get(f"{self.url}/api/v2/dags/{dag_id}", timeout=30).ok:
            assert time.monotonic() < deadline, f"{dag_id} was never parsed"
            time.sleep(1)
        self.api("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def run(self, dag_id: str, seconds: float = 240) -> tuple[str, str]:
        """Run a DAG and return its run id and final state."""
        self.unpause(dag_id, seconds)
        run_id = self.api("POST", f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None})["dag_run_id"]
        deadline = time.monotonic() + seconds
        while True:
            state = self.api("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
            if state in ("success", "failed"):
                return run_id, state
            assert time.monotonic() < deadline, f"{dag_id} is still {state}"
            time.sleep(1)

    def wait_for_successes(self, dag_id: str, count: int, seconds: float = 240) -> None:
        """Wait until so many runs of a DAG, which something else starts, have succeeded."""
        deadline, states = time.monotonic() + seconds, []
        while states.count("success") < count:
            assert time.monotonic() < deadline, f"runs of {dag_id} are {states}"
            time.sleep(1)
            states = [run["state"] for run in self.api("GET", f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]]
            assert "failed" not in states, self.logs()[-5000:]

    def logs(self) -> str:
        """Everything Airflow has logged: tasks, triggers and its own processes."""
        files = (path for path in self.home.rglob("*.log*") if path.is_file())
        return "\n".join(path.read_text(errors="replace") for path in files)

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, (self.home / "standalone.log").read_text(errors="replace")[-3000:]
            try:
                health = requests.get(f"{self.url}/api/v2/monitor/health", timeout=5).json()
            except (requests.RequestException, ValueError):
                health = {}
            parts = ("scheduler", "triggerer", "dag_processor")
            if all(health.get(part, {}).get("status") == "healthy" for part in parts):
                return
            time.sleep(1)
        raise AssertionError((self.home / "standalone.log").read_text(errors="replace")[-3000:])


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, children before parents."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    below = children.get(pid, [])
    return [process for child in below for process in (*descendants(child), child)]
