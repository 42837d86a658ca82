"""One credential, many processes: logins, 429s, penalties and waits, measured against a sandbox of its own process."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.claim import Claim
from bench.table import table

ROOT = Path(__file__).resolve().parent.parent
Rows = list[tuple[str, str, str, bool]]
"""Scenario, what must be true, what was measured, whether that is so."""


def measure(rounds: int) -> list[Claim]:
    """One round is enough: nearly everything here is counted."""
    del rounds
    rows: Rows = []
    for scenario in SCENARIOS:
        began = time.monotonic()
        rows += scenario()
        print(f"{scenario.__name__} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print("\n## One credential, many processes\n")
    print(table(["scenario", "must show", "measured", ""], [[*row[:3], "yes" if row[3] else "NO"] for row in rows]))
    return [Claim(f"{scenario}: {must}", measured, holds) for scenario, must, measured, holds in rows]


def starts() -> Rows:
    from scenarios.quota_runs import start_together

    must = "1 login, 0 429s, all finish"
    found = []
    with redis_server() as url:
        two = [url, url.replace("127.0.0.1", "localhost")]
        for name, ledgers in (("50 processes start at once, SQLite", []), ("25 + 25 processes, Redis", two)):
            run = start_together(ledgers=ledgers)
            text = f"{run.logins} login, {run.limited} 429s, {run.finished} finish in {run.seconds:.1f} s"
            found.append((name, must, text, (run.logins, run.limited, run.finished) == (1, 0, 50)))
    return found


def sharing() -> Rows:
    from scenarios.quota_runs import share

    run, least = share()
    heavy = run.of_group("Heavy")
    took = heavy[-1]["time"] - heavy[0]["time"]
    text = f"{took:.1f} s for {len(heavy)} ({took / least - 1:+.1%}); {run.limited}; {run.in_penalty}"
    good = took <= 1.05 * least and (run.limited, run.in_penalty, run.logins) == (0, 0, 1)
    must = "within 5 % of the time the limits allow; 0 429s; 0 in a penalty"
    return [("20 processes share 200 Heavy requests (minute = 6 s)", must, text, good)]


def other_clients() -> Rows:
    from scenarios.quota_runs import with_other_client

    scale = 0.1
    run = with_other_client(scale=scale)
    windows = math.ceil(run.seconds / (60 * scale))
    known = run.into_known_penalty(60 * scale)
    text = f"{run.limited} 429s in {windows} windows; {known}; {run.finished} of {len(run.outcomes)} finish"
    good = run.limited <= windows and known == 0 and run.finished == len(run.outcomes)
    must = "at most one 429 a window; no request during a known penalty"
    return [("another client uses half the quota (minute = 6 s)", must, text, good)]


def gates() -> Rows:
    from scenarios.quota_runs import gates as run

    names = {"seconds": "429, Retry-After in seconds", "date": "429, Retry-After as a date", "none": "429, no headers"}
    found = []
    for form, (asked, silent) in run().items():
        text = f"asked for {asked:.1f} s, silent for {silent:.1f} s"
        found.append(
            (names[form], "10 processes send nothing for the stated time (or 30 s)", text, asked <= silent < asked + 4)
        )
    return found


def tokens() -> Rows:
    from scenarios.quota_runs import login_refused, token_killed, tokens_expire

    run, hour = tokens_expire()
    bad = sum(count for status, count in run.stats["statuses"].items() if status != "200")
    text = f"{run.logins} logins, {bad} failed of {run.stats['requests']}"
    rows = [(f"12 hours of work, 1-hour tokens (hour = {hour:.1f} s)", "at most 13 logins, no failed request", text)]
    good = [run.logins <= 13 and bad == 0 and run.finished == 4]
    run = token_killed()
    text = f"{run.logins - 1} new login, {run.finished} of 20 finish, {run.stats['statuses'].get('401', 0)} answers 401"
    rows.append(("token killed while 20 processes use it", "1 new login, every request answered", text))
    good.append((run.logins, run.finished) == (2, 20))
    run = login_refused()
    cured = sum(found.error == "LoginFailed" and "Cure" in found.message for found in run.outcomes)
    text = f"{run.logins} token request, {cured} fail with the remedy"
    rows.append(("login refused, 50 processes waiting", "1 token request, all 50 fail with the remedy", text))
    good.append((run.logins, cured) == (1, 50))
    return [(*row, holds) for row, holds in zip(rows, good, strict=True)]


def kills() -> Rows:
    from airflow_provider_ringcentral.client.auth.token_cache import LOGIN_LOCK_SECONDS
    from scenarios.quota_runs import killed_in_turn

    took = killed_in_turn()
    text = f"{len(took)} times; longest {max(took):.1f} s, median {statistics.median(took):.1f} s"
    must = f"others continue when the login lock expires ({LOGIN_LOCK_SECONDS:g} s)"
    return [
        ("kill -9 while holding the login lock", must, text, len(took) == 20 and max(took) <= LOGIN_LOCK_SECONDS + 2)
    ]


def resumed() -> Rows:
    from scenarios.quota_runs import killed_extracts

    names = ["calls.ndjson", "calls.ndjson.gz", "calls.csv", "calls.parquet"]
    found = killed_extracts(names)
    same, again = sum(kill["same"] for kill in found), max(kill["again"] for kill in found)
    text = f"{same} of {len(found)} identical; {again} page"
    must = "byte-identical in every format; at most one page repeated per kill"
    return [("extract killed at 20 random points and retried", must, text, same == len(found) == 20 and again <= 1)]


def alone() -> Rows:
    from scenarios.quota_runs import alone as run

    rows, scale = [], 0.02
    for processes, requests in ((2, 40), (4, 40), (50, 100)):
        found = run(processes, requests, scale)
        longest = max(outcome.value or 0.0 for outcome in found.outcomes) / scale
        text = (
            f"{found.finished} finish in {found.seconds / scale / 60:.0f} min, {found.logins} token requests, "
            f"{found.limited} 429s, longest wait {longest / 60:.0f} min"
        )
        name = f"no shared ledger: {processes} processes, {requests} Heavy (minute = 1.2 s)"
        rows.append((name, "all finish", text, found.finished == processes))
    return rows


def locks() -> Rows:
    from scenarios.quota_jobs import update_ledger
    from scenarios.shared_quota import shared_quota

    with shared_quota() as here:
        run = here.run(50, update_ledger, 40)
    took = sorted(second for outcome in run.outcomes for second in outcome.value)
    p99 = took[int(len(took) * 0.99)]
    text = f"median {took[len(took) // 2] * 1000:.2f} ms, p99 {p99 * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms"
    return [("50 processes reserve 2000 slots, SQLite", "no reservation waits over 1 s", text, took[-1] < 1.0)]


def deferral() -> Rows:
    with tempfile.TemporaryDirectory(prefix="quota-") as home:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        settings = {"AIRFLOW_HOME": home, "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING", "NO_PROXY": "127.0.0.1"}
        command = [sys.executable, "-m", "bench.quota_deferral"]
        done = subprocess.run(
            command, env=inherited | settings, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
    found = json.loads(done.stdout.splitlines()[-1])
    share = found["inside"] / found["wall"]
    text = f"{share:.1%} of {found['wall']:.0f} s, {found['deferrals']} deferrals; equal: {found['equal']}"
    must = "less than 15 % of the time in `execute`; same output as without deferrals"
    name = f"deferrable extract of {found['pages']} pages (minute = 12 s)"
    return [(name, must, text, share < 0.15 and found["equal"])]


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a fresh Redis server."""
    from scenarios.redis_server import RedisServer

    with tempfile.TemporaryDirectory(prefix="quota-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


SCENARIOS: tuple[Callable[[], Rows], ...] = (
    starts,
    sharing,
    other_clients,
    gates,
    tokens,
    kills,
    resumed,
    alone,
    locks,
    deferral,
)


def main() -> int:
    """Everything; or the scenarios named as arguments."""
    global SCENARIOS  # noqa: PLW0603
    if len(sys.argv) > 1:
        SCENARIOS = tuple(scenario for scenario in SCENARIOS if scenario.__name__ in sys.argv[1:])
    return 0 if all(claim.holds for claim in measure(1)) else 1


if __name__ == "__main__":
    sys.exit(main())
