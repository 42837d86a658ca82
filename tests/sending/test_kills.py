"""Workers that are killed (kill -9) between sending and its result, and retried: one message, and its id."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ringcentral.client.errors import OutcomeUnknown
from airflow_provider_ringcentral.operators.webhook import RingCentralPostWebhookOperator

from .conftest import CLASSES, OPERATIONS, TO, WITHOUT_LOOK, context_of
from .worker import FileStore

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture
def start(desk, arguments, tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts the first try of a task in a process of its own."""
    running: list[subprocess.Popen] = []

    def worker(sender: str, *, store: bool, **how: Any) -> subprocess.Popen:
        job = {
            "class": (CLASSES | WITHOUT_LOOK)[sender],
            "arguments": arguments[sender] | how,
            "store": str(tmp_path / "store.json") if store else None,
        }
        running.append(subprocess.Popen([sys.executable, str(WORKER), json.dumps(job)]))
        return running[-1]

    yield worker
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def retry(senders, tmp_path) -> Callable[..., list[dict[str, Any]]]:
    """The second try, with what the first one left behind."""

    def run(sender: str, *, store: bool, **arguments: Any) -> list[dict[str, Any]]:
        context = context_of(attempt=2, store=FileStore(str(tmp_path / "store.json")) if store else None)
        return senders[sender](**arguments).execute(context)

    return run


@pytest.fixture
def new_ledger(monkeypatch, tmp_path) -> Callable[[], None]:
    """From here on, a ledger that knows nothing."""
    return lambda: monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/new.sqlite")


def wait_until(condition: Callable[[], Any]) -> None:
    """Time does not matter, as long as this comes to an end."""
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    "case",
    [("SMS", True), ("SMS", False), ("MMS", False), ("pager", True), ("fax", False), ("post", False), ("card", True)],
    ids=str,
)
def test_killed_while_it_waits_for_the_answer(desk, start, retry, there, case):
    """The message is accepted, the answer is on its way, the process is gone."""
    sender, store = case
    desk.fault("slow", seconds=600, operation=OPERATIONS[sender], executed=True)
    first = start(sender, store=store)
    wait_until(there)
    kill(first)

    (result,) = retry(sender, store=store)

    assert there() == [result["id"]]
    assert result["found"] is True


def test_a_webhook_killed_while_it_waits_for_the_answer_is_told_and_not_repeated(desk, start, text, there, tmp_path):
    desk.fault("slow", seconds=600, operation="postToWebhook", executed=True)
    first = start("webhook", store=True)
    wait_until(there)
    kill(first)
    context = context_of(attempt=2, store=FileStore(str(tmp_path / "store.json")))

    with pytest.raises(OutcomeUnknown, match="an earlier try sent this webhook post, and its answer is lost"):
        RingCentralPostWebhookOperator(task_id="send", text=text).execute(context)

    assert len(there()) == 1


def test_killed_while_it_looks_for_the_message(desk, start, retry, there):
    """The answer is lost, the look is answered slowly, the process is gone."""
    desk.fault("status", status=504, operation="createSMSMessage", executed=True)
    desk.fault("slow", seconds=600, operation="listMessages")
    first = start("SMS", store=True)
    wait_until(there)
    wait_until(lambda: any(rule["kind"] == "slow" and rule["done"] for rule in desk.faults()))
    kill(first)

    (result,) = retry("SMS", store=True)

    assert there() == [result["id"]]


def test_killed_while_it_waits_for_the_status(desk, start, retry, there):
    desk.number_outcome(TO, status="Queued")
    first = start("SMS", store=True, wait_for="sent", poll_interval=0.1)
    wait_until(lambda: "readMessage" in desk.stats()["operations"])
    kill(first)
    (sent,) = there()
    desk.change_message(int(sent), status="Sent")

    try:
        (result,) = retry("SMS", store=True, wait_for="sent", poll_interval=0.1)
    finally:
        desk.number_outcome(TO)

    assert there() == [sent] == [result["id"]]
    assert (result["status"], result["found"]) == ("Sent", False)


def test_killed_while_it_waits_for_its_quota(desk, start, retry, there, new_ledger, tmp_path):  # noqa: PLR0917
    """Refused and waiting is not sent: the retry sends without a look."""
    to = "+12125550444"
    desk.fault("status", status=429, retry_after=300, operation="createSMSMessage")
    first = start("SMS", store=True, to=to)
    wait_until(lambda: any(rule["done"] for rule in desk.faults()))
    wait_until(lambda: '"sends": 0' in (tmp_path / "store.json").read_text())
    kill(first)
    # The old ledger keeps the group closed for as long as RingCentral said.
    new_ledger()

    (result,) = retry("SMS", store=True, to=to)

    assert there() == [result["id"]]
    assert result["found"] is False
    looks = [request for request in desk.requests() if request["operation"] == "listMessages"]
    assert not any(to[1:] in request["query"] for request in looks)


def test_killed_in_a_list_of_recipients(desk, start, retry, there):
    numbers = [f"+1212555030{number}" for number in range(4)]
    desk.fault("slow", seconds=600, operation="createSMSMessage", executed=True, nth=3)
    first = start("SMS", store=False, to=numbers)
    wait_until(lambda: len(there()) == 3)
    kill(first)

    results = retry("SMS", store=False, to=numbers)

    assert sorted(result["id"] for result in results) == there()
    assert [result["found"] for result in results] == [False, False, True, False]
