"""RingCentral for operators that send and post: one sandbox a module, a ledger a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    limits = dict.fromkeys(("Auth", "Light", "Medium", "Heavy"), 100_000)
    with Sandbox(calls=0, limits=limits, scale=0.02, webhooks_per_minute=0) as sandbox:
        yield sandbox


@pytest.fixture
def desk(office: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """The same, with a Connection to it, a ledger of this test and no faults."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_uri)
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    office.reset_stats()
    yield office
    office.clear_faults()


class Store(dict[str, Any]):
    """Airflow's task state store, as a task sees it."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value
