"""The Connection's Default sender: who sends when a task or an alert names no number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from requests_mock import ANY

from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier
from airflow_provider_ringcentral.operators.a2p_sms import RingCentralSendA2PSmsOperator
from airflow_provider_ringcentral.operators.mms import RingCentralSendMmsOperator
from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator

FIRST, SECOND, BROADCASTS, TO = "+16505559000", "+16505559001", "+16505550120", "+12125550101"
FEATURES = ["SmsSender", "MmsSender"]


@pytest.fixture
def numbers(desk, requests_mock) -> Any:
    """A user with two numbers for texts and one for broadcasts; what is sent from them is taken."""
    requests_mock.register_uri(ANY, ANY, real_http=True)
    records = [{"phoneNumber": number, "features": FEATURES} for number in (FIRST, SECOND)]
    records.append({"phoneNumber": BROADCASTS, "features": ["A2PSmsSender"]})
    own = f"{desk.url}/restapi/v1.0/account/~/extension/~"
    requests_mock.get(f"{own}/phone-number", json={"records": records})
    taken = {"id": 7, "messageStatus": "Queued", "creationTime": "2026-01-31T00:00:00.000Z"}
    requests_mock.post(f"{own}/sms", json=taken)
    requests_mock.post(f"{own}/mms", json=taken)
    return requests_mock


def sender_of(mock: Any) -> str:
    sent = next(one for one in reversed(mock.request_history) if one.path.endswith(("/sms", "/mms")))
    body = sent.text if isinstance(sent.text, str) else sent.body.decode("latin-1")
    return next(number for number in (FIRST, SECOND) if f'"from":{{"phoneNumber":"{number}"}}' in body.replace(" ", ""))


@pytest.fixture
def default(desk, monkeypatch) -> Any:
    def use(number: str | None) -> None:
        extra = {} if number is None else {"from_number": number}
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", desk.connection_for(**extra))

    return use


def sms(**how: Any) -> Any:
    return RingCentralSendSmsOperator(task_id="send", to=TO, text="x", **how).execute({})


@pytest.mark.parametrize("given", [{}, {"from_number": None}, {"from_number": "None"}, {"from_number": ""}], ids=str)
def test_it_sends_when_the_task_names_none(numbers, default, given):
    default(SECOND)
    sms(**given)

    assert sender_of(numbers) == SECOND


def test_the_number_of_the_task_wins(numbers, default):
    default(SECOND)
    sms(from_number=FIRST)

    assert sender_of(numbers) == FIRST


def test_files_go_out_from_it_too(numbers, default, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"x")
    default(SECOND)
    RingCentralSendMmsOperator(task_id="send", to=TO, files=tmp_path / "a.png").execute({})

    assert sender_of(numbers) == SECOND


def test_an_alert_goes_out_from_it(numbers, default):
    default(SECOND)
    RingCentralSmsNotifier(to=TO, gather=0.0)({"dag_run": {"dag_id": "orders", "run_id": "one"}, "reason": "x"})

    assert sender_of(numbers) == SECOND


def test_a_broadcast_takes_it_only_when_it_can_send_batches(desk, default, tmp_path: Path):
    """Numbers for batches are others than those for texts."""
    default("+16505551001")
    before = len(desk.batches())
    RingCentralSendA2PSmsOperator(
        task_id="send", to=["+14155550101"], text="x", destination=tmp_path / "result.csv"
    ).execute({})

    assert desk.batches()[before]["from"] == BROADCASTS


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("+16505550199", r"from_number of the Connection is not a number of this JWT's user.*…9000, …9001"),
        (None, r"2 numbers can send \(SmsSender\).*as Default sender in the Connection"),
        (BROADCASTS, r"2 numbers can send \(SmsSender\)"),
    ],
)
def test_one_that_cannot_send_is_told(numbers, default, number, problem):
    default(number)
    with pytest.raises(BadRequest, match=problem) as caught:
        sms()

    assert isinstance(caught.value, AirflowFailException)


def test_without_the_scope_to_read_numbers_it_is_used_unchecked(desk, monkeypatch):
    app = desk.add_app(permissions=["SMS"])
    connection = desk.connection_for(app=app, from_number="+16505551001")
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", connection)
    before = len(desk.messages())
    sms()

    assert desk.messages()[before]["from"] == "+16505551001"
