"""The Connection a command line asks about: by its id, or given as JSON."""

from __future__ import annotations

import json
import os
from typing import IO

from airflow_provider_ringcentral.hooks.connection_not_found import field_problem
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

GIVEN = "ringcentral_given"


class NotAConnection(Exception):
    """What was given as a Connection is none."""


def hook_by_id(conn_id: str) -> RingCentralJWTHook:
    """The hook of a Connection, wherever it is kept: environment, secrets backend or Airflow's database."""
    # A plain script on Airflow 3 sees environment and secrets backends only; `airflow connections test` sets the same.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    return RingCentralJWTHook(conn_id)


def hook_of_json(stream: IO[str]) -> RingCentralJWTHook:
    """The hook of a Connection in Airflow's JSON form, read from `stream`: no secret shows in the process list."""
    try:
        connection = json.loads(stream.read())
    except ValueError:
        raise NotAConnection("standard input is not JSON") from None
    if not isinstance(connection, dict):
        raise NotAConnection('standard input is not a JSON object like {"login": "…", "password": "…", "extra": {…}}')
    given = {name: value for name, value in connection.items() if value is not None and name != "conn_id"}
    if problem := field_problem(given):
        # Airflow drops a Connection it cannot read without a word, and then says that there is none.
        raise NotAConnection(problem)
    os.environ[f"AIRFLOW_CONN_{GIVEN.upper()}"] = json.dumps({"conn_type": "ringcentral", **given})
    return RingCentralJWTHook(GIVEN)
