"""One credential, many processes: every situation that must end well, as a function that makes it happen.

The bench prints what comes of them, the tests in tests/quota assert it at smaller sizes.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.token_cache import (
    RENEWAL_MARGIN_SECONDS,
    RENEWAL_MARGIN_SHARE,
    read_token_state,
)
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from scenarios.other_client import OtherClient
from scenarios.processes import Job, ProcessSpec, run_processes, start_processes, wait_until
from scenarios.quota_jobs import extract, heavy, heavy_alone, light, light_until, light_while
from scenarios.shared_quota import WIDE_OPEN, Run, SharedQuota, shared_quota

DAY = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}


def start_together(processes: int = 50, ledgers: Sequence[str] = ()) -> Run:
    """All begin at once, with nothing known: one request of group Light each (limit 50), real minutes."""
    with shared_quota() as here:
        return here.run(processes, light, 1, ledgers=ledgers)


def share(
    processes: int = 20, requests: int = 200, scale: float = 0.1, ledgers: Sequence[str] = ()
) -> tuple[Run, float]:
    """All want Heavy requests; and the seconds that the limits allow for as many as were sent."""
    with shared_quota(scale=scale) as here:
        # A server with short minutes is not known before its first answer; with real ones this makes no difference.
        here.run(1, heavy, 1, ledgers=ledgers[:1])
        run = here.run(processes, heavy, requests // processes, ledgers=ledgers)
    return run, (len(run.of_group("Heavy")) - 1) // 10 * 60 * scale


def with_other_client(processes: int = 4, requests: int = 80, scale: float = 0.1) -> Run:
    """Another client takes five of the ten Heavy requests a minute, without regard to ours."""
    with shared_quota(scale=scale) as here:
        here.run(1, heavy, 1)
        with OtherClient(here.credentials, every=60 * scale / 5):
            time.sleep(30 * scale)
            return here.run(processes, heavy, requests // processes)


def gate(form: str, processes: int = 10, end: float = 36.0) -> tuple[float, float]:
    """One 429 among busy processes; seconds the server asked for, and seconds without a request of the group after it.

    `form`: "seconds" and "date" for that `Retry-After`, "none" for an answer without any such header.
    """
    headers, asked = {"seconds": ({"Retry-After": "4"}, 4.0), "none": ({}, 30.0), "date": ({}, 4.0)}[form]
    with shared_quota(limits=WIDE_OPEN) as here:
        here.run(1, heavy, 1)
        members = start_processes(_order(here, heavy, int(end / 0.1), 0.1) for _ in range(processes))
        wait_until(lambda: here.sandbox.stats()["groups"].get("Heavy", 0) > processes * 5)
        if form == "date":
            moment = int(time.time() + 5)
            headers, asked = {"Retry-After": formatdate(moment, usegmt=True)}, moment - time.time()
        here.sandbox.fault("status", status=429, headers=headers, rate_headers=False, operation="readCompanyCallLog")
        time.sleep(asked + 4)
        for member in members:
            member.kill()
        times = [(found["time"], found["status"]) for found in here.seen([]).of_group("Heavy")]
    refused = next(moment for moment, status in times if status == 429)
    moments = sorted(moment for moment, _ in times if moment >= refused)
    return asked, max(after - before for before, after in itertools.pairwise(moments))


def gates() -> dict[str, tuple[float, float]]:
    """`gate` for every form, at the same time."""
    forms = ("seconds", "date", "none")
    with ThreadPoolExecutor() as pool:
        return dict(zip(forms, pool.map(gate, forms), strict=True))


def tokens_expire(hours: int = 12, life: float = 5.0, processes: int = 4) -> tuple[Run, float]:
    """Hours of work with tokens that live for one; and how long an hour was (seconds).

    Tokens live `life` seconds here and are used for nine tenths of it. A real hour's token is used for 3510 s of
    3600, so an hour is as much longer than the use of a token here as it is there.
    """
    hour = (life - RENEWAL_MARGIN_SHARE * life) * 3600 / (3600 - RENEWAL_MARGIN_SECONDS)
    with shared_quota(scale=life / 3600, limits=WIDE_OPEN) as here:
        here.shorten_auth(life / 3600)
        return here.run(processes, light_until, time.time() + hours * hour, 0.05), hour


def token_killed(processes: int = 20) -> Run:
    """The server ends the session in the midst of everybody's work."""
    with shared_quota(limits=WIDE_OPEN) as here:
        here.run(1, light, 1)
        work = Path(here.folder) / "work"
        work.touch()
        members = start_processes(_order(here, light_while, str(work), 0.05) for _ in range(processes))
        wait_until(lambda: here.sandbox.stats()["groups"].get("Light", 0) > processes * 5)
        here.sandbox.kill_tokens()
        wait_until(lambda: here.sandbox.stats()["logins"] > 1)
        before = here.sandbox.stats()["groups"]["Light"]
        wait_until(lambda: here.sandbox.stats()["groups"]["Light"] > before + processes * 5)
        work.unlink()
        return here.seen([found for member in members if (found := member.outcome())])


def login_refused(processes: int = 50) -> Run:
    """The JWT is revoked, and all of them want to log in."""
    with shared_quota() as here:
        here.sandbox.change_jwt(revoked=True)
        return here.run(processes, light, 1)


def killed_in_turn(times: int = 20, seed: int = 1) -> list[float]:
    """Seconds from the SIGKILL of a process that was logging in until another has its answer; so many at once."""
    dice = random.Random(seed)
    with shared_quota(limits=WIDE_OPEN, sessions=1000) as here:
        here.sandbox.fault("slow", operation="getToken", every=1, seconds=0.2)
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda n: _kill_and_follow(here, n, dice.uniform(0, 0.2)), range(times)))


def _kill_and_follow(here: SharedQuota, n: int, delay: float) -> float:
    url = f"sqlite://{here.folder}/turn-{n}.sqlite"
    order = ProcessSpec(here.credentials, url, light, (1,))
    killed = start_processes([order])[0]
    ledger = open_ledger(url)
    wait_until(lambda: turn(ledger, here.credentials) is not None)
    time.sleep(delay)
    held = turn(ledger, here.credentials) is not None
    killed.kill()
    began = time.monotonic()
    outcome = run_processes([order])[0]
    took = time.monotonic() - began
    ledger.close()
    return took if held and outcome.error is None else float("inf")


def turn(ledger: Ledger, credentials: Credentials) -> str | None:
    """Who is logging in."""
    return read_token_state(ledger, credentials).login_caller


def alone(processes: int, requests: int, scale: float = 0.02) -> Run:
    """Processes that share no ledger. `value` of an outcome is the longest that one of its requests took (seconds)."""
    with shared_quota(scale=scale) as here:
        return here.run(processes, heavy_alone, requests // processes, scale, ledgers=["memory://"], max_wait=86_400)


def killed_extracts(names: Sequence[str], kills: int = 20, calls: int = 8000, seed: int = 1) -> list[dict[str, Any]]:
    """Extracts killed at random points and started again: whether the bytes are those of an undisturbed run, and the
    pages that were asked for more than once."""
    dice, found = random.Random(seed), []
    with shared_quota(limits=WIDE_OPEN, calls=calls, **DAY) as here:
        here.sandbox.fault("slow", operation="readCompanyCallLog", every=1, seconds=0.03)
        whole: dict[str, tuple[bytes, int]] = {}
        while len(found) < kills:
            name = names[len(found) % len(names)]
            if name not in whole:
                path = Path(here.folder) / f"whole-{name}"
                run = here.run(1, extract, DAY["start"], DAY["end"], str(path))
                whole[name] = (path.read_bytes(), run.outcomes[0].requests - run.outcomes[0].logins)
            path = Path(here.folder) / f"{len(found)}-{name}"
            before = _pages(here)
            member = start_processes([_order(here, extract, DAY["start"], DAY["end"], str(path))])[0]
            fatal = before + dice.randint(0, whole[name][1])
            wait_until(lambda fatal=fatal: _pages(here) >= fatal)
            time.sleep(dice.uniform(0, 0.05))
            member.kill()
            if member.outcome() is not None or path.exists():
                path.unlink()  # it had ended already
                continue
            run = here.run(1, extract, DAY["start"], DAY["end"], str(path))
            again = _pages(here) - before - whole[name][1]
            same = path.read_bytes() == whole[name][0] and not Path(f"{path}.parts").exists()
            found.append({"name": name, "same": same, "again": again, "finished": run.finished})
    return found


def _pages(here: SharedQuota) -> int:
    return int(here.sandbox.stats()["groups"].get("Heavy", 0))


def _order(here: SharedQuota, job: Job, *arguments: Any) -> ProcessSpec:
    return ProcessSpec(here.credentials, here.ledger, job, arguments)
