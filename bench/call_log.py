"""A million calls into a file: ours beside the loop that one writes first, with and without Airflow's HttpHook."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from airflow_provider_ringcentral.sandbox import Sandbox
from bench.claim import Claim
from bench.job import Result, run
from bench.resources import MEGABYTE
from bench.table import Number, table

OURS, PLAIN, HOOK = "ours", "plain_loop", "http_hook"
MILLION, SOME, FEW = 1_000_000, 100_000, 10_000
# Turning the sandbox's limits off would leave out the headers, and our client keeps to the documented ten requests a
# minute until it hears of others. These never make anybody wait, and the ledger holds about as many as at RingCentral.
NO_LIMITS = {group: {"requests": 1000, "window": 0.1, "penalty": 0.1} for group in ("Heavy", "Auth")}
SHAPES = {"compact": 3.0, "pretty-printed": 1.5}
"""Bodies, and how many times the plain loop's records per CPU second we claim to reach on them."""

GROWTH_MEGABYTES, SPREAD_MEGABYTES = 40.0, 2.0


def measure(rounds: int) -> list[Claim]:
    print("\n## A million Simple calls to NDJSON (medians; each run in a fresh process, contenders taking turns)")
    claims = []
    for shape, factor in SHAPES.items():
        claims += _shape(shape, factor, rounds)
    return claims


def _shape(shape: str, factor: float, rounds: int) -> list[Claim]:
    plan = [(OURS, MILLION), (PLAIN, MILLION), (HOOK, SOME), (OURS, FEW)]
    results: dict[tuple[str, int], list[Result]] = {entry: [] for entry in plan}
    with ExitStack() as stack:
        sandboxes = {
            calls: stack.enter_context(
                Sandbox(process=True, calls=calls, limits=NO_LIMITS, pretty=shape == "pretty-printed")
            )
            for calls in {calls for _, calls in plan}
        }
        for _ in range(rounds):
            for contender, calls in plan:
                results[contender, calls].append(_run(contender, sandboxes[calls], calls))
        sampled = _run(OURS, sandboxes[MILLION], MILLION, sampled=True)
    print(f"\n### {shape} bodies, {_bytes_a_record(results[OURS, MILLION])} bytes a record in the file\n")
    print(table(*_figures(results)))
    print(f"\nWhere the time of our million goes (ticks of the clock by what the stack shows):\n\n{_shares(sampled)}")
    return _claims(shape, factor, results)


def _run(contender: str, sandbox: Sandbox, calls: int, *, sampled: bool = False) -> Result:
    result = run(contender, sandbox, sampled=sampled)
    if result.records != calls:
        raise RuntimeError(f"{contender} wrote {result.records} of {calls} calls")
    return result


def _figures(results: dict[tuple[str, int], list[Result]]) -> tuple[list[str], list[list[object]]]:
    header = [
        "contender",
        "calls",
        "requests",
        "records per CPU s",
        "times plain loop",
        "CPU s",
        "with imports",
        "wall s",
        "memory growth MB",
    ]
    rows: list[list[object]] = []
    for (contender, calls), found in results.items():
        times = _ratios(found, results[PLAIN, MILLION])
        rows.append(
            [
                contender.replace("_", " "),
                Number(calls),
                Number(max(result.pages for result in found)),
                Number(median(result.rate for result in found), 0),
                Number(median(times), 2),
                Number(median(result.cpu for result in found), 2),
                Number(median(result.whole_cpu for result in found), 2),
                Number(median(result.wall for result in found), 2),
                Number(median(result.growth for result in found) / MEGABYTE, 1),
            ]
        )
    return header, rows


def _ratios(ours: Sequence[Result], theirs: Sequence[Result]) -> list[float]:
    """Within each round: neighbours in time share the machine's mood."""
    return [mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True)]


def _bytes_a_record(results: Sequence[Result]) -> int:
    return round(results[0].size / results[0].records)


def _shares(sampled: Result) -> str:
    clocks = {clock: sum(counts.values()) for clock, counts in sampled.samples.items()}
    kinds = sorted({kind for counts in sampled.samples.values() for kind in counts}, key=_by(sampled), reverse=True)
    rows: list[list[object]] = [
        [kind, *(f"{100 * counts.get(kind, 0) / clocks[clock]:.0f} %" for clock, counts in sampled.samples.items())]
        for kind in kinds
    ]
    return table(["", *(f"of {clock} time" for clock in clocks)], rows)


def _by(sampled: Result):  # noqa: ANN202 - a key of sorted
    return lambda kind: sampled.samples["cpu"].get(kind, 0)


def _claims(shape: str, factor: float, results: dict[tuple[str, int], list[Result]]) -> list[Claim]:
    times = _ratios(results[OURS, MILLION], results[PLAIN, MILLION])
    growth = [result.growth / MEGABYTE for result in results[OURS, MILLION]]
    small = [result.growth / MEGABYTE for result in results[OURS, FEW]]
    spread = median(growth) - median(small)
    return [
        Claim(
            f"{shape}: at least {factor:g} times the plain loop's records per CPU second",
            f"{median(times):.2f} ({min(times):.2f} to {max(times):.2f})",
            median(times) >= factor,
        ),
        Claim(
            f"{shape}: memory grows by less than {GROWTH_MEGABYTES:.0f} MB over the imports",
            f"{max(growth):.1f} MB",
            max(growth) < GROWTH_MEGABYTES,
        ),
        Claim(
            f"{shape}: a million calls take within {SPREAD_MEGABYTES:.0f} MB of ten thousand",
            f"{spread:+.1f} MB",
            abs(spread) <= SPREAD_MEGABYTES,
        ),
    ]
