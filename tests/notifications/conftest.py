"""A sandbox that takes alerts, and contexts as Airflow gives them to callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

RUN = "scheduled__2026-11-24T00:00:00+00:00"


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    limits = dict.fromkeys(("Auth", "Light", "Medium", "Heavy"), 100_000)
    with Sandbox(calls=0, limits=limits, scale=0.02, sms_per_minute=0) as sandbox:
        yield sandbox


@pytest.fixture
def desk(office: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """The same, with a Connection to it, a ledger of this test and no faults."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_for(timeout="1"))
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    office.reset_stats()
    yield office
    office.clear_faults()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was logged so far, from INFO on. Airflow 3 writes some lines to stdout."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + capsys.readouterr().out


def failed(task: str = "load", *, dag: str = "etl", map_index: int = -1, **more: Any) -> dict[str, Any]:
    """The context of a task's on_failure_callback. The DAG makes its templates strict."""
    from airflow.providers.common.compat.sdk import DAG

    ti = SimpleNamespace(
        dag_id=dag, task_id=task, run_id=RUN, map_index=map_index, try_number=1, max_tries=0, state="failed"
    )
    run = SimpleNamespace(dag_id=dag, run_id=RUN)
    known = {"dag": DAG(dag, schedule=None), "ti": ti, "dag_run": run, "run_id": RUN}
    return {**known, "exception": ValueError("secret of a row"), **more}
