"""A sandbox that takes messages, and tasks that send them."""

from __future__ import annotations

import importlib
import itertools
import json
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
TEAM = "Data Alerts"
TEXT = "Backup of the ledger is late"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    """One sandbox for the module: messages are told apart by their text."""
    with Sandbox(calls=0, limits=ROOMY, scale=0.02, sms_per_minute=0, mms_per_minute=0) as sandbox:
        yield sandbox


@pytest.fixture
def desk(office: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """The same, with a Connection to it (timeout 60 s), a ledger of this test and no faults."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_uri)
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    webhook = json.dumps({"conn_type": "http", "password": office.add_webhook()})
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_WEBHOOK_DEFAULT", webhook)
    office.reset_stats()
    yield office
    office.clear_faults()


@pytest.fixture
def in_haste(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives up waiting for an answer after a second, where the loss is that it does not come in time."""

    def hurry(loss: str = "timeout") -> None:
        if loss == "timeout":
            monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_for(timeout="1"))

    return hurry


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


RUN_START = datetime.now(UTC)


def context_of(
    task: str = "send", *, attempt: int = 1, retries: int = 3, clears: int = 0, store: Store | None = None
) -> dict[str, Any]:
    """The context of a try. `clears`: how many tries there were when a person cleared the task last, 0 for never."""
    ti = SimpleNamespace(
        dag_id="dag", run_id="run", task_id=task, map_index=-1, try_number=attempt, max_tries=retries + clears
    )
    run = SimpleNamespace(start_date=RUN_START, run_after=RUN_START)
    context = {"ti": ti, "task": SimpleNamespace(retries=retries), "dag_run": run}
    return context if store is None else {**context, "task_state_store": store}


OPERATIONS = {
    "SMS": "createSMSMessage",
    "MMS": "createMMS",
    "pager": "createInternalTextMessage",
    "fax": "createFaxMessage",
    "post": "createGlipPostNew",
    "card": "createGlipAdaptiveCardNew",
}
CLASSES = {
    "SMS": "operators.sms.RingCentralSendSmsOperator",
    "MMS": "operators.mms.RingCentralSendMmsOperator",
    "pager": "operators.pager.RingCentralSendPagerOperator",
    "fax": "operators.fax.RingCentralSendFaxOperator",
    "post": "operators.team_messaging.RingCentralPostMessageOperator",
    "card": "operators.team_messaging.RingCentralPostCardOperator",
}
WITHOUT_LOOK = {"webhook": "operators.webhook.RingCentralPostWebhookOperator"}
"""Whose messages cannot be looked for."""

ALIKE = [channel for channel in OPERATIONS if channel != "fax"]
"""Whose messages of equal content are equal: one of them is as good as the other."""

AREA_CODES = itertools.count(210)


@pytest.fixture
def fax_number() -> str:
    """A number that no other test faxes to: faxes are looked up by it."""
    return f"+1{next(AREA_CODES)}5550101"


@pytest.fixture
def arguments(picture: str, text: str, fax_number: str) -> dict[str, dict[str, Any]]:
    """Arguments of the operators by channel, as JSON; each sends the test's text to one recipient."""
    card = {"type": "AdaptiveCard", "fallbackText": text, "body": [{"type": "TextBlock", "text": text}]}
    return {
        "SMS": {"to": TO, "text": text},
        "MMS": {"to": TO, "text": text, "files": picture},
        "pager": {"to": "102", "text": text},
        "fax": {"to": fax_number, "files": [picture, {"name": "letter.txt", "text": text}]},
        "post": {"team": TEAM, "text": text},
        "card": {"team": TEAM, "card": card},
        "webhook": {"text": text},
    }


class Lister:
    """An operator whose one result is a list, as those of messages are."""

    def __init__(self, operator: Any) -> None:
        self._operator = operator

    def execute(self, context: dict[str, Any]) -> list[dict[str, Any]]:
        result = self._operator.execute(context)
        return result if isinstance(result, list) else [result]


@pytest.fixture
def senders(arguments: dict[str, dict[str, Any]]) -> dict[str, Callable[..., Any]]:
    """Operators by channel; each sends the test's text to one recipient."""

    def sender(channel: str) -> Callable[..., Any]:
        module, _, name = CLASSES[channel].rpartition(".")
        kind = getattr(importlib.import_module(f"airflow_provider_ringcentral.{module}"), name)
        return lambda **how: Lister(kind(**{"task_id": "send", "settling": 60, **arguments[channel], **how}))

    return {channel: sender(channel) for channel in CLASSES}


@pytest.fixture
def there(desk: Sandbox, text: str, fax_number: str) -> Callable[[], list[str]]:
    """The ids of this test's messages that are at the server: by the text, or the number faxed to."""

    def ids() -> list[str]:
        messages = desk.messages(text=text, direction="Outbound") + desk.messages(type="Fax", to=fax_number)
        posts = [post for post in desk.posts() if post["text"] == text]
        # A card shows in its chat as the attachment of a post, and is known by its own id.
        posted = [next((part["id"] for part in post["attachments"] if "card" in part), post["id"]) for post in posts]
        return [str(message["id"]) for message in messages] + posted

    return ids
