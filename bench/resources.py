"""What this process has used: CPU seconds and memory."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1e6
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


@dataclass(frozen=True, slots=True)
class Mark:
    """CPU (user and system, all threads of this process) and wall-clock seconds up to a moment; memory then."""

    cpu: float
    wall: float
    resident: float

    @classmethod
    def now(cls) -> Mark:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return cls(used.ru_utime + used.ru_stime, time.perf_counter(), _status("VmRSS"))


def forget_peak() -> None:
    """Measure the peak of memory from here on: importing has a peak of its own, above what stays resident."""
    _CLEAR.write_text(_RESET_PEAK)


def peak() -> float:
    """Peak of resident memory in bytes."""
    return _status("VmHWM")


def _status(name: str) -> float:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024.0
