"""A lock that is whole after a fork. A plain one is copied as held when another thread holds it, and never released."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from types import TracebackType

PATIENCE_SECONDS = 1.0
"""How long a fork waits for whoever holds the lock: holders need milliseconds, and one that hangs must not stop it."""


def _nothing() -> None:
    """Nothing to do."""


class ForkLock:
    """Excludes threads, and forks: a process forks only while no thread is inside.

    `rest` is called under the lock before a fork, `forget` in the child when a thread that did not let go may be in the
    midst of something.
    """

    def __init__(self, rest: Callable[[], None] = _nothing, forget: Callable[[], None] = _nothing) -> None:
        self._lock = threading.Lock()
        self._rest = rest
        self._forget = forget
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def stop(self) -> bool:
        """Before a fork; whether all threads have let go."""
        stopped = self._lock.acquire(timeout=PATIENCE_SECONDS)
        if stopped:
            self._rest()
        return stopped

    def go_on(self) -> None:
        """After it, in the parent."""
        self._lock.release()

    def begin(self, *, stopped: bool) -> None:
        """After it, in the child."""
        self._lock = threading.Lock()
        if not stopped:
            self._forget()


_locks: weakref.WeakSet[ForkLock] = weakref.WeakSet()
_forking = threading.local()


def _before() -> None:
    _forking.locks = [(lock, lock.stop()) for lock in list(_locks)]


def _in_parent() -> None:
    for lock, stopped in _forking.__dict__.pop("locks", ()):
        if stopped:
            lock.go_on()


def _in_child() -> None:
    for lock, stopped in _forking.__dict__.pop("locks", ()):
        lock.begin(stopped=stopped)


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
