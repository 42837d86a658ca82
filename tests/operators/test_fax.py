"""Faxes over HTTP: what arrives, what is waited for, what is refused before anything is sent."""

from __future__ import annotations

import hashlib
import itertools
import logging
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from upath import UPath

from airflow_provider_ringcentral.client.errors import BadRequest, ConfigurationError, DeliveryFailed, Unavailable
from airflow_provider_ringcentral.client.errors.remedies.delivery import FAX
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.hooks.task_state import idempotency_store
from airflow_provider_ringcentral.operators.fax import RingCentralSendFaxOperator
from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator
from airflow_provider_ringcentral.sending.channels.attachment import FileAttachment
from airflow_provider_ringcentral.sending.channels.fax.fax import FaxMessage, FaxResend
from airflow_provider_ringcentral.sending.once.send_once import send_once

from .conftest import Store

AREA_CODES = itertools.count(210)
PDF = b"%PDF-1.7\n" + b"1 0 obj << /Type /Page >> endobj\n" * 3 + bytes(range(256)) + b"\r\n--\r\n"
LETTER = {"name": "letter.html", "text": "<p>Grüße</p>"}


@pytest.fixture
def to() -> str:
    """A number that no other test faxes to."""
    return f"+1{next(AREA_CODES)}5550101"


@pytest.fixture
def report(tmp_path: Path) -> str:
    (tmp_path / "report.pdf").write_bytes(PDF)
    return str(tmp_path / "report.pdf")


def fax(context: dict[str, Any] | None = None, **how: Any) -> list[dict[str, Any]]:
    return RingCentralSendFaxOperator(**{"task_id": "fax", "poll_interval": 0.02, **how}).execute(context or {})


def test_files_and_texts_in_their_order(desk, to, report):
    (result,) = fax(to=to, files=[f"file://{report}", LETTER], cover=0)
    (message,) = desk.messages(to=to)

    assert result == {"to": [0], "id": str(message["id"]), "status": "Queued", "found": False, "pages": 0}
    assert [(one["filename"], one["content_type"], one["sha256"]) for one in message["attachments"]] == [
        ("report.pdf", "application/pdf", hashlib.sha256(PDF).hexdigest()),
        ("letter.html", "text/html", hashlib.sha256(LETTER["text"].encode()).hexdigest()),
    ]
    assert message["extra"] == {"faxResolution": "High", "faxPageCount": 4, "coverIndex": 0}


def test_pages_are_told_when_they_are_counted(desk, to, report):
    (result,) = fax(to=to, files=report, wait_for="delivered", cover="7", cover_text="For you", resolution="low")

    assert (result["status"], result["pages"]) == ("Sent", 4)
    assert desk.messages(to=to)[0]["extra"] == {
        "faxResolution": "Low",
        "faxPageCount": 4,
        "coverIndex": 7,
        "coverPageText": "For you",
    }


def test_a_template_of_a_store_is_rendered(desk, to, tmp_path):
    path = tmp_path / "notice.txt"
    path.write_text("{{ ds }}: {{ params.what }}")
    context = {"ds": "2026-01-31", "params": {"what": "late"}}

    fax(context, to=to, files=[{"template": f"file://{path}"}, {"name": "b.html", "template": str(path)}])

    attached = desk.messages(to=to)[0]["attachments"]
    sha = hashlib.sha256(b"2026-01-31: late").hexdigest()
    assert [(one["filename"], one["sha256"]) for one in attached] == [("notice.txt", sha), ("b.html", sha)]


def test_everybody_gets_a_fax_of_his_own(desk, to, report):
    other = f"+1{next(AREA_CODES)}5550101"
    results = fax(to=[to, other, to], files=report)

    assert [result["to"] for result in results] == [[0, 2], [1]]
    assert [len(desk.messages(to=number)) for number in (to, other)] == [1, 1]


def test_a_fax_for_later_waits_for_its_time(desk, to, report):
    moment = datetime.now(UTC) + timedelta(seconds=4)
    (result,) = fax(to=to, files=report, send_time=moment.isoformat(), wait_for="sent", timeout=3)
    (message,) = desk.messages(to=to)

    assert result["status"] == "Sent"
    assert datetime.fromisoformat(message["modified"]) >= moment.replace(microsecond=0)


FAILURES = [("LineBusy", "was busy", True), ("NoFaxMachine", "no fax machine", False), ("Novel", "not know", False)]


@pytest.mark.parametrize("failure", FAILURES)
def test_what_does_not_arrive_fails_the_task(desk, to, report, failure):
    code, cause, again = failure
    desk.number_outcome(to, status="SendingFailed", code=code)

    with pytest.raises(DeliveryFailed) as caught:
        fax(to=to, files=report, wait_for="sent")

    assert (caught.value.code, isinstance(caught.value, AirflowFailException)) == (code, not again)
    assert cause in caught.value.remedy.cause


def test_every_code_of_the_specification_has_a_remedy():
    assert len(FAX) == 34


def test_a_failed_fax_is_sent_anew_by_its_id(desk, to, report):
    desk.number_outcome(to, status="SendingFailed", code="LineBusy")
    with pytest.raises(DeliveryFailed):
        fax(to=to, files=[report, LETTER], wait_for="sent")
    desk.number_outcome(to)
    (failed,) = desk.messages(to=to)

    (result,) = fax(original_message_id=failed["id"], wait_for="sent")
    first, second = desk.messages(to=to)

    assert result == {"to": [], "id": str(second["id"]), "status": "Sent", "found": False, "pages": 5}
    assert [one["sha256"] for one in second["attachments"]] == [one["sha256"] for one in first["attachments"]]


def test_sent_anew_and_the_answer_lost_is_not_the_one_that_failed(desk, to, report):
    desk.number_outcome(to, status="SendingFailed", code="LineBusy")
    with pytest.raises(DeliveryFailed):
        fax(to=to, files=report, wait_for="sent")
    (failed,) = desk.messages(to=to)
    desk.fault("status", status=502, operation="createFaxMessage", executed=True)

    (result,) = fax(original_message_id=failed["id"], settling=1)

    assert [str(message["id"]) for message in desk.messages(to=to)] == [str(failed["id"]), result["id"]]
    assert result["found"] is True


RECORD = {"id": 2, "to": [{"phoneNumber": "(212) 555-0101"}], "faxPageCount": 2}
SOURCE = {"type": "SourceDocument", "size": 5}
LIKENESSES: list[tuple[dict[str, Any], bool]] = [
    (RECORD, True),
    ({**RECORD, "faxPageCount": 0}, True),
    ({**RECORD, "faxPageCount": 1}, False),
    ({**RECORD, "attachments": [SOURCE, SOURCE]}, True),
    ({**RECORD, "attachments": [SOURCE]}, False),
    ({**RECORD, "attachments": [{**SOURCE, "type": "RenderedDocument"}]}, True),
    ({**RECORD, "id": 1}, False),
    ({**RECORD, "to": [{"phoneNumber": "+12125550102"}]}, False),
]


@pytest.mark.parametrize(("record", "alike"), LIKENESSES)
def test_which_records_may_be_of_a_fax(record, alike):
    original = {"to": [{"phoneNumber": "+12125550101"}], "attachments": [SOURCE, SOURCE]}
    message = FaxResend("1", original)

    assert message.matches(record, message.content, message.traits) is alike


BIG = 10 * 1024 * 1024


def test_a_large_file_is_never_in_memory(desk, to, report, tmp_path):
    data = b"%PDF-1.7\n" + bytes(range(256)) * (BIG // 256)
    path = tmp_path / "large.pdf"
    path.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    del data
    fax(to=f"+1{next(AREA_CODES)}5550101", files=report)
    desk.fault("status", status=429, retry_after=0.1, operation="createFaxMessage")
    tracemalloc.start()
    try:
        fax(to=to, files=str(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    (attached,) = desk.messages(to=to)[0]["attachments"]
    assert (attached["sha256"], attached["size"]) == (sha, BIG + 9)
    assert desk.stats()["operations"]["createFaxMessage"] == 3, "one for each fax, and one refused with a 429"
    assert peak < BIG / 4


def test_a_file_of_another_store_is_read_anew_each_time():
    path = UPath("memory://faxes/report.pdf")
    path.write_bytes(PDF)
    file = FileAttachment("report.pdf", "application/pdf", len(PDF), path)

    assert [b"".join(file.chunks()) for _ in range(2)] == [PDF, PDF]


def test_a_file_that_changes_while_it_is_sent_is_not_sent(desk, to, tmp_path):
    path = tmp_path / "growing.pdf"
    path.write_bytes(PDF)
    for size in (len(PDF) - 1, len(PDF) + 1):
        file = FileAttachment("growing.pdf", "application/pdf", size, UPath(path))
        with pytest.raises(Unavailable, match=r"growing\.pdf changed while it was sent"):
            list(file.chunks())
    with pytest.raises(Unavailable, match=r"growing\.pdf could not be read"):
        list(FileAttachment("growing.pdf", "application/pdf", 5, UPath(tmp_path / "gone.pdf")).chunks())


def test_a_request_that_breaks_off_with_its_file_is_not_out(desk, to, report):
    client = RingCentralJWTHook().get_conn()
    store = idempotency_store({"task_state_store": Store()}, client)

    def message(size: int) -> FaxMessage:
        return FaxMessage(to, (FileAttachment("report.pdf", "application/pdf", size, UPath(report)),))

    with pytest.raises(Unavailable, match="changed while it was sent"):
        send_once(client, message(BIG), store)
    assert desk.messages(to=to) == []
    sent = send_once(client, message(len(PDF)), store)

    assert [str(message["id"]) for message in desk.messages(to=to)] == [sent.id]
    assert "listMessages" not in desk.stats()["operations"]


def file_of(folder: Path, name: str, size: int) -> str:
    (folder / name).write_bytes(bytes(size))
    return str(folder / name)


def sparse(folder: Path, name: str, size: int) -> str:
    with (folder / name).open("wb") as file:
        file.truncate(size)
    return str(folder / name)


ALICE = "+12015550101"


def send(**how: Any) -> list[dict[str, Any]]:
    return fax(**{"to": ALICE, "files": LETTER, **how})


BAD: list[tuple[str, Callable[[Path], Any], str]] = [
    ("nobody", lambda _: send(to=[]), "to has no recipient"),
    ("no number", lambda _: send(to="2015550101"), "to is not a valid phone number"),
    ("no files", lambda _: send(files=[]), "files is empty"),
    ("a missing file", lambda folder: send(files=str(folder / "a.pdf")), "cannot be read"),
    ("a folder", lambda folder: send(files=str((folder / "a.pdf").mkdir() or folder / "a.pdf")), "is a folder"),
    ("an empty file", lambda folder: send(files=file_of(folder, "a.pdf", 0)), "is empty"),
    (
        "a wrong type",
        lambda folder: send(files=file_of(folder, "a.mp3", 5)),
        "fax does not accept the type of the file a.mp3",
    ),
    ("a wrong name", lambda folder: send(files=file_of(folder, "R&D.pdf", 5)), "'R&D.pdf' has characters"),
    ("a large file", lambda folder: send(files=sparse(folder, "a.pdf", 50_000_001)), "50000001 bytes together"),
    (
        "two large files",
        lambda folder: send(files=[sparse(folder, f"{n}.pdf", 26_000_000) for n in "ab"]),
        "52000000 bytes together",
    ),
    ("a scheme nobody serves", lambda _: send(files="nowhere://a.pdf"), "The file nowhere://a.pdf cannot be used"),
    ("no path", lambda _: send(files=[5]), "The file is 5; give a path"),
    ("a text without name", lambda _: send(files={"text": "a"}), "a dict with name and text"),
    ("an empty text", lambda _: send(files={"name": "a.txt", "text": " "}), "neither may be empty"),
    ("a text as a picture", lambda _: send(files={"name": "a.png", "text": "a"}), "cannot be a file of this type"),
    ("a missing template", lambda folder: send(files={"template": str(folder / "a.txt")}), "cannot be read"),
    ("resolution", lambda _: send(resolution="Fine"), "use 'High' or 'Low'"),
    ("a cover page that is none", lambda _: send(cover=14), "cover 14 is not a cover page"),
    ("cover", lambda _: send(cover="pretty"), "cover 'pretty' is not a cover page"),
    ("a text on no cover", lambda _: send(cover=0, cover_text="a"), "cover=0 means none"),
    ("a long text on the cover", lambda _: send(cover_text="a" * 1025), "at most 1024 UTF-16 units"),
    ("a time without zone", lambda _: send(send_time="2026-12-31T00:00:00"), "has no time zone"),
    ("no time", lambda _: send(send_time="tomorrow"), "is not an ISO 8601 time"),
    ("an original that is no id", lambda _: fax(original_message_id="last"), "original_message_id 'last' is not an id"),
    ("an original that is not there", lambda _: fax(original_message_id=1), "1 is not a fax of this JWT's user"),
    ("an original and files", lambda _: send(original_message_id=1), "so to and files cannot be given with it"),
    ("an original and a cover", lambda _: fax(original_message_id=1, cover=0), "so cover cannot be given with it"),
    ("on_unknown", lambda _: send(on_unknown="repeat"), "'look', 'resend' or 'fail'"),
]


@pytest.mark.parametrize(("call", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_named_before_anything_is_sent(desk, tmp_path, call, problem):
    with pytest.raises((BadRequest, ConfigurationError), match=problem) as caught:
        call(tmp_path)

    assert isinstance(caught.value, AirflowFailException)
    assert ALICE[2:] not in str(caught.value)
    assert "createFaxMessage" not in desk.stats()["operations"]


def test_only_what_failed_is_sent_anew(desk, to, report):
    (sent,) = fax(to=to, files=report, wait_for="sent")

    with pytest.raises(BadRequest, match=f"the fax {sent['id']} has the status Sent, and only a failed fax"):
        fax(original_message_id=sent["id"])


def test_no_log_line_has_a_number_or_a_text(desk, to, report, caplog, capsys):
    caplog.set_level(logging.INFO)
    desk.fault("status", status=502, operation="createFaxMessage", executed=True)
    fax(to=to, files=[report, LETTER], cover_text="For your eyes", settling=1, wait_for="sent")

    everything = caplog.text + capsys.readouterr().out
    assert "found after its answer was lost" in everything
    for secret in (to[1:], to[2:], LETTER["text"], "For your eyes", desk.jwt, desk.client_secret):
        assert secret not in everything


def test_every_value_is_a_template_field():
    operator = RingCentralSendFaxOperator(task_id="fax", to=ALICE, files=LETTER)
    own = set(RingCentralSendFaxOperator.__init__.__annotations__) - {"kwargs", "return"}
    shared = set(RingCentralMessageOperator.__init__.__annotations__) - {"kwargs", "return", "deferrable"}

    assert set(operator.template_fields) == own | shared
