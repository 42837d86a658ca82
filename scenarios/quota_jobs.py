"""The jobs that processes run."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

from airflow_provider_ringcentral.client.auth import login
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery

EXTENSION = "/restapi/v1.0/account/~/extension/~"
CALL_LOG = "/restapi/v1.0/account/~/call-log"


def light(client: RingCentralClient, times: int, pause: float = 0.0) -> int:
    """Requests of group Light."""
    for _ in range(times):
        client.request_json("GET", EXTENSION)
        time.sleep(pause)
    return times


def light_until(client: RingCentralClient, end: float, pause: float) -> int:
    """Requests of group Light until `end` (epoch seconds)."""
    done = 0
    while time.time() < end:
        done += light(client, 1, pause)
    return done


def light_while(client: RingCentralClient, sign: str, pause: float) -> int:
    """Requests of group Light as long as the file `sign` is there."""
    done = 0
    while Path(sign).exists():
        done += light(client, 1, pause)
    return done


def heavy(client: RingCentralClient, times: int, pause: float = 0.0) -> int:
    """Requests of group Heavy."""
    for _ in range(times):
        client.request_json("GET", CALL_LOG, params={"perPage": 1})
        time.sleep(pause)
    return times


def heavy_alone(client: RingCentralClient, times: int, scale: float) -> float:
    """As `heavy`, for a process without a shared ledger where a minute lasts `scale` minutes; the longest request."""
    # The one span of time that a server with short minutes cannot shorten for us.
    login.FIRST_LOGIN_SPREAD_SECONDS *= scale
    longest = 0.0
    for _ in range(times):
        began = time.monotonic()
        heavy(client, 1)
        longest = max(longest, time.monotonic() - began)
    return longest


def extract(client: RingCentralClient, start: str, end: str, destination: str) -> int:
    """All calls of `start <= t < end` (ISO 8601) to a file; how many."""
    from upath import UPath

    query = CallLogQuery(CALL_LOG, datetime.fromisoformat(start), datetime.fromisoformat(end))
    return extract_window(client, query, UPath(destination)).records


def update_ledger(client: RingCentralClient, times: int) -> list[float]:
    """Seconds that each reservation of a place took, waiting for the ledger's lock included."""
    took = []
    for n in range(times):
        began = time.monotonic()
        client.rate_limiter.acquire("owner", f"group-{os.getpid()}-{n}", "ticket")
        took.append(time.monotonic() - began)
    return took
