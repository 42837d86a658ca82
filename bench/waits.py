"""A thousand deferred waits for messages on one Connection, in one event loop under asyncio's debug mode."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_ringcentral.sandbox import Sandbox
from bench.claim import Claim
from bench.table import Number, table

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.triggers.messages import RingCentralMessageStatusTrigger

WAITS = 1000
ROUNDS = 5
INTERVAL = 3.0
MOST_REQUESTS, MOST_BLOCKED_SECONDS, NOTED_SECONDS = 3, 0.1, 0.02
NUMBER, OWN = "+12125550101", "+16505551001"
SEND = "/restapi/v1.0/account/~/extension/~/sms"
ROOMY = {"Auth": 5, "Light": 50, "Medium": 100_000}


def measure(rounds: int) -> list[Claim]:
    """`rounds` times."""
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
    with Sandbox(calls=0, limits=ROOMY, sms_per_minute=0) as sandbox:
        os.environ["AIRFLOW_CONN_RINGCENTRAL_DEFAULT"] = sandbox.connection_uri
        sandbox.number_outcome(NUMBER, status="Queued")
        found = [asyncio.run(_wait(sandbox), debug=True) for _ in range(rounds)]
    print(f"\n## {WAITS:,} waits for texts on one Connection, in one event loop with asyncio's debug mode\n")
    heads = ["", "requests", "rounds", "429s", "longest step ms", "longest lag of the loop ms"]
    rows = [
        [number, one.requests, one.rounds, one.limited, Number(one.step * 1000), Number(one.lag * 1000)]
        for number, one in enumerate(found, 1)
    ]
    print(table(heads, rows))
    requests, limited = max(one.requests / one.rounds for one in found), sum(one.limited for one in found)
    step = median(one.step for one in found)
    blocked = (
        "waits: no step of the event loop over 100 ms (median of the longest; collections of Airflow's heap apart)"
    )
    return [
        Claim("waits: at most 3 requests a round", f"{requests:.1f}", requests <= MOST_REQUESTS),
        Claim("waits: no 429", str(limited), limited == 0),
        Claim(blocked, f"{step * 1000:.0f} ms", step <= MOST_BLOCKED_SECONDS),
        Claim("waits: all are told", f"{min(one.told for one in found):,}", all(one.told == WAITS for one in found)),
    ]


@dataclass(frozen=True, slots=True)
class Waited:
    """`step`: seconds of the longest piece of work in the loop; `lag`: by how much the loop was late at most."""

    requests: int
    rounds: int
    limited: int
    told: int
    step: float
    lag: float


async def _wait(sandbox: Sandbox) -> Waited:
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

    began = time.time()
    client = RingCentralJWTHook().get_conn()
    ids = await asyncio.to_thread(_send, client)
    # The first one imports what a triggerer has imported anyway.
    await _event(_trigger("1", began, seconds=6.0))
    sandbox.reset_stats()
    # A full collection of all that Airflow's imports leave takes 200 ms here, whoever's garbage it was that set it off.
    gc.collect()
    gc.freeze()
    await asyncio.sleep(0)
    steps, lags, waits = _Steps(), _Lags(), []
    with steps:
        watch = asyncio.create_task(lags.watch())
        for one in ids:
            waits.append(asyncio.create_task(_event(_trigger(one, began))))
            # Airflow's triggerer starts them in a coroutine of its own, too, and not a thousand in one step.
            await asyncio.sleep(0)
        await asyncio.to_thread(_deliver_after, ROUNDS, sandbox, ids)
        events = await asyncio.gather(*waits)
        watch.cancel()
    looks = _looks(sandbox)
    return Waited(
        requests=sum(looks),
        rounds=len(looks),
        limited=sandbox.stats()["limited"],
        told=sum(event["status"] == "success" for event in events),
        step=steps.longest,
        lag=lags.longest,
    )


def _trigger(message_id: str, since: float, seconds: float = 600.0) -> RingCentralMessageStatusTrigger:
    from airflow_provider_ringcentral.triggers.messages import RingCentralMessageStatusTrigger

    return RingCentralMessageStatusTrigger(
        ringcentral_conn_id="ringcentral_default",
        ids=[message_id],
        wait_for="delivered",
        since=since,
        poke_interval=INTERVAL,
        deadline=time.time() + seconds,
    )


def _send(client: RingCentralClient) -> list[str]:
    body = {"from": {"phoneNumber": OWN}, "to": [{"phoneNumber": NUMBER}], "text": "The ledger is closed"}
    return [str(client.request_json("POST", SEND, json=body)["id"]) for _ in range(WAITS)]


def _deliver_after(looks: int, sandbox: Sandbox, ids: Iterable[str]) -> None:
    while len(_looks(sandbox)) < looks:
        time.sleep(1.0)
    for one in ids:
        sandbox.change_message(int(one), "Delivered")


async def _event(trigger: RingCentralMessageStatusTrigger) -> dict[str, Any]:
    return (await anext(aiter(trigger.run()))).payload  # type: ignore[no-any-return]


def _looks(sandbox: Sandbox) -> list[int]:
    """The requests of each round: rounds are `INTERVAL` apart."""
    sent = [one for one in sandbox.requests() if one["group"] == "Light"]
    begins = [0] + [at for at, (one, other) in enumerate(pairwise(sent), 1) if other["time"] - one["time"] > 1.0]
    return [end - begin for begin, end in pairwise([*begins, len(sent)]) if end > begin]


class _Steps(logging.Handler):
    """How long the longest step took, as asyncio says; it says nothing of those below `NOTED_SECONDS`."""

    longest = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        if found := re.search(r"took ([\d.]+) seconds", record.getMessage()):
            self.longest = max(self.longest, float(found[1]))

    def __enter__(self) -> Self:
        asyncio.get_running_loop().slow_callback_duration = NOTED_SECONDS
        logging.getLogger("asyncio").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("asyncio").removeHandler(self)


class _Lags:
    """By how much a sleep of 10 ms is late."""

    longest = 0.0

    async def watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self.longest = max(self.longest, time.perf_counter() - before - 0.01)
