"""A Connection that lies in a secrets backend works like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys

PROGRAM = """
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
print(RingCentralJWTHook("rc_in_a_backend").request_json("GET", "/restapi/v1.0/account/~/extension/~")["id"])
"""


def test_a_secrets_backend(sandbox, tmp_path):
    fields = json.loads(sandbox.connection_json)
    path = tmp_path / "connections.json"
    path.write_text(json.dumps({"rc_in_a_backend": fields}))
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(path)}),
    }
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=False, text=True)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().splitlines()[-1].isdigit()
    assert sandbox.stats()["logins"] == 1
    for secret in (sandbox.client_secret, sandbox.jwt):
        assert secret not in ran.stdout + ran.stderr
