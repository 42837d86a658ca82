"""Configuration as values."""

from __future__ import annotations

import os

import pytest

from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.hooks import settings


@pytest.mark.parametrize("name", ["airflow", "50%", "50%20off", "team #1", "what?"])
def test_the_default_ledger_is_in_airflow_home_whatever_its_name(tmp_path, monkeypatch, name):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / name))
    monkeypatch.delenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", raising=False)
    ledger = open_ledger(settings.ledger_url())
    ledger.update("key", lambda _: (b"value", None))
    ledger.close()

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / f"ringcentral-ledger-{os.getuid()}.sqlite").is_file()
