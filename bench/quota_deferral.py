"""A deferrable extract in a process with Airflow: how much of its time is spent inside `execute`, as a JSON line."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from airflow_provider_ringcentral.sandbox import Sandbox

PAGES, SCALE = 200, 0.2
START, END = "2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z"


def main(pages: int = PAGES, scale: float = SCALE) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="quota-") as folder,
        Sandbox(process=True, calls=pages * 1000, scale=scale, start=START, end=END) as sandbox,
    ):
        connection = json.loads(sandbox.connection_json)
        # Ten seconds of patience for minutes of sixty.
        connection["extra"]["max_wait"] = 10 * scale
        os.environ["AIRFLOW_CONN_RINGCENTRAL_DEFAULT"] = json.dumps(connection)
        ours = Path(folder) / "deferred.ndjson"
        began = time.monotonic()
        inside, deferrals = _run(ours)
        wall = time.monotonic() - began
        sandbox.change_limits(Heavy=100_000)
        sandbox.reset_limits()
        whole = Path(folder) / "whole.ndjson"
        # Another ledger: the first one knows the old limit.
        os.environ["AIRFLOW__RINGCENTRAL__LEDGER_URL"] = "memory://"
        _operator(whole, deferrable=False).execute({})
        equal = ours.read_bytes() == whole.read_bytes()
        stats = sandbox.stats()
    found = {"inside": inside, "wall": wall, "deferrals": deferrals, "equal": equal, "pages": pages}
    print(json.dumps(found | {"limited": stats["limited"]}))
    return 0


def _run(destination: Path) -> tuple[float, int]:
    """Seconds inside `execute`, and deferrals."""
    from airflow.providers.common.compat.sdk import TaskDeferred

    inside, deferrals = 0.0, 0
    while True:
        began = time.monotonic()
        try:
            # A deferred task comes back in another process: nothing of the operator survives but its arguments.
            operator = _operator(destination, deferrable=True)
            operator.execute_complete({}) if deferrals else operator.execute({})
        except TaskDeferred as deferred:
            inside += time.monotonic() - began
            deferrals += 1
            asyncio.run(_first(deferred.trigger))
        else:
            return inside + time.monotonic() - began, deferrals


async def _first(trigger: Any) -> Any:
    async for event in trigger.run():
        return event
    return None


def _operator(destination: Path, *, deferrable: bool) -> Any:
    from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

    return RingCentralExtractCallLogOperator(
        task_id="extract", destination=str(destination), start=START, end=END, deferrable=deferrable
    )


if __name__ == "__main__":
    sys.exit(main())
