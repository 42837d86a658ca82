"""Where the time goes, by looking at the stack at every tick of a clock: nothing of the measured code is replaced.

A tick that falls into a call of C (reading a socket, hashing, decoding) is seen when the call returns, in the frame
that made it.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from types import FrameType, TracebackType

TICK_SECONDS = 0.002
OTHER = "other"

# The innermost frame that a row knows decides. File names end like this; a function may be named after a colon.
KINDS: dict[str, tuple[str, ...]] = {
    "hash": ("files/atomic.py:write", "files/atomic.py:sha256", "files/staging/checkpoint.py:publish"),
    "write": (
        "files/atomic.py",
        "files/staging/local_disk.py",
        "files/staging/checkpoint.py",
        "files/formats.py",
        "extract/call_log/page.py:lines",
        "/pathlib.py",
    ),
    "decode": ("extract/call_log/page.py", "client/answer.py:is_json", "json/decoder.py", "json/__init__.py:loads"),
    "dedupe and order": ("extract/call_log/cursor.py", "files/id_set.py", "extract/call_log/extract.py"),
    "ledger": (
        "client/auth/login.py",
        "client/rate_limit/windows.py",
        "client/rate_limit/limiter.py",
        "client/auth/token_cache.py",
        "ledger/memory.py",
        "ledger/sqlite.py",
    ),
    "network": ("client/http/transport.py", "/http/client.py", "/socket.py", "/requests/", "/urllib3/"),
}
CLOCKS = {
    "cpu": (signal.SIGPROF, signal.ITIMER_PROF),
    "wall": (signal.SIGALRM, signal.ITIMER_REAL),
}


class Sampler:
    """Counts ticks in `samples`: clock -> kind of work -> ticks. For the main thread."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {clock: Counter() for clock in CLOCKS}

    @property
    def samples(self) -> dict[str, dict[str, int]]:
        return {clock: dict(counts) for clock, counts in self._counts.items() if counts}

    def __enter__(self) -> None:
        for clock, (number, timer) in CLOCKS.items():
            counts = self._counts[clock]
            signal.signal(number, lambda _number, frame, counts=counts: counts.update((kind_of(frame),)))
            signal.setitimer(timer, TICK_SECONDS, TICK_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, timer in CLOCKS.values():
            signal.setitimer(timer, 0.0)
            signal.signal(number, signal.SIG_IGN)


def kind_of(frame: FrameType | None) -> str:
    """The kind of work that a stack stands for."""
    for file, function in _calls(frame):
        for kind, marks in KINDS.items():
            if any(_fits(mark, file, function) for mark in marks):
                return kind
    return OTHER


def _calls(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_code.co_name
        frame = frame.f_back


def _fits(mark: str, file: str, function: str) -> bool:
    place, _, name = mark.partition(":")
    return (place in file) if place.endswith("/") else (file.endswith(place) and name in ("", function))
