"""What authors give to operators that send: files as paths, texts from templates, numbers as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, ObjectStoragePath

from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier
from airflow_provider_ringcentral.operators.a2p_sms import RingCentralSendA2PSmsOperator
from airflow_provider_ringcentral.operators.fax import RingCentralSendFaxOperator
from airflow_provider_ringcentral.operators.mms import RingCentralSendMmsOperator
from airflow_provider_ringcentral.operators.pager import RingCentralSendPagerOperator
from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator
from airflow_provider_ringcentral.operators.team_messaging import (
    RingCentralPostCardOperator,
    RingCentralPostMessageOperator,
)
from airflow_provider_ringcentral.operators.webhook import RingCentralPostWebhookOperator

TO, TEAM = "+12125550101", "Data Alerts"
CARD = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "x"}]}
START = datetime(2026, 1, 1, tzinfo=UTC)

PLACES: dict[str, Callable[[Path], Any]] = {
    "text": str,
    "path": Path,
    "object path": lambda path: ObjectStoragePath(f"file://{path}"),
    "local object path": lambda path: ObjectStoragePath(str(path)),
}
SENDERS: dict[str, Callable[..., Any]] = {
    "MMS": lambda files: RingCentralSendMmsOperator(task_id="send", to=TO, files=files),
    "fax": lambda files: RingCentralSendFaxOperator(task_id="send", to=TO, files=files),
    "post": lambda files: RingCentralPostMessageOperator(task_id="send", team=TEAM, files=files),
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "chart 2026-01-31.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return tmp_path / "chart 2026-01-31.png"


def rendered(operator: Any, **context: Any) -> Any:
    with DAG("dag", schedule=None, start_date=START) as dag:
        dag.add_task(operator)
    operator.render_template_fields(context)
    return operator


def names(desk: Any, sender: str) -> list[str]:
    """Of the files that went out last."""
    if sender == "post":
        return [one["name"] for one in desk.posts()[-1]["attachments"]]
    attached = desk.messages(direction="Outbound")[-1]["attachments"]
    return [one["filename"] for one in attached if one["type"] != "Text"]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sender", SENDERS)
def test_files_may_be_texts_or_paths_one_or_several(desk, chart, sender, place, several):
    file = PLACES[place](chart)
    rendered(SENDERS[sender]([file, file] if several else file)).execute({})

    assert names(desk, sender) == [chart.name] * (2 if several else 1)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sender", SENDERS)
def test_paths_are_rendered(desk, chart, sender, place):
    file = PLACES[place](chart.with_name("chart {{ ds }}.png"))
    rendered(SENDERS[sender](file), ds="2026-01-31").execute({})

    assert names(desk, sender) == [chart.name]


@pytest.mark.parametrize("place", PLACES)
def test_a_broadcast_takes_paths(desk, tmp_path, place):
    (tmp_path / "list.csv").write_text("to\n+14155550101\n")
    operator = RingCentralSendA2PSmsOperator(
        task_id="send",
        recipients_file=PLACES[place](tmp_path / "list.csv"),
        destination=PLACES[place](tmp_path / "result.ndjson"),
        text="Hello",
    )
    receipt = rendered(operator).execute({})

    assert receipt["records"] == 1
    assert receipt["destination"].endswith("result.ndjson")
    assert (tmp_path / "result.ndjson").stat().st_size == receipt["bytes"]


EMPTY: dict[str, Callable[[str, str], Any]] = {
    "SMS": lambda text, _: RingCentralSendSmsOperator(task_id="send", to=TO, text=text),
    "MMS": lambda text, file: RingCentralSendMmsOperator(task_id="send", to=TO, text=text, files=file),
    "pager": lambda text, _: RingCentralSendPagerOperator(task_id="send", to="102", text=text),
    "fax": lambda text, _: RingCentralSendFaxOperator(task_id="send", to=TO, files={"name": "a.txt", "text": text}),
    "cover": lambda text, file: RingCentralSendFaxOperator(task_id="send", to=TO, files=file, cover=1, cover_text=text),
    "broadcast": lambda text, _: RingCentralSendA2PSmsOperator(
        task_id="send", to=["+14155550101"], text=text, destination="/tmp/never/result.csv"
    ),
    "post": lambda text, file: RingCentralPostMessageOperator(task_id="send", team=TEAM, text=text, files=file),
    "card": lambda text, _: RingCentralPostCardOperator(task_id="send", team=TEAM, card=CARD, fallback_text=text),
    "webhook": lambda text, _: RingCentralPostWebhookOperator(task_id="send", text=text, attachments=[CARD]),
    "webhook title": lambda text, _: RingCentralPostWebhookOperator(task_id="send", text="x", title=text or "None"),
}


@pytest.mark.parametrize("template", ["{{ missing }}", " {{ missing or '' }} "])
@pytest.mark.parametrize("sender", EMPTY)
def test_a_template_that_renders_nothing_is_refused(desk, chart, monkeypatch, sender, template):
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_WEBHOOK_DEFAULT", webhook_of(desk))
    before = len(desk.messages()), len(desk.posts()), len(desk.batches())
    operator = rendered(EMPTY[sender](template, str(chart)), missing=None)

    with pytest.raises(BadRequest, match=r'is "None", as a template renders|is empty|may be empty|there is no text'):
        operator.execute({})

    assert (len(desk.messages()), len(desk.posts()), len(desk.batches())) == before


def webhook_of(desk: Any) -> str:
    import json

    return json.dumps({"conn_type": "http", "password": desk.add_webhook()})


@pytest.mark.parametrize("template", ["{{ missing }}", "{{ missing or '' }}"])
def test_an_alert_whose_text_renders_nothing_says_what_happened(desk, template):
    before = len(desk.messages())
    notifier = RingCentralSmsNotifier(to=TO, text=template, gather=0.0)
    notifier({"missing": None, "dag_run": {"dag_id": "orders", "run_id": "one"}, "reason": "task_failure"})

    (message,) = desk.messages()[before:]
    assert message["text"].startswith("Airflow: orders failed (task failure) in one.")


WITH_FILES_OF_TEXT: dict[str, Callable[[str], Any]] = {
    "SMS": lambda text: RingCentralSendSmsOperator(task_id="send", to=TO, text=text),
    "pager": lambda text: RingCentralSendPagerOperator(task_id="send", to="102", text=text),
}


@pytest.mark.parametrize("sender", WITH_FILES_OF_TEXT)
def test_a_text_that_ends_in_txt_is_a_template_file(desk, tmp_path, sender):
    (tmp_path / "welcome.txt").write_text("Backup of {{ what }} is late")
    operator = WITH_FILES_OF_TEXT[sender]("welcome.txt")
    with DAG("dag", schedule=None, start_date=START, template_searchpath=[str(tmp_path)]) as dag:
        dag.add_task(operator)
    operator.render_template_fields({"what": "the ledger"})
    operator.execute({})

    assert desk.messages(direction="Outbound")[-1]["text"] == "Backup of the ledger is late"


@pytest.mark.parametrize("sender", ["MMS", "post"])
def test_beside_files_a_text_is_not_the_name_of_one(desk, chart, tmp_path, sender):
    (tmp_path / "welcome.txt").write_text("Backup of {{ what }} is late")
    with pytest.raises(BadRequest, match=r"name of a \.txt file that was not read"):
        rendered(EMPTY[sender]("welcome.txt", str(chart))).execute({})
    operator = EMPTY[sender]("{% include 'welcome.txt' %}", str(chart))
    with DAG("dag", schedule=None, start_date=START, template_searchpath=[str(tmp_path)]) as dag:
        dag.add_task(operator)
    operator.render_template_fields({"what": "the ledger"})
    operator.execute({})

    sent = desk.posts() if sender == "post" else desk.messages(direction="Outbound")
    assert sent[-1]["text"] == "Backup of the ledger is late"


LISTS: dict[str, Callable[[str], Any]] = {
    "to": lambda value: RingCentralSendSmsOperator(task_id="send", to=value, text="x"),
    "fax": lambda value: RingCentralSendFaxOperator(task_id="send", to=value, files={"name": "a.txt", "text": "x"}),
    "pager": lambda value: RingCentralSendPagerOperator(task_id="send", to=value, text="x"),
    "broadcast": lambda value: RingCentralSendA2PSmsOperator(
        task_id="send", to=value, text="x", destination="/tmp/never/result.csv"
    ),
    "files": lambda value: RingCentralSendMmsOperator(task_id="send", to=TO, files=value),
    "post files": lambda value: RingCentralPostMessageOperator(task_id="send", team=TEAM, text="x", files=value),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_became_a_text_is_told(desk, name):
    operator = rendered(LISTS[name]("{{ everybody }}"), everybody=["+12125550101", "+12125550102"])

    with pytest.raises(BadRequest, match="render_template_as_native_obj=True") as caught:
        operator.execute({})

    assert isinstance(caught.value, AirflowFailException)
    assert "2125550101" not in str(caught.value)


NUMBERS = [
    ("2125550101", r"national number: in the US and Canada, write \+1 before it"),
    ("(212) 555-0101", r"national number: in the US and Canada, write \+1 before it"),
    ("030 901820", r"national number: write \+ and the country code in place of the 0"),
    ("0049 30 901820", r"begins with 00: write \+ instead"),
    ("12125550101", r"the \+ and perhaps the country code are missing"),
    ("+1 212 555-0101", "spaces, brackets or dashes: leave them out"),
    (12125550101, "it is int: give the number as a text"),
]


@pytest.mark.parametrize(("number", "hint"), NUMBERS)
def test_numbers_as_people_write_them_get_a_hint(desk, number, hint):
    with pytest.raises(BadRequest, match=rf"to is not a valid phone number \(.*{hint}") as caught:
        RingCentralSendSmsOperator(task_id="send", to=number, text="x").execute({})

    assert "0101" not in str(caught.value)
    assert "901820" not in str(caught.value)


def test_a_cover_page_alone(desk):
    to = "+12125550188"
    RingCentralSendFaxOperator(
        task_id="send", to=to, cover=7, cover_text="Call us", wait_for="sent", poll_interval=0.02
    ).execute({})
    (message,) = desk.messages(to=to)

    assert (message["extra"]["coverIndex"], message["extra"]["coverPageText"]) == (7, "Call us")
    assert message["extra"]["faxPageCount"] == 1
    assert message["attachments"] == []


def test_a_cover_page_alone_has_to_be_chosen(desk):
    with pytest.raises(BadRequest, match="For a cover page alone, choose it: cover=1 to 13"):
        RingCentralSendFaxOperator(task_id="send", to=TO, cover_text="Call us").execute({})
