"""How often a worker starts for deferrable tasks that share a credential, in simulated time."""

from __future__ import annotations

from airflow_provider_ringcentral.client.rate_limit import windows
from bench.claim import Claim
from bench.table import Number, table
from scenarios.turns import LIMIT, PAGES, TASKS, Simulated, simulate


def measure(rounds: int) -> list[Claim]:
    """Ignore `rounds`: time is simulated and the random numbers are seeded."""
    del rounds
    ways = {
        "reservations kept, the triggerer sees the ledger": simulate(),
        "reservations kept, the triggerer sees no ledger": simulate(sees_ledger=False),
        "reservations not kept": simulate(keeps=False),
    }
    rows: list[list[object]] = [
        [name, Number(found.starts), Number(found.wakings), Number(_per_ten(found), 2), Number(found.seconds)]
        for name, found in ways.items()
    ]
    print(f"\n## {TASKS} deferrable tasks of {PAGES} pages each on one credential, {LIMIT} pages a minute, simulated\n")
    print(table(["", "worker starts", "of these after a deferral", "per ten pages", "seconds"], rows))
    kept, *_, forgotten = ways.values()
    least = (len(kept.counted) - 1) // LIMIT * windows.WINDOW_SECONDS
    return [
        Claim(
            "crowd: at most 3 worker starts after a deferral for ten pages",
            f"{_per_ten(kept):.2f} (reservations not kept: {_per_ten(forgotten):.2f})",
            _per_ten(kept) <= 3.0,
        ),
        Claim("crowd: no task is started more than twice", f"{kept.starts} for {TASKS}", kept.starts <= 2 * TASKS),
        Claim(
            "crowd: the time is within 3% of what the limit allows",
            f"{kept.seconds / least - 1:+.1%}",
            kept.seconds <= 1.03 * least,
        ),
    ]


def _per_ten(run: Simulated) -> float:
    return run.wakings * 10 / len(run.counted)
