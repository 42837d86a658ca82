"""Runs of the change sync that are killed, repeated, or two at once: no gap between files, at worst an overlap."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fsspec
import pytest
from s3fs import S3FileSystem
from upath import UPath

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.extract.changes.sync import SyncResult
from airflow_provider_ringcentral.sandbox import Sandbox
from tests.dying import die_at_file_step, survives
from tests.sync_series import END, START, Series

PAGES = 2
"""Of the first run. The second has one, with corrections and deletions."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    # In a process of its own: a fork would take its threads away in mid-step.
    limits = {"Heavy": 100_000, "Auth": 100_000}
    with Sandbox(process=True, calls=1100, start=START, end=END, limits=limits) as sandbox:
        yield sandbox


@pytest.fixture
def ledger(tmp_path) -> str:
    return f"sqlite://{tmp_path}/ledger.sqlite"


@pytest.fixture
def begun(sandbox, tmp_path, ledger) -> Series:
    """A series after its first run."""
    log = Series(sandbox, UPath(tmp_path / "begun"), ledger)
    log.run()
    return log


def branch(log: Series, folder: UPath, *, first: bool) -> Series:
    """A series in a folder of its own that goes on from there, or begins anew."""
    if first:
        return Series(log.sandbox, folder, log.ledger)
    return Series(log.sandbox, folder, log.ledger, watermark=log.watermark, files=list(log.files))


def change_something(sandbox: Sandbox) -> None:
    """A call that is new, one that came late, one corrected, one deleted."""
    first, second, *_ = sandbox.call_ids()
    sandbox.insert_calls(1)
    sandbox.insert_calls(1, start_time=START.isoformat())
    sandbox.correct_calls([first], {"result": f"Seen {uuid.uuid4().hex}"})
    sandbox.delete_calls([second])


@pytest.mark.parametrize("first", [True, False], ids=["first run", "later run"])
def test_killed_before_every_step_on_a_disk(begun, sandbox, tmp_path, first):
    change_something(sandbox)
    for step in itertools.count(1):
        log = branch(begun, UPath(tmp_path / f"step-{step}"), first=first)
        survived = survives(lambda log=log, step=step: dying(log, step))
        if step % 2:
            change_something(sandbox)
        log.run()
        log.run()

        assert log.merged() == log.truth(), f"killed before step {step}"
        assert leftovers(log) == 0
        if survived:
            break
    assert step > 10 + 5 * (PAGES if first else 1)


def dying(log: Series, step: int) -> SyncResult:
    die_at_file_step(step, log.folder.path)
    # Not the connections and locks of the process that this one is a fork of.
    return branch(log, log.folder, first=not log.watermark.cursor).try_once()


def leftovers(log: Series) -> int:
    """What lies in the folder of the state."""
    log.folder.fs.invalidate_cache()
    return sum(not name.endswith("/") for name in log.folder.fs.find(f"{log.folder.path}/.sync"))


class MortalS3(S3FileSystem):
    """S3 for a process that is gone after so many requests."""

    left = math.inf

    async def _call_s3(self, method: str, *args: Any, **kwargs: Any) -> Any:
        MortalS3.left -= 1
        if MortalS3.left < 0:
            raise ConnectionError("The process is gone.")
        return await super()._call_s3(method, *args, **kwargs)


@pytest.fixture
def bucket(s3, monkeypatch) -> Iterator[UPath]:
    """A folder in a bucket that a process can die over."""
    fsspec.register_implementation("s3", MortalS3, clobber=True)
    yield UPath(f"s3://calls/{uuid.uuid4().hex}", **s3)
    MortalS3.left = math.inf
    fsspec.register_implementation("s3", S3FileSystem, clobber=True)


def test_killed_before_every_request_to_a_store(begun, sandbox, bucket):
    change_something(sandbox)
    # Before the first page there are eight, which change nothing.
    for step in itertools.count(8):
        log = branch(begun, bucket / f"step-{step}", first=True)
        MortalS3.left = step
        with contextlib.suppress(OSError, Unavailable):
            # What it still believes to have done after its death is not heard of.
            log.try_once()
        survived, MortalS3.left = MortalS3.left > 0, math.inf
        if step % 2:
            change_something(sandbox)
        log.run()
        if step % 2:
            log.run()

        assert log.merged() == log.truth(), f"killed before request {step}"
        if survived:
            break
    assert leftovers(log) == 0
    assert step > 8 + 3 * PAGES


def both(early: Series, late: Series, sandbox: Sandbox) -> list[SyncResult]:
    """Two runs of one watermark, one of which begins and ends while the other waits for its second page."""
    done: list[SyncResult] = []

    def meanwhile(_: Any) -> None:
        if not done:
            change_something(sandbox)
            done.append(late.try_once())

    with contextlib.suppress(Unavailable):
        done.append(early.try_once(progress=meanwhile))
    return done


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request, tmp_path) -> UPath:
    """A folder that nobody else uses."""
    if request.param == "disk":
        return UPath(tmp_path / "place")
    return UPath(f"memory://{uuid.uuid4().hex}") if request.param == "memory" else request.getfixturevalue("bucket")


@pytest.mark.parametrize("later_event_first", [False, True])
def test_two_runs_at_once(begun, sandbox, place, later_event_first):
    log = branch(begun, place, first=True)
    done = both(log, branch(begun, place, first=True), sandbox)
    assert done, "one of them succeeds"
    for synced in done[::-1] if later_event_first else done:
        log.announce(synced)
    if len(done) == 1:
        # The other one failed, and is tried again.
        log.run()
    change_something(sandbox)
    log.run()

    assert log.merged() == log.truth()


def test_two_runs_whose_steps_meet_anywhere(begun, sandbox, tmp_path):
    for turn in range(5):
        change_something(sandbox)
        log = branch(begun, UPath(tmp_path / f"turn-{turn}"), first=True)
        runs = [branch(begun, log.folder, first=True) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            ends = [synced for synced in pool.map(end_of, runs) if synced]
        for synced in ends:
            log.announce(synced)
        change_something(sandbox)
        log.run()

        assert ends, "one of them succeeds"
        assert log.merged() == log.truth()


def end_of(log: Series) -> SyncResult | None:
    try:
        return log.try_once()
    except Unavailable:
        return None


def test_a_series_in_a_store(begun, sandbox, bucket):
    log = branch(begun, bucket, first=True)
    log.run()
    for _ in range(3):
        change_something(sandbox)
        receipt = log.run().receipt
        assert (receipt.records_new + receipt.records_changed, receipt.records_deleted) == (3, 1)
        assert receipt.sha256 == hashlib.sha256(log.files[-1].read_bytes()).hexdigest()
    log.run(if_empty="skip")

    assert log.merged() == log.truth()
    assert [path.name for path in log.files] == sorted(path.name for path in bucket.iterdir() if path.name != ".sync")


def test_killed_between_file_and_event(begun, sandbox):
    change_something(sandbox)
    unheard = begun.try_once()
    change_something(sandbox)
    sandbox.reset_stats()
    retried = begun.run()

    assert retried.watermark.time > unheard.watermark.time
    assert retried.receipt.requests == sandbox.stats()["requests"] == 1
    assert (unheard.receipt.records, retried.receipt.records) == (4, 6)
    assert begun.run().receipt.records == 0
    assert begun.merged() == begun.truth()
