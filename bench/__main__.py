"""`python -m bench [PART …]`: prints tables; exits 1 when a claim fails."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence

from bench import call_log, crowd, imports, limits, quota, waits, warehouse
from bench.claim import Claim, told

PARTS: dict[str, Callable[[int], list[Claim]]] = {
    "imports": imports.measure,
    "limits": limits.measure,
    "call_log": call_log.measure,
    "quota": quota.measure,
    "crowd": crowd.measure,
    "warehouse": warehouse.measure,
    "waits": waits.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", default=[], help=f"any of {', '.join(PARTS)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=3, help="how often each figure is taken (default %(default)s)")
    given = parser.parse_args(arguments)
    if unknown := set(given.part) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: no such part")
    began = time.monotonic()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    claims = [claim for name in PARTS if name in (given.part or PARTS) for claim in PARTS[name](given.rounds)]
    print(f"\n## Claims\n\n{told(claims)}\n\n{time.monotonic() - began:.0f} s in all")
    return 0 if all(claim.holds for claim in claims) else 1


if __name__ == "__main__":
    sys.exit(main())
