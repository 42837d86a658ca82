"""The slice of RingCentral's OpenAPI file in tests/data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.endpoints import ENDPOINTS
from airflow_provider_ringcentral.sandbox.api.routes import OPERATIONS

PROJECT = Path(__file__).parents[1]
SLICE = PROJECT / "tests" / "data" / "openapi.json"
SPECIFICATION = PROJECT.parent / "shared" / "ringcentral" / "openapi-2026.yml"


def test_the_slice_has_every_operation_that_is_used(specification):
    sliced = {one["operationId"] for item in specification["paths"].values() for one in item.values()}
    # The URL of an incoming webhook is no operation of the API.
    used = {row.id for row in (*ENDPOINTS, *OPERATIONS)} - {"postToWebhook"}

    assert sliced == used, "run scripts/slice-openapi"


def test_every_reference_leads_to_a_component(specification):
    text = SLICE.read_text(encoding="utf-8")
    for kind, components in specification["components"].items():
        for name in components:
            assert f'"#/components/{kind}/{name}"' in text
    assert text.count('"$ref"') > 100


@pytest.mark.skipif(not SPECIFICATION.exists(), reason=f"RingCentral's OpenAPI file is not at {SPECIFICATION}")
def test_the_slice_is_what_ringcentrals_file_says(tmp_path):
    target = tmp_path / "openapi.json"
    subprocess.run([sys.executable, PROJECT / "scripts" / "slice-openapi", SPECIFICATION, target], check=True)

    assert json.loads(target.read_text(encoding="utf-8")) == json.loads(SLICE.read_text(encoding="utf-8"))
