"""What importing our modules adds to `import airflow`, which every DAG file has paid already."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import airflow_provider_ringcentral
from bench.claim import Claim
from bench.table import Number, table

LIMIT_SECONDS = 0.030
ROOMS = ("operators", "sensors", "notifications", "triggers")
HEAVY = ("requests", "pyarrow")
# Each module in a child of its own that has imported airflow and nothing else.
_PROBE = """
import json, os, resource, sys
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
start = cpu()
import airflow
base, known = cpu() - start, set(sys.modules)
for module in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    start = cpu()
    __import__(module)
    print(json.dumps([module, base, cpu() - start, sorted(set(sys.modules) - known)]))
    break
"""


def measure(rounds: int) -> list[Claim]:
    found = _probed(rounds)
    rows: list[list[object]] = []
    for module, results in found.items():
        base, ours, added = (
            median(result[0] for result in results),
            median(result[1] for result in results),
            results[0][2],
        )
        brought = [name for name in HEAVY if name in added]
        rows.append(
            [module, Number(1000 * base), Number(1000 * ours, 1), Number(len(added)), ", ".join(brought) or "neither"]
        )
    print("\n## Importing (CPU ms, medians of fresh processes)\n")
    print(table(["module", "import airflow", "adds", "modules", f"of {' and '.join(HEAVY)}"], rows))
    slowest = max(median(result[1] for result in results) for results in found.values())
    heavy = {name for results in found.values() for name in HEAVY if name in results[0][2]}
    return [
        Claim(
            f"importing any of our modules adds less than {1000 * LIMIT_SECONDS:.0f} ms CPU to `import airflow`",
            f"{1000 * slowest:.1f} ms",
            slowest < LIMIT_SECONDS,
        ),
        Claim(f"and imports neither {' nor '.join(HEAVY)}", ", ".join(sorted(heavy)) or "neither", not heavy),
    ]


def _modules() -> list[str]:
    """Those that DAG files import: with a class of ours to be named there."""
    package = Path(airflow_provider_ringcentral.__file__).parent
    files = [path for room in ROOMS for path in sorted((package / room).glob("*.py"))]
    public = [path for path in files if re.search(r"^class RingCentral", path.read_text(), re.MULTILINE)]
    return [f"{package.name}.{path.parent.name}.{path.stem}" for path in public]


def _probed(rounds: int) -> dict[str, list[tuple[float, float, list[str]]]]:
    """Per module, the results of all rounds: CPU s of `import airflow`, CPU s added, modules added."""
    found: dict[str, list[tuple[float, float, list[str]]]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        command = [sys.executable, "-c", _PROBE, *_modules()]
        environment = os.environ | {"AIRFLOW_HOME": home}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)  # compiles what is not yet
        for _ in range(rounds):
            told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
            for line in told.splitlines():
                module, *result = json.loads(line)
                found.setdefault(module, []).append((result[0], result[1], result[2]))
    return found
