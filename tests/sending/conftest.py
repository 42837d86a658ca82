"""A sandbox that takes messages, and tasks that send them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

ROOMY = dict.fromkeys(("Auth", "Light", "Medium", "Heavy"), 100000)
TO = "+12125550101"
TEXT = "Backup of the ledger is late"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    """One sandbox for the module: messages are told apart by their text."""
    with Sandbox(calls=0, limits=ROOMY, scale=0.02, sms_per_minute=0, mms_per_minute=0) as sandbox:
        yield sandbox


@pytest.fixture
def desk(office: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """The same, with a Connection to it (timeout 1 s), a ledger of this test and no faults."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_for(timeout="1"))
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    office.reset_stats()
    yield office
    office.clear_faults()


@pytest.fixture
def text() -> str:
    """A text that no other test sends."""
    return f"{TEXT} {uuid.uuid4().hex}"


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "chart.png"
    path.write_bytes(PNG)
    return str(path)


class Store(dict[str, Any]):
    """Airflow's task state store, as a task sees it."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def context_of(
    task: str = "send", *, attempt: int = 1, retries: int = 3, clears: int = 0, store: Store | None = None
) -> dict[str, Any]:
    """The context of a try. `clears`: how many tries there were when a person cleared the task last, 0 for never."""
    ti = SimpleNamespace(
        dag_id="dag", run_id="run", task_id=task, map_index=-1, try_number=attempt, max_tries=retries + clears
    )
    run = SimpleNamespace(start_date=datetime.now(UTC), run_after=datetime.now(UTC))
    context = {"ti": ti, "task": SimpleNamespace(retries=retries), "dag_run": run}
    return context if store is None else {**context, "task_state_store": store}


@pytest.fixture
def senders(picture: str, text: str) -> dict[str, Callable[..., Any]]:
    """Operators by channel; each sends the test's text to one recipient."""
    from airflow_provider_ringcentral.operators.mms import RingCentralSendMmsOperator
    from airflow_provider_ringcentral.operators.pager import RingCentralSendPagerOperator
    from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator

    usual = {"task_id": "send", "text": text, "settling": 1.5}
    return {
        "SMS": lambda **how: RingCentralSendSmsOperator(**{**usual, "to": TO, **how}),
        "MMS": lambda **how: RingCentralSendMmsOperator(**{**usual, "to": TO, "files": picture, **how}),
        "pager": lambda **how: RingCentralSendPagerOperator(**{**usual, "to": "102", **how}),
    }


OPERATIONS = {"SMS": "createSMSMessage", "MMS": "createMMS", "pager": "createInternalTextMessage"}


@pytest.fixture
def there(desk: Sandbox, text: str) -> Callable[[], list[str]]:
    """The ids of the messages with the test's text that are at the server."""
    return lambda: [str(message["id"]) for message in desk.messages(text=text, direction="Outbound")]
