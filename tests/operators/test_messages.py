"""SMS, MMS and pager operators over HTTP: what arrives, what is waited for, what is refused before anything is sent."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from requests_mock import ANY

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    ConfigurationError,
    DeliveryFailed,
    LoginFailed,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from airflow_provider_ringcentral.operators.mms import RingCentralSendMmsOperator
from airflow_provider_ringcentral.operators.pager import RingCentralSendPagerOperator
from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator
from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.sending.status.status import NotConfirmed

OWN, ALICE, BOB = "+16505551001", "+12125550101", "+12125550102"
TEXT = "Backup of the ledger is late"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    limits = dict.fromkeys(("Auth", "Light", "Medium", "Heavy"), 100_000)
    with Sandbox(calls=0, limits=limits, scale=0.05) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
        yield sandbox


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was logged so far, from INFO on. Airflow 3 writes the lines of operators to stdout."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + capsys.readouterr().out


def sms(**how: Any) -> list[dict[str, Any]]:
    usual = {"task_id": "sms", "to": ALICE, "text": TEXT, "poll_interval": 0.02}
    return RingCentralSendSmsOperator(**{**usual, **how}).execute({})


def mms(**how: Any) -> list[dict[str, Any]]:
    return RingCentralSendMmsOperator(**{"task_id": "mms", "to": ALICE, "text": TEXT, **how}).execute({})


def pager(**how: Any) -> list[dict[str, Any]]:
    return RingCentralSendPagerOperator(**{"task_id": "pager", "to": "102", "text": TEXT, **how}).execute({})


def test_a_text(desk):
    (result,) = sms()
    (message,) = desk.messages()

    assert result == {"to": [0], "id": str(message["id"]), "status": "Queued", "segments": 1, "found": False}
    assert (message["from"], message["to"], message["text"]) == (OWN, [ALICE], TEXT)


def test_a_list_is_one_message_each_and_nobody_gets_two(desk, logged):
    results = sms(to=[ALICE, BOB, ALICE], text="ж" * 71)

    assert [(result["to"], result["segments"]) for result in results] == [([0, 2], 2), ([1], 2)]
    assert [message["to"] for message in desk.messages()] == [[ALICE], [BOB]]
    assert "to[2]: already in to; each recipient gets one message." in logged()


@pytest.mark.parametrize("group", [True, "True"])
def test_a_group_is_one_message_to_all(desk, group):
    (result,) = sms(to=[ALICE, BOB, ALICE], group=group)
    (message,) = desk.messages()

    assert (result["to"], message["to"]) == ([0, 1, 2], [ALICE, BOB])


def test_the_text_false_does_not_make_a_group(desk):
    assert len(sms(to=[ALICE, BOB], group="False")) == 2


def test_files(desk, tmp_path):
    picture, card = tmp_path / "chart.PNG", tmp_path / "card.vcf"
    picture.write_bytes(b"\x89PNG" + bytes(range(256)))
    card.write_text("BEGIN:VCARD\r\nEND:VCARD\r\n")
    (result,) = mms(files=[f"file://{picture}", str(card)], wait_for="sent", poll_interval=0.02)
    (message,) = desk.messages()

    attached = {part["filename"]: part for part in message["attachments"] if part["type"] == "MmsAttachment"}
    assert {name: (part["content_type"], part["size"]) for name, part in attached.items()} == {
        "chart.PNG": ("image/png", 260),
        "card.vcf": ("text/vcard", 24),
    }
    assert (result["status"], result["segments"], message["text"]) == ("Sent", None, TEXT)


TYPES = {
    "image/jpeg": "jpeg jpg",
    "image/png": "png",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/tiff": "tiff tif",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "video/3gpp": "3gp",
    "video/mp4": "mp4 m4v",
    "video/mpeg": "mpeg mpg",
    "video/avi": "avi",
    "video/x-flv": "flv",
    "video/x-ms-wmv": "wmv",
    "video/quicktime": "mov qt",
    "video/webm": "webm",
    "video/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "oga",
    "audio/wav": "wav",
    "audio/amr": "amr",
    "audio/3gpp": "sound.3gp",
    "text/vcard": "vcf vcard",
    "application/zip": "zip",
    "application/gzip": "gzip gz",
    "application/rtf": "rtf",
    "application/pdf": "pdf",
    "text/html": "html",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/calendar": "ics",
}
"""RingCentral's guide, "Sending images in MMS": 31 types."""


def test_every_type_of_file_that_ringcentral_documents(desk, tmp_path):
    names = {f"file.{suffix}": kind for kind, suffixes in TYPES.items() for suffix in suffixes.split()}
    for name in names:
        (tmp_path / name).write_bytes(b"....hdlr....soun" + (b"" if "sound" in name else b"....hdlr....vide"))
    paths = [str(tmp_path / name) for name in names]
    for first in range(0, len(paths), 10):
        mms(files=paths[first : first + 10], text=f"{TEXT} {first}")

    sent = [part for message in desk.messages() for part in message["attachments"] if part["type"] == "MmsAttachment"]
    assert {part["filename"]: part["content_type"] for part in sent} == names
    assert len({part["content_type"] for part in sent}) == 31


def test_a_file_without_a_text(desk, tmp_path):
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    mms(files=str(tmp_path / "a.gif"), text="")

    assert desk.messages()[0]["text"] == ""


@pytest.mark.parametrize("to", ["102", 102, {"extensionNumber": "102"}, {"extensionId": "400131428008"}], ids=str)
def test_a_pager_message(desk, to):
    (result,) = pager(to=to, wait_for="delivered")
    (message,) = desk.messages(direction="Outbound")

    assert (result["status"], result["id"], message["type"]) == ("Sent", str(message["id"]), "Pager")
    assert (message["text"], message["to"]) == (TEXT, ["102"])


STATUSES = [
    ("accepted", {}, "Queued"),
    ("sent", {"status": "Sent"}, "Sent"),
    ("delivered", {"status": "Delivered"}, "Delivered"),
    ("sent", {"status": "DeliveryFailed", "code": "SMS-CAR-199", "after_seconds": 0}, "DeliveryFailed"),
]


@pytest.mark.parametrize(("wait_for", "outcome", "status"), STATUSES)
def test_waiting(desk, wait_for, outcome, status):
    desk.number_outcome(ALICE, **outcome)

    assert sms(wait_for=wait_for)[0]["status"] == status


def test_a_code_that_tells_nothing_warns(desk, caplog):
    desk.number_outcome(ALICE, status="DeliveryFailed", code="SMS-CAR-199", after_seconds=0)
    sms(wait_for="sent")

    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "SMS-CAR-199" in warning.getMessage()


FAILURES = [
    ({"status": "SendingFailed", "code": "SMS-UP-410"}, "not valid, or it is a landline", False),
    ({"status": "DeliveryFailed", "code": "SMS-CAR-431"}, "spam", False),
    ({"status": "DeliveryFailed", "code": "SMS-CAR-412"}, "cannot be reached", True),
    ({"status": "SendingFailed", "code": "SMS-RC-403"}, "monthly limit", False),
    ({"status": "SendingFailed", "code": "SMS-ZZ-1"}, "does not know", False),
    ({"status": "SendingFailed"}, "does not know", False),
]


@pytest.mark.parametrize(("outcome", "cause", "again"), FAILURES)
def test_what_is_not_delivered_fails_the_task(desk, outcome, cause, again):
    desk.number_outcome(ALICE, **outcome)

    with pytest.raises(DeliveryFailed) as caught:
        sms(wait_for="delivered")

    assert cause in caught.value.remedy.cause
    assert caught.value.code == outcome.get("code")
    assert isinstance(caught.value, AirflowFailException) is not again


def test_who_has_opted_out_is_told(desk):
    desk.opt_out(ALICE)

    with pytest.raises(AirflowFailException, match="opted out of messages") as caught:
        sms(wait_for="sent")

    assert "START" in caught.value.remedy.cure
    assert ALICE not in str(caught.value)


@pytest.mark.parametrize("status", ["Queued", "Pondering"])
def test_what_never_ends_times_out_and_may_be_retried(desk, status):
    desk.number_outcome(ALICE, status=status)

    with pytest.raises(NotConfirmed, match=r"1 of 1 messages are not sent after 0\.5 s") as caught:
        sms(wait_for="sent", timeout="0.5")

    assert not isinstance(caught.value, AirflowFailException)


def test_of_many_messages_fifty_are_asked_for_at_once(desk):
    desk.set(sms_per_minute=0)
    numbers = [f"+1212555{number:04}" for number in range(120)]

    results = sms(to=numbers, wait_for="delivered", poll_interval=0.3)

    assert {result["status"] for result in results} == {"Delivered"}
    assert len({result["id"] for result in results}) == 120
    reads = [request for request in desk.requests() if request["operation"] == "readMessage"]
    assert {request["status"] for request in reads} <= {200, 207}
    assert len(reads) <= 15


def test_a_result_of_many_stays_small(desk, logged):
    """XCom takes 48 KB: of many messages it has their places and ids only."""
    desk.set(sms_per_minute=0)
    numbers = [f"+1212555{number:04}" for number in range(600)]

    results = sms(to=numbers)

    assert len(json.dumps(results)) < 48 * 1024
    assert [result["to"] for result in results] == [[place] for place in range(600)]
    assert [result["id"] for result in results] == [str(message["id"]) for message in desk.messages()]
    assert "it contains only to and id of all 600" in logged()


def test_one_failure_of_many_waits_for_the_others(desk):
    desk.number_outcome(BOB, status="SendingFailed", code="SMS-RC-413")

    with pytest.raises(DeliveryFailed, match="1 of 2 messages failed"):
        sms(to=[BOB, ALICE], wait_for="delivered")

    assert {message["status"] for message in desk.messages()} == {"SendingFailed", "Delivered"}


def too_many_files(folder: Path) -> list[str]:
    paths = [folder / f"{number}.png" for number in range(11)]
    for path in paths:
        path.write_bytes(b"x")
    return [str(path) for path in paths]


def file_of(folder: Path, name: str, size: int) -> str:
    (folder / name).write_bytes(bytes(size))
    return str(folder / name)


BAD: list[tuple[str, Callable[[Path], Any], str]] = [
    ("a text of 1,001 units", lambda _: sms(text="a" * 1001), "1001 UTF-16 units; the limit is 1000"),
    ("emoji", lambda _: sms(text="😀" * 501), "1002 UTF-16 units"),
    ("no text", lambda _: sms(text=""), "text is empty"),
    ("a number without +", lambda _: sms(to="2125550101"), "to is not a valid phone number"),
    ("one bad number of three", lambda _: sms(to=[ALICE, "x", BOB]), r"to\[1\] is not a valid phone number"),
    ("nobody", lambda _: sms(to=[]), "to has no recipient"),
    ("numbers in one text", lambda _: sms(to=f"{ALICE},{BOB}"), "to is not a valid phone number"),
    ("eleven in a group", lambda _: sms(to=[f"+121255502{n:02}" for n in range(11)], group=True), "11 recipients"),
    ("group", lambda _: sms(group="maybe"), "neither True nor False"),
    ("a sender that is none", lambda _: sms(from_number="650"), "from_number is not a valid phone number"),
    ("a number of a colleague", lambda _: sms(from_number="+16505551002"), "not a number of this JWT's user.*…1001"),
    ("a number without SMS", lambda _: sms(from_number="+16505550100"), "lacks SmsSender.*…1001"),
    ("wait_for", lambda _: sms(wait_for="Sent"), "did you mean 'sent'"),
    ("on_unknown", lambda _: sms(on_unknown="repeat"), "'look', 'resend' or 'fail'"),
    ("on_rerun", lambda _: sms(on_rerun="never"), "'send' or 'skip'"),
    ("timeout", lambda _: sms(timeout="soon"), "timeout 'soon' is not a duration"),
    ("settling", lambda _: sms(settling=-1), "settling -1 is negative"),
    ("no files", lambda _: mms(files=[]), "files is empty"),
    ("a missing file", lambda folder: mms(files=str(folder / "a.png")), "cannot be read"),
    ("a folder", lambda folder: mms(files=[str((folder / "a.png").mkdir() or folder / "a.png")]), "is a folder"),
    ("an empty file", lambda folder: mms(files=file_of(folder, "a.png", 0)), "is empty"),
    (
        "a file of a wrong type",
        lambda folder: mms(files=file_of(folder, "a.exe", 5)),
        "MMS does not accept the type of the file a",
    ),
    (
        "a file without type",
        lambda folder: mms(files=file_of(folder, "a", 5)),
        "MMS does not accept the type of the file a",
    ),
    ("a large file", lambda folder: mms(files=file_of(folder, "a.png", 1_500_001)), "1500001 bytes together"),
    (
        "two large files",
        lambda folder: mms(files=[file_of(folder, f"{n}.png", 800_000) for n in "ab"]),
        "1600000 bytes together",
    ),
    ("eleven files", lambda folder: mms(files=too_many_files(folder)), "11 files, and an MMS takes at most 10"),
    ("a scheme nobody serves", lambda _: mms(files="nowhere://a.png"), "The file nowhere://a.png cannot be used"),
    ("a long pager text", lambda _: pager(text="a" * 1025), "1025 UTF-16 units; the limit is 1024"),
    ("no extension", lambda _: pager(to="x"), "to is not an extension"),
]


@pytest.mark.parametrize(("call", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_named_before_anything_is_sent(desk, tmp_path, call, problem):
    with pytest.raises((BadRequest, ConfigurationError), match=problem) as caught:
        call(tmp_path)

    assert isinstance(caught.value, AirflowFailException)
    assert desk.messages() == []
    assert not {"createSMSMessage", "createMMS", "createInternalTextMessage"} & set(desk.stats()["operations"])


def test_of_several_numbers_one_must_be_chosen(desk, requests_mock):
    requests_mock.register_uri(ANY, ANY, real_http=True)
    numbers = [{"phoneNumber": f"+1650555900{n}", "features": ["SmsSender"]} for n in range(2)]
    requests_mock.get(f"{desk.url}/restapi/v1.0/account/~/extension/~/phone-number", json={"records": numbers})

    with pytest.raises(BadRequest, match=r"2 numbers can send \(SmsSender\).*…9000, …9001"):
        sms()


def test_who_has_no_number_is_told_where_it_comes_from(desk):
    desk.change_user(sms_features=["CallerId"])

    with pytest.raises(BadRequest, match=r"No number of this JWT's user has SmsSender.*Admin Portal"):
        sms()


def test_files_and_groups_need_a_number_with_mms(desk):
    desk.change_user(sms_features=["CallerId", "SmsSender"])

    with pytest.raises(BadRequest, match="has SmsSender and MmsSender"):
        sms(to=[ALICE, BOB], group=True)
    assert len(sms(to=[ALICE, BOB])) == 2


def test_without_the_scope_to_read_numbers_a_given_one_is_used(desk, logged):
    desk.change_app(permissions=["SMS"])

    with pytest.raises(BadRequest, match="Give from_number, or add the scope ReadAccounts"):
        sms()
    assert len(sms(from_number=OWN)) == 1
    assert "was not checked" in logged()


REFUSALS = [
    ({"kind": "status", "status": 400, "code": "MSG-243"}, BadRequest, True),
    ({"kind": "status", "status": 403, "code": "MSG-242"}, PermissionDenied, True),
    ({"kind": "refuse_scope", "permission": "SMS", "times": 5}, PermissionDenied, True),
    ({"kind": "status", "status": 401, "code": "OAU-104"}, LoginFailed, True),
]


@pytest.mark.parametrize(("fault", "error", "permanent"), REFUSALS)
def test_refused_is_an_error_with_a_remedy_and_no_message(desk, fault, error, permanent):
    desk.fault(**fault, operation="createSMSMessage")

    with pytest.raises(error) as caught:
        sms()

    assert isinstance(caught.value, AirflowFailException) is permanent
    assert desk.messages() == []


@pytest.mark.parametrize("status", [429, 503])
def test_refused_for_now_is_sent_once_after_waiting(desk, status):
    desk.fault("status", status=status, retry_after=0.3, operation="createSMSMessage", times=2)

    sms()

    assert len(desk.messages()) == 1
    assert "listMessages" not in desk.stats()["operations"]


def test_no_connection_is_retried(desk, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", desk.connection_for(max_wait="1"))
    desk.stop()

    with pytest.raises((Unavailable, RateLimited)) as caught:
        sms()

    assert not isinstance(caught.value, AirflowFailException)


def test_a_deferrable_task_waits_without_a_worker(desk):
    desk.number_outcome(ALICE, status="Sent")
    operator = RingCentralSendSmsOperator(
        task_id="sms", to=ALICE, text=TEXT, wait_for="delivered", deferrable=True, poll_interval=0.1
    )
    store: dict[str, Any] = {}
    context: Any = {"task_state_store": KeyValueStore(store)}
    before = time.time()
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    assert deferred.value.method_name == "execute_complete"
    _, carried = deferred.value.trigger.serialize()
    assert (carried["ids"], carried["wait_for"]) == ([str(desk.messages()[0]["id"])], "delivered")
    assert before + 599 < carried["deadline"] < time.time() + 600
    assert before - 5 < carried["since"] < time.time()

    event = {"status": "success", "found": [[{"messageStatus": "Delivered"}, carried["ids"]]]}
    desk.reset_stats()

    (result,) = operator.execute_complete(context, event)

    assert (result["status"], len(desk.messages())) == ("Delivered", 1)
    assert "readMessage" not in desk.stats()["operations"], "what the trigger saw is not asked for again"
    assert [key.split(":")[1] for key in store if "deadline" in key or "finished" in key] == ["deadline", "finished"]


class KeyValueStore(dict[str, Any]):
    """A task state store over a dict that outlives the process, so to speak."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__()
        self.values_kept = values

    def get(self, key: str, default: Any = None) -> Any:
        return self.values_kept.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.values_kept[key] = value


def test_a_temporary_failure_is_sent_anew_by_the_retry(desk):
    desk.number_outcome(ALICE, status="DeliveryFailed", code="SMS-CAR-412")
    context: Any = {"task_state_store": KeyValueStore({})}
    operator = RingCentralSendSmsOperator(
        task_id="sms", to=[ALICE, BOB], text=TEXT, wait_for="delivered", poll_interval=0.02
    )
    with pytest.raises(DeliveryFailed):
        operator.execute(context)
    desk.number_outcome(ALICE)

    results = operator.execute(context)

    assert [message["to"] for message in desk.messages()] == [[ALICE], [BOB], [ALICE]]
    assert {result["status"] for result in results} == {"Delivered"}


def test_no_log_line_has_a_number_a_text_or_a_token(desk, logged, tmp_path):
    desk.number_outcome(BOB, status="DeliveryFailed", code="SMS-CAR-412")
    desk.fault("status", status=502, operation="createSMSMessage", executed=True)
    desk.fault("status", status=429, retry_after=0.1, operation="createSMSMessage", nth=3)
    desk.fault(
        "status",
        status=400,
        code="CMN-101",
        message=f"Parameter [to] value [{ALICE}] is invalid",
        operation="createMMS",
    )
    told = []
    sms(to=[ALICE, ALICE], wait_for="delivered")
    pager()
    (tmp_path / "a.png").write_bytes(b"x")
    failing: list[Callable[[], Any]] = [
        lambda: sms(to=BOB, wait_for="delivered"),
        lambda: sms(to=[ALICE, "2125550199"]),
        lambda: sms(from_number="+16505551002"),
        lambda: mms(files=str(tmp_path / "a.png")),
    ]
    for call in failing:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is not the point here
            call()
        told.append(str(caught.value))

    everything = logged() + "\n".join(told)
    assert "found after its answer was lost" in everything
    assert "Sending 1 messages of 1 SMS segments each." in everything
    for secret in (
        TEXT,
        "2125550101",
        "2125550102",
        "2125550199",
        "6505551001",
        "6505551002",
        desk.jwt,
        desk.client_secret,
    ):
        assert secret not in everything


OPERATORS = [RingCentralSendSmsOperator, RingCentralSendMmsOperator, RingCentralSendPagerOperator]


@pytest.mark.parametrize("kind", OPERATORS, ids=lambda kind: kind.__name__)
def test_every_value_is_a_template_field(kind):
    own = {"to": ALICE, "text": TEXT} | ({"files": "a.png"} if kind is RingCentralSendMmsOperator else {})
    operator = kind(task_id="send", **own)
    values = {name for name in vars(operator) if name in kind.__init__.__annotations__} - {"kwargs", "return"}
    shared = set(RingCentralMessageOperator.__init__.__annotations__) - {"kwargs", "return", "deferrable"}

    assert set(operator.template_fields) == values | shared
