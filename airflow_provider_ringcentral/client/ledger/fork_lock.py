"""A lock that still works after a fork.

A plain lock that another thread holds during a fork is copied as held, and nobody in the child ever releases it.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from types import TracebackType

FORK_TIMEOUT_SECONDS = 1.0
"""How long a fork waits for the lock. Holders need milliseconds, and one that hangs must not stop the fork."""


def _do_nothing() -> None:
    """Serve as the default callback."""


class ForkLock:
    """Excludes threads and forks: a process forks only while no thread holds the lock.

    `before_fork` is called under the lock before a fork. `reset` is called in the child if a thread still held the lock
    at the fork, so that the guarded state may be inconsistent.
    """

    def __init__(self, before_fork: Callable[[], None] = _do_nothing, reset: Callable[[], None] = _do_nothing) -> None:
        self._lock = threading.Lock()
        self._before_fork = before_fork
        self._reset = reset
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def acquire_for_fork(self) -> bool:
        """Take the lock before a fork. Returns whether that succeeded in time."""
        acquired = self._lock.acquire(timeout=FORK_TIMEOUT_SECONDS)
        if acquired:
            self._before_fork()
        return acquired

    def release_in_parent(self) -> None:
        """Release the lock after a fork, in the parent."""
        self._lock.release()

    def renew_in_child(self, *, acquired: bool) -> None:
        """Replace the lock after a fork, in the child."""
        self._lock = threading.Lock()
        if not acquired:
            self._reset()


_locks: weakref.WeakSet[ForkLock] = weakref.WeakSet()
_forking = threading.local()


def _before() -> None:
    _forking.locks = [(lock, lock.acquire_for_fork()) for lock in list(_locks)]


def _in_parent() -> None:
    for lock, acquired in _forking.__dict__.pop("locks", ()):
        if acquired:
            lock.release_in_parent()


def _in_child() -> None:
    for lock, acquired in _forking.__dict__.pop("locks", ()):
        lock.renew_in_child(acquired=acquired)


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
