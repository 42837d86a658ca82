"""What every ledger must do, run against each of them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.ledger.protocol import Ledger

Opener = Callable[[], Ledger]


def increment(value: bytes | None) -> tuple[bytes, int]:
    number = int(value or b"0") + 1
    return str(number).encode(), number


def increment_often(url: str, times: int) -> None:
    increment_often_in(open_ledger(url), times)


def increment_often_in(ledger: Ledger, times: int) -> None:
    for _ in range(times):
        ledger.update("n", increment)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def url(request, tmp_path) -> str:
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return "memory://" if request.param == "memory" else f"sqlite://{tmp_path}/ledger.sqlite"


@pytest.fixture(params=["sqlite", "redis"])
def shared_url(request, tmp_path) -> str:
    return request.getfixturevalue("redis_url") if request.param == "redis" else f"sqlite://{tmp_path}/ledger.sqlite"


@pytest.fixture
def ledger(url) -> Iterator[Ledger]:
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


def test_values_are_kept_changed_and_deleted(ledger):
    assert ledger.read("a") is None
    assert ledger.update("a", lambda value: (b"1", value)) is None
    assert ledger.now() > 1.7e9
    assert ledger.read("a") == b"1"
    assert ledger.update("a", lambda value: (b"2", value)) == b"1"
    assert ledger.update("b", lambda value: (b"x", value)) is None
    assert ledger.update("a", lambda value: (None, value)) == b"2"
    assert ledger.read("a") is None
    assert ledger.read("b") == b"x"


def test_keys_are_listed_by_their_beginning(ledger):
    for key in ("window:b:heavy", "window:a*:light", "window:a*:heavy", "window:ab:heavy", "session:a"):
        ledger.update(key, lambda value: (b"1", value))

    assert ledger.keys("window:a*:") == ["window:a*:heavy", "window:a*:light"]
    assert ledger.keys("session:") == ["session:a"]
    assert ledger.keys("nothing") == []


def test_a_change_that_raises_changes_nothing(ledger):
    ledger.update("a", increment)
    with pytest.raises(ZeroDivisionError):
        ledger.update("a", lambda value: (value, 1 / 0))

    assert ledger.read("a") == b"1"
    assert ledger.update("a", increment) == 2


def test_threads_lose_no_change(ledger):
    threads = [threading.Thread(target=increment_often_in, args=(ledger, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ledger.read("n") == b"400"


def test_processes_lose_no_change(shared_url):
    url = shared_url
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=increment_often, args=(url, 50)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    assert open_ledger(url).read("n") == b"200"


def test_a_forked_process_connects_anew(shared_url):
    ledger = open_ledger(shared_url)
    ledger.update("n", increment)
    child = multiprocessing.get_context("fork").Process(target=ledger.update, args=("n", increment))
    child.start()
    child.join()
    ledger.update("n", increment)

    assert child.exitcode == 0
    assert ledger.read("n") == b"3"


def test_the_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "deep" / "ledger.sqlite"
    previous = os.umask(0)
    try:
        open_ledger(f"sqlite://{path}").update("n", increment)
    finally:
        os.umask(previous)

    assert {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()} == dict.fromkeys(
        ("ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal"), 384
    )


@pytest.mark.parametrize("damage", ["a folder", "garbage", "a file where the folder should be"])
def test_a_file_that_cannot_be_used_falls_back_with_one_warning(tmp_path: Path, caplog, damage):
    path = tmp_path / "ledger.sqlite"
    if damage == "a folder":
        path.mkdir()
    elif damage == "garbage":
        path.write_bytes(b"no database " * 1000)
    else:
        path.write_text("")
        path = path / "ledger.sqlite"
    ledger = open_ledger(f"sqlite://{path}")

    assert [ledger.update("n", increment) for _ in range(3)] == [1, 2, 3]
    assert ledger.read("n") == b"3"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(path) in caplog.text


@pytest.mark.parametrize(
    "url", ["", "sqlite:relative", "sqlite://host/x", "mysql://u:hidden-password@h/x", "ledger.db"]
)
def test_a_url_that_cannot_work_is_refused_by_name(url):
    with pytest.raises(Exception, match=r"\[ringcentral\] ledger_url") as caught:
        open_ledger(url)
    assert "hidden-password" not in str(caught.value)
