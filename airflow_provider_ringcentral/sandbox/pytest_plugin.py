"""The fixture `ringcentral_sandbox`, without Airflow; `airflow_provider_ringcentral.pytest_plugin` adds `run_dag`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def _ringcentral_ledger_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ringcentral-ledger")


@pytest.fixture
def ringcentral_sandbox(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _ringcentral_ledger_folder: Path
) -> Iterator[Sandbox]:
    """Start a sandbox to which the Connection `ringcentral_default` leads, with an empty ledger of the test's own.

    Messages, alerts and quota of other tests do not count, nor does the ledger of your Airflow. A marker sets options:
    `@pytest.mark.ringcentral_sandbox(calls=100, limits=False)`.
    """
    marker = request.node.get_closest_marker("ringcentral_sandbox")
    options = marker.kwargs if marker else {}
    # One file for all tests, deleted before each: every further ledger would keep files open in this process.
    ledger = _ringcentral_ledger_folder / "ledger.sqlite"
    for path in _ringcentral_ledger_folder.iterdir():
        path.unlink()
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{quote(ledger.as_posix())}")
    with Sandbox(**options) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that `--strict-markers` accepts it."""
    config.addinivalue_line("markers", "ringcentral_sandbox(**options): options of the ringcentral_sandbox fixture")
