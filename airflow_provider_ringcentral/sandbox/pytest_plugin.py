"""A sandbox for tests without Airflow; `airflow_provider_ringcentral.pytest_plugin` has it, and runs DAGs too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ringcentral_sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A fresh sandbox that the Connection `ringcentral_default` leads to.

    A marker chooses its options: `@pytest.mark.ringcentral_sandbox(calls=100, limits=False)`.
    """
    marker = request.node.get_closest_marker("ringcentral_sandbox")
    options = marker.kwargs if marker else {}
    with Sandbox(**options) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, so that `--strict-markers` accepts it."""
    config.addinivalue_line("markers", "ringcentral_sandbox(**options): options of the ringcentral_sandbox fixture")
