"""A worker process: the first try of a task that sends, with its notes in a file.

python worker.py JSON, with: class (such as operators.sms.RingCentralSendSmsOperator), arguments, and store (a file that
stands in for Airflow's task state store; null: the ledger).
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class FileStore:
    """As durable as Airflow's: each value is on the disk before the task goes on."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def _values(self) -> dict[str, Any]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    def get(self, key: str, default: Any = None) -> Any:
        return self._values().get(key, default)

    def set(self, key: str, value: Any) -> None:
        new = self._path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps({**self._values(), key: value}))
        new.replace(self._path)


def main(job: dict[str, Any]) -> None:
    module, _, name = job["class"].rpartition(".")
    operator = getattr(importlib.import_module(f"airflow_provider_ringcentral.{module}"), name)
    ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="send", map_index=-1, try_number=1, max_tries=3)
    context: dict[str, Any] = {"ti": ti, "task": SimpleNamespace(retries=3)}
    if job["store"]:
        context["task_state_store"] = FileStore(job["store"])
    operator(task_id="send", **job["arguments"]).execute(context)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(json.loads(sys.argv[1]))
