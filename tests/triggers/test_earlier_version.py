"""Triggers that the version before the new house has written to Airflow's database start and wait as they did."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from airflow_provider_ringcentral.sending.status.arrival import Arrival
from airflow_provider_ringcentral.triggers.calls import EndedCallFilter

PACKAGE = "airflow_provider_ringcentral.triggers"
WAIT = {"ringcentral_conn_id": "rc", "poke_interval": 60.0, "deadline": 1795000000.0}
WRITTEN: list[tuple[str, dict[str, Any]]] = [
    (
        f"{PACKAGE}.api.RingCentralApiTrigger",
        {**WAIT, "path": "/restapi/v1.0/account/~", "query": {"a": ["1"]}, "condition": "id == 1", "missing_ok": True},
    ),
    (f"{PACKAGE}.api.RingCentralPauseTrigger", {"moment": 1794000000.0, "deadline": 1795000000.0}),
    (f"{PACKAGE}.quota.RingCentralQuotaTrigger", {"moment": 1794000000.0}),
    (
        f"{PACKAGE}.quota.RingCentralQuotaTrigger",
        {
            "moment": 1794000000.0,
            "place": {"owner": "o", "group": "Heavy", "turn": "t"},
            "deadline": 1795000000.0,
        },
    ),
    (
        f"{PACKAGE}.ring_out.RingCentralRingOutTrigger",
        {"moment": 1794000000.0, "ringcentral_conn_id": "rc", "call_id": "42"},
    ),
    (
        f"{PACKAGE}.messages.RingCentralMessageStatusTrigger",
        {**WAIT, "ids": ["1", "2"], "wait_for": "sent", "since": 1793000000.0},
    ),
    (f"{PACKAGE}.batches.RingCentralA2PBatchTrigger", {**WAIT, "ids": ["7"], "wait_for": "delivered", "since": None}),
    (
        f"{PACKAGE}.messages.RingCentralNewMessageTrigger",
        {
            **WAIT,
            "path": "/restapi/v1.0/account/~/extension/~/message-store",
            "wanted": {
                "since": 1793000000.0,
                "types": ["SMS"],
                "direction": "Inbound",
                "from_numbers": ["+16505550100"],
                "to_numbers": [],
                "but_not": ["5"],
                "slack": 60.0,
            },
            "start": 1793000100.0,
        },
    ),
    (
        f"{PACKAGE}.calls.RingCentralCallTrigger",
        {
            **WAIT,
            "path": "/restapi/v1.0/account/~/call-log-extract-sync",
            "wanted": {
                "since": 1793000000.0,
                "direction": "Inbound",
                "call_type": "Voice",
                "results": ["Missed"],
                "from_numbers": [],
                "to_numbers": [],
                "extensions": ["9"],
                "but_not": ["5"],
                "slack": 60.0,
            },
            "start": 1793000100.0,
        },
    ),
]
"""As they stand in the columns `classpath` and `kwargs` of Airflow's table `trigger`."""


def restored(path: str, arguments: dict[str, Any]) -> Any:
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)(**arguments)


@pytest.mark.parametrize(("path", "arguments"), WRITTEN, ids=[path.rsplit(".", 1)[1] for path, _ in WRITTEN])
def test_it_starts_again_and_is_written_the_same(path, arguments):
    assert restored(path, arguments).serialize() == (path, arguments)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "RingCentralNewMessageTrigger",
            Arrival(
                1793000000.0,
                types=("SMS",),
                direction="Inbound",
                from_numbers=("+16505550100",),
                but_not=frozenset({"5"}),
                slack=60.0,
            ),
        ),
        (
            "RingCentralCallTrigger",
            EndedCallFilter(
                1793000000.0,
                direction="Inbound",
                call_type="Voice",
                results=("Missed",),
                extensions=("9",),
                but_not=frozenset({"5"}),
                slack=60.0,
            ),
        ),
    ],
)
def test_its_filter_is_read(name, wanted):
    (written,) = [one for one in WRITTEN if one[0].endswith(name)]
    _, subscription = restored(*written).subscribe()

    assert (subscription.wanted, subscription.start) == (wanted, 1793000100.0)


def test_its_ids_are_read():
    by_name = {path.rsplit(".", 1)[1]: restored(path, arguments) for path, arguments in WRITTEN}
    messages, batches = (
        by_name[name].subscribe()[1] for name in ("RingCentralMessageStatusTrigger", "RingCentralA2PBatchTrigger")
    )

    assert (list(messages.pending), messages.since) == (["1", "2"], 1793000000.0)
    assert (list(batches.pending), batches.since) == (["7"], None)
