"""A bound in time for a call that has none: the timeouts of a socket begin anew with every byte that arrives."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from airflow_provider_ringcentral.client.http.broken_connection import Lost

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises, or `Lost` when it takes longer than `seconds`.

    It runs in a thread. One that is given up is left to itself: it ends with its connection, at the latest with the
    process.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            future.set_exception(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True, name="ringcentral-deadline").start()
    if not _ended(future, seconds):
        raise Lost(f"no whole answer within {seconds:.0f} s")
    return future.result()


def _ended(future: Future[T], seconds: float) -> bool:
    ended = threading.Event()
    future.add_done_callback(lambda _: ended.set())
    return ended.wait(seconds)
