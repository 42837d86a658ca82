"""The client on an event loop: the same attempts and rules, nothing on the loop but waiting."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
from airflow_provider_ringcentral.client.auth.token_cache import read_token_state
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import ConfigurationError, LoginFailed, NotFound, RateLimited
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.client.rate_limit.limiter import read_window
from tests.client.conftest import EXTENSION, LOG, ClockedLedger, credentials_of


class LedgerBehindTheLoop(ClockedLedger):
    """Its changes wait until the loop has turned: made on the loop, they would wait in vain."""

    loop: asyncio.AbstractEventLoop

    def update(self, key, change):
        turned = threading.Event()
        self.loop.call_soon_threadsafe(turned.set)
        assert turned.wait(60), "the loop is blocked"
        return super().update(key, change)


@asynccontextmanager
async def opened(sandbox, ledger, on_secret=None, **credentials) -> AsyncIterator[AsyncRingCentralClient]:
    """A client whose secrets nobody wants, unless told otherwise."""

    async def ignore(secret: str) -> None:
        """Nobody masks here."""

    def make(found: Callable[[str], None]) -> RingCentralClient:
        policy = Policy(backoff=0.01, max_wait=30.0)
        return RingCentralClient(who, ledger, policy=policy, on_secret=found)

    who = credentials_of(sandbox, **credentials)
    client = AsyncRingCentralClient(who, make, on_secret or ignore)
    try:
        yield client
    finally:
        client.close()


def window(ledger, group="heavy"):
    """The only window of that group that the ledger knows, or None."""
    keys = [key for key in ledger.keys("window:") if key.endswith(f":{group}")]
    assert len(keys) <= 1
    return read_window(ledger, keys[0].split(":")[1], group) if keys else None


def held(ledger, group="heavy") -> int:
    there = window(ledger, group)
    return len(there.held) if there else 0


async def eventually(what: Callable[[], bool]) -> None:
    for _ in range(3000):
        if what():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def test_many_at_once_share_one_login(start, ledger):
    sandbox = start()
    async with opened(sandbox, ledger) as client:
        answers = await asyncio.gather(*(client.request_json("GET", EXTENSION) for _ in range(12)))

    assert {answer["name"] for answer in answers} == {"Airflow Service"}
    assert (sandbox.stats()["logins"], sandbox.stats()["groups"]["Light"]) == (1, 12)


async def test_the_window_is_waited_for_and_never_passed(start, ledger):
    sandbox = start(limits={"Heavy": {"requests": 4, "window": 0.5, "penalty": 0.5}})
    async with opened(sandbox, ledger) as client:
        await asyncio.gather(*(client.raw_json("GET", LOG) for _ in range(10)))
    stats = sandbox.stats()

    assert (stats["groups"]["Heavy"], stats["limited"]) == (10, 0)


async def test_requests_and_the_ledger_leave_the_loop_to_others(start, ledger):
    behind = LedgerBehindTheLoop(ledger.path)
    behind.loop = asyncio.get_running_loop()

    async with opened(start(), behind) as client:
        answers = await asyncio.gather(*(client.request_json("GET", EXTENSION) for _ in range(3)))

    assert len({answer["id"] for answer in answers}) == 1


async def test_secrets_are_handed_over_on_the_loop(start, ledger):
    sandbox, seen = start(), []

    async def on_secret(secret: str) -> None:
        seen.append((secret, threading.current_thread() is threading.main_thread()))
        asyncio.get_running_loop()

    async with opened(sandbox, ledger, on_secret) as client:
        await client.raw_json("GET", EXTENSION)
        await client.raw_json("GET", EXTENSION)
    async with opened(sandbox, ledger, on_secret) as client:
        # This one finds the token in the ledger.
        await client.raw_json("GET", EXTENSION)

    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert seen[0][1]
    assert len(seen[0][0]) > 20
    assert sandbox.stats()["logins"] == 1


async def test_a_hand_over_that_was_cancelled_is_made_up_for(start, ledger):
    sandbox, seen, cancel = start(), [], [True]

    async def on_secret(secret: str) -> None:
        if cancel:
            cancel.clear()
            raise asyncio.CancelledError
        seen.append(secret)

    async with opened(sandbox, ledger, on_secret) as client:
        with pytest.raises(asyncio.CancelledError):
            await client.raw_json("GET", EXTENSION)
        await client.raw_json("GET", EXTENSION)

    assert len(seen) == 1


async def test_cancelled_in_a_queue_it_leaves_the_queue(start, ledger):
    sandbox = start(limits={"Heavy": {"requests": 1, "window": 20, "penalty": 20}})
    async with opened(sandbox, ledger) as client:
        await client.raw_json("GET", LOG)
        waiting = asyncio.create_task(client.raw_json("GET", LOG))
        await eventually(lambda: len(window(ledger).queue) == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        left = window(ledger)

    assert (left.queue, left.held) == ([], [])
    assert sandbox.stats()["groups"]["Heavy"] == 1


async def test_cancelled_while_a_request_is_under_way_its_place_is_dated_by_the_answer(start, ledger):
    sandbox = start(limits={"Heavy": {"requests": 10, "window": 60, "penalty": 60}})
    async with opened(sandbox, ledger) as client:
        await client.raw_json("GET", EXTENSION)
        sandbox.fault("slow", seconds=2, path=LOG)
        sending = asyncio.create_task(client.raw_json("GET", LOG))
        await eventually(lambda: held(ledger) == 1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert held(ledger) == 1, "RingCentral counts it, so its place is not free"
        await eventually(lambda: not held(ledger))
        assert len(window(ledger).answered) == 1


async def test_cancelled_during_its_login_the_turn_is_free_for_others(start, ledger):
    sandbox = start()
    sandbox.fault("slow", seconds=2, path="/restapi/oauth/token")
    async with opened(sandbox, ledger) as client:
        first = asyncio.create_task(client.raw_json("GET", EXTENSION))
        await eventually(lambda: read_token_state(ledger, credentials_of(sandbox)).login_caller is not None)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await client.raw_json("GET", EXTENSION)

    assert sandbox.stats()["logins"] == 1


async def test_patience_may_be_shortened_for_one_request(start, ledger):
    sandbox = start(limits={"Heavy": {"requests": 1, "window": 20, "penalty": 20}})
    async with opened(sandbox, ledger) as client:
        await client.raw_json("GET", LOG)
        with pytest.raises(RateLimited) as caught:
            await client.raw_json("GET", LOG, max_wait=0.1)
        left = window(ledger)

    assert 0.1 < caught.value.retry_after <= 20
    assert left.queue == []


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/restapi/v1.0/nothing/here", NotFound),
        ("restapi", ConfigurationError),
        ("https://evil.example/x", ConfigurationError),
    ],
    ids=str,
)
async def test_errors_are_those_of_the_client(start, ledger, path, error):
    async with opened(start(), ledger) as client:
        with pytest.raises(error):
            await client.raw_json("GET", path)


async def test_lines_of_its_threads_go_to_the_log_of_whoever_asked(start, ledger):
    """Airflow tells by a context variable whose log a line belongs to."""
    whose = contextvars.ContextVar("whose", default="nobody's")

    async def asked(name: str) -> str:
        whose.set(name)
        return await client.work(whose.get)

    async with opened(start(), ledger) as client:
        assert await asyncio.gather(asked("first"), asked("second")) == ["first", "second"]


async def test_a_refused_login_is_asked_for_once(start, ledger):
    sandbox = start()
    async with opened(sandbox, ledger, client_secret="wrong") as client:
        for _ in range(2):
            with pytest.raises(LoginFailed) as caught:
                await client.raw_json("GET", EXTENSION)

    assert caught.value.remedy.who
    assert sandbox.stats()["logins_refused"] == 1


async def test_closing_a_client_lets_what_is_under_way_end(start, ledger):
    sandbox = start()
    sandbox.fault("slow", seconds=2, path=EXTENSION)
    async with opened(sandbox, ledger) as client:
        task = asyncio.create_task(client.raw_json("GET", EXTENSION))
        await eventually(lambda: held(ledger, "light") == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await eventually(lambda: len(window(ledger, "light").answered) == 1)
    await eventually(lambda: not [thread for thread in threading.enumerate() if "ringcentral-client" in thread.name])

    assert held(ledger, "light") == 0
