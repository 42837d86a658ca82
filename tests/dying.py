"""Processes that are killed at a chosen step, as the kernel's out-of-memory killer does it: no handler runs."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

FILE_STEPS = frozenset(
    {"open", *(f"os.{name}" for name in ("listdir", "mkdir", "remove", "rename", "rmdir", "truncate"))}
)


def survives(job: Callable[[], object]) -> bool:
    """Whether a fork of this process lives through `job`; AssertionError when it fails instead of dying."""
    with warnings.catch_warnings():
        # Python 3.12 warns of threads that the fork lacks. The job needs none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        # A lock that a thread of the other process held is never released: who waits for it dies of that.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        code = 1
        try:
            job()
            code = 0
        finally:
            # Fixtures of this process are not the fork's to tear down.
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL, -signal.SIGALRM), f"the process ended with {code}"
    return code == 0


def die_at_file_step(step: int, folder: str) -> None:
    """End this process before it does something to `folder` or what lies in it for the `step`-th time."""
    left = step

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in FILE_STEPS and str(arguments[0]).startswith(folder):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def die_at_call(call: int) -> None:
    """End this process when it calls a function, of Python or C, for the `call`-th time from now."""
    left = call

    def look(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal left
        if event.endswith("call"):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)
