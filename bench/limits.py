"""An extract under RingCentral's documented limits, with minutes made short."""

from __future__ import annotations

from airflow_provider_ringcentral.sandbox import Sandbox
from bench.claim import Claim
from bench.job import run
from bench.table import Number, table

CALLS, PAGE = 55_000, 1000
SCALE = 0.1
HEAVY_REQUESTS, HEAVY_SECONDS = 10, 60.0 * SCALE
"""Group Heavy, guide page basics/rate-limits.md: ten requests in any sixty seconds, here six."""

OVERLAP_SHARE, SLOWNESS = 0.03, 0.05


def measure(rounds: int) -> list[Claim]:
    """One round is enough: the time is made of waiting, and the requests are counted."""
    del rounds
    with Sandbox(process=True, calls=CALLS, scale=SCALE) as sandbox:
        result = run("ours", sandbox)
        stats = sandbox.stats()
    pages = -(-CALLS // PAGE)
    logins, heavy = stats["groups"]["Auth"], stats["groups"]["Heavy"]
    least = least_seconds(heavy)
    rows: list[list[object]] = [
        ["calls in the file", Number(result.records)],
        ["pages of the window", Number(pages)],
        ["page requests", Number(heavy)],
        ["logins", Number(logins)],
        ["answers 429", Number(stats["limited"])],
        ["seconds", Number(result.wall, 2)],
        ["least that the limits allow for these requests", Number(least, 2)],
        ["least for the pages alone", Number(least_seconds(pages), 2)],
        ["CPU s of it, imports left out", Number(result.cpu, 2)],
    ]
    print(f"\n## {CALLS:,} calls under limits: ten requests in {HEAVY_SECONDS:g} s, each minute shortened to that\n")
    print(table(["", "measured"], rows))
    return [
        Claim("under limits: every call is in the file", f"{result.records:,} of {CALLS:,}", result.records == CALLS),
        Claim(
            f"under limits: page requests are the pages of the window and less than {OVERLAP_SHARE:.0%} more",
            f"{pages} + {heavy - pages} ({(heavy - pages) / pages:.1%})",
            pages <= heavy < pages * (1 + OVERLAP_SHARE),
        ),
        Claim("under limits: one login, no 429", f"{logins}, {stats['limited']}", (logins, stats["limited"]) == (1, 0)),
        Claim(
            f"under limits: the time is within {SLOWNESS:.0%} of what they allow",
            f"{result.wall / least - 1:+.1%}",
            result.wall <= least * (1 + SLOWNESS),
        ),
    ]


def least_seconds(requests: int) -> float:
    """The first ten go at once, each further ten a window later."""
    return (requests - 1) // HEAVY_REQUESTS * HEAVY_SECONDS
