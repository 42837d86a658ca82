"""Broadcasts over HTTP: everybody exactly once and in the result, whatever is lost or killed on the way."""

from __future__ import annotations

import csv
import json
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from requests_mock import ANY

from airflow_provider_ringcentral.client.errors import DeliveryFailed, OutcomeUnknown, RingCentralError
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.operators.a2p_sms import RingCentralSendA2PSmsOperator
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.sending.status.status import NotConfirmed

from .conftest import Store, context_of
from .post_office import Killed
from .test_kills import kill, wait_until
from .test_lost_answers import LOSSES
from .worker import FileStore

WORKER = Path(__file__).with_name("worker.py")
SENDER, CREATE = "+16505550120", "createA2PSMS"
ANN, BEN, CAT, DAN = (f"+1415555010{digit}" for digit in range(1, 5))


@pytest.fixture
def batches(desk: Sandbox) -> Callable[[], list[dict[str, Any]]]:
    """The batches of this test."""
    before = len(desk.batches(messages=False))
    return lambda: desk.batches()[before:]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return tmp_path / "out" / "result.ndjson"


@pytest.fixture
def broadcast(desk: Sandbox, result: Path, text: str) -> Callable[..., dict[str, Any]]:
    def run(context: Any = None, **how: Any) -> dict[str, Any]:
        usual = {"task_id": "send", "destination": str(result), "settling": 60, "poll_interval": 0.02}
        usual |= {} if "recipients_file" in how else {"to": [ANN, BEN]}
        return RingCentralSendA2PSmsOperator(**{**usual, "text": text, **how}).execute(context or context_of())

    return run


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def told(batches: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    return [[(one["to"], one["text"]) for one in batch["messages"]] for batch in batches]


def left(result: Path) -> list[str]:
    """What lies beside the result."""
    return sorted(path.name for path in result.parent.iterdir() if path != result)


def test_a_list(broadcast, batches, result, text):
    receipt = broadcast(wait_for="delivered")

    (batch,) = batches()
    assert told([batch]) == [[(ANN, text), (BEN, text)]]
    assert batch["from"] == SENDER
    assert [(row["row"], row["to"], row["status"], row["batchId"], row["segmentCount"]) for row in rows(result)] == [
        (1, ANN, "Delivered", batch["id"], 1),
        (2, BEN, "Delivered", batch["id"], 1),
    ]
    assert [row["messageId"] for row in rows(result)] == [str(one["id"]) for one in batch["messages"]]
    assert receipt["batches"] == [batch["id"]]
    assert (receipt["statuses"], receipt["failed"], receipt["records"]) == ({"Delivered": 2}, 0, 2)
    assert receipt["bytes"] == result.stat().st_size
    assert left(result) == []


def test_personal_texts(broadcast, batches):
    broadcast(
        to=[
            {"to": ANN, "name": "Ann", "due": 7},
            {"to": BEN, "text": "{as it is}"},
            {"to": CAT, "name": "C", "due": 0},
        ],
        text="Dear {name}, {due} are due {in brackets}",
    )

    assert told(batches()) == [
        [(ANN, "Dear Ann, 7 are due {in brackets}"), (BEN, "{as it is}"), (CAT, "Dear C, 0 are due {in brackets}")]
    ]


FILES = {
    "list.csv": "\ufeffto,text,name\n'" + ANN + ',"a, ""quoted""\ntext",x\n' + BEN + ",,Ben\n",
    "list.ndjson": json.dumps({"to": ANN, "text": 'a, "quoted"\ntext'})
    + "\n\n"
    + json.dumps({"to": BEN, "name": "Ben"}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file(broadcast, batches, tmp_path, name):
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    broadcast(recipients_file=f"file://{tmp_path}/{name}", text="Hello {name}")

    assert told(batches()) == [[(ANN, 'a, "quoted"\ntext'), (BEN, "Hello Ben")]]


def test_who_is_not_sent_to_is_in_the_result(desk, broadcast, batches, result):
    """Named twice, opted out, rejected by the answer, not delivered."""
    desk.opt_out(BEN, sender=SENDER)
    desk.number_outcome(CAT, refuse="SMS-RC-410")
    desk.number_outcome(DAN, status="DeliveryFailed", code="SMS-CAR-431")
    try:
        receipt = broadcast(to=[ANN, BEN, ANN, "+442079460000", CAT, DAN, BEN], wait_for="delivered")
    finally:
        desk.opt_out(BEN, out=False, sender=SENDER)
        desk.number_outcome(CAT)
        desk.number_outcome(DAN)

    (batch,) = batches()
    assert [one["to"] for one in batch["messages"]] == [ANN, DAN]
    assert [(row["to"], row["status"], row["errorCode"]) for row in rows(result)] == [
        (ANN, "Delivered", None),
        (BEN, "OptedOut", None),
        (ANN, "Duplicate", None),
        ("+442079460000", "Rejected", "SMS-RC-410"),
        (CAT, "Rejected", "SMS-RC-410"),
        (DAN, "DeliveryFailed", "SMS-CAR-431"),
        (BEN, "Duplicate", None),
    ]
    assert rows(result)[3]["description"] == "Recipient number is invalid"
    statuses = {"Delivered": 1, "DeliveryFailed": 1, "Duplicate": 2, "OptedOut": 1, "Rejected": 2}
    assert (receipt["statuses"], receipt["failed"]) == (statuses, 3)


def test_many_opt_outs_are_read_page_by_page(desk, broadcast, batches):
    gone = [f"+1415555{number:04}" for number in range(1000, 2100)]
    desk.opt_out(*gone, sender=SENDER)
    try:
        broadcast(to=[ANN, *gone])
    finally:
        desk.opt_out(*gone, out=False, sender=SENDER)

    assert [one["to"] for batch in batches() for one in batch["messages"]] == [ANN]
    assert desk.stats()["operations"]["searchSmsConsentRecords"] == 2


def test_without_the_scope_for_opt_outs_ringcentral_checks(desk, broadcast, batches, caplog):
    desk.fault("status", status=403, code="CMN-401", operation="searchSmsConsentRecords", times=2)
    caplog.set_level("INFO")
    broadcast()

    assert len(batches()) == 1
    assert "Opt-outs cannot be read" in caplog.text


def test_nobody_is_left_to_send_to(desk, broadcast, batches, result):
    desk.opt_out(ANN, sender=SENDER)
    try:
        receipt = broadcast(to=[ANN, ANN], wait_for="delivered")
    finally:
        desk.opt_out(ANN, out=False, sender=SENDER)

    assert batches() == []
    assert receipt["statuses"] == {"Duplicate": 1, "OptedOut": 1}
    assert [row["batchId"] for row in rows(result)] == [None, None]


def test_csv_and_max_failures(desk, broadcast, batches, tmp_path):
    desk.number_outcome(CAT, status="SendingFailed", code="SMS-UP-410")
    destination = tmp_path / "result.csv"
    try:
        assert broadcast(to=[ANN, CAT], destination=str(destination), max_failures=1, wait_for="sent")["failed"] == 1
        with pytest.raises(DeliveryFailed, match=r"1 of 2 recipients were rejected .* max_failures is 0") as caught:
            broadcast(
                context_of("other"), to=[ANN, CAT], destination=str(destination), max_failures="0", wait_for="sent"
            )
    finally:
        desk.number_outcome(CAT)

    assert isinstance(caught.value, AirflowFailException)
    with destination.open() as lines:
        table = list(csv.DictReader(lines))
    assert [(row["row"], row["to"], row["errorCode"]) for row in table] == [
        ("1", f"'{ANN}", ""),
        ("2", f"'{CAT}", "SMS-UP-410"),
    ]
    assert len(batches()) == 2


@pytest.mark.parametrize("loss", ["timeout", "reset", "truncated", "500", "502", "504"])
def test_an_answer_that_is_lost(desk, broadcast, batches, in_haste, loss):
    """One batch, and its id."""
    in_haste(loss)
    desk.fault(**LOSSES[loss], operation=CREATE, executed=True)
    receipt = broadcast(to=[ANN, CAT, BEN], chunk_size=3)

    (batch,) = batches()
    assert (receipt["batches"], receipt["records"]) == ([batch["id"]], 3)
    assert not {"Rejected", "Unknown"} & set(receipt["statuses"])


def test_a_lost_answer_that_rejected_somebody_leaves_it_to_a_person(desk, broadcast, batches, result):
    """What is smaller may be another's; once a person has said whose it is, the task goes on."""
    store, everybody = Store(), [ANN, "+442079460000", BEN, CAT]
    desk.fault("status", status=502, operation=CREATE, executed=True)
    with pytest.raises(OutcomeUnknown) as caught:
        broadcast(context_of(store=store), to=everybody, chunk_size=3, settling=0.3)
    (batch,) = batches()
    assert f"Smaller batches of nothing but its messages: {batch['id']} (2 of 3)" in caught.value.message
    assert f"known_batches=['{batch['id']}']" in caught.value.remedy.cure
    assert not result.exists()

    cleared = context_of(attempt=2, clears=1, store=store)
    receipt = broadcast(cleared, to=everybody, chunk_size=3, known_batches=[batch["id"]])

    assert [[one["to"] for one in each["messages"]] for each in batches()] == [[ANN, BEN], [CAT]]
    assert receipt["batches"] == [each["id"] for each in batches()]
    assert [row["status"] for row in rows(result)][1] == "Unknown"
    assert receipt["failed"] == 0


def test_what_an_answer_rejected_is_known_to_the_retry(broadcast, batches, result):
    """Killed after the answer was kept, before the id of the batch was recorded."""
    store, everybody = Mortal(4, after=False), [ANN, "+442079460000", BEN]
    with pytest.raises(Killed):
        broadcast(context_of(store=store), to=everybody)

    broadcast(context_of(attempt=2, store=store), to=everybody)

    assert [[one["to"] for one in each["messages"]] for each in batches()] == [[ANN, BEN]]
    assert [row["status"] == "Rejected" for row in rows(result)] == [False, True, False]


def by_hand(*to: str, text: str) -> str:
    """A batch that something else than Airflow has sent; its id."""
    body = {"from": SENDER, "text": text, "messages": [{"to": [one]} for one in to]}
    return str(RingCentralJWTHook().request_json("POST", "/restapi/v1.0/account/~/a2p-sms/batches", json=body)["id"])


def test_a_smaller_batch_of_others_is_not_taken_for_ours(desk, broadcast, batches, text, result):
    foreign = by_hand(ANN, BEN, text=text)
    desk.fault("status", status=502, operation=CREATE)
    numbers = [f"+1415556{number:04}" for number in range(198)]

    with pytest.raises(OutcomeUnknown, match=f"{foreign} \\(2 of 200\\)"):
        broadcast(to=[ANN, BEN, *numbers], settling=0.3)

    assert [batch["id"] for batch in batches()] == [foreign]
    assert not result.exists()


@pytest.mark.parametrize(
    ("given", "carried"), [(" {} ", "{}"), ("{}\r\nSTOP", "{}\nSTOP"), ("{}\tto\u00a0stop", "{} to stop")]
)
def test_white_space_is_compared_as_sms_carries_it(desk, broadcast, text, given, carried):
    batch = by_hand(ANN, BEN, text=carried.format(text))
    desk.fault("status", status=502, operation=CREATE)

    assert broadcast(text=given.format(text))["batches"] == [batch]


def test_a_batch_of_others_is_not_taken_for_ours(desk, broadcast, batches, text):
    """Same size, same recipients, other texts; and the same texts by another task."""
    broadcast(context_of("one"), text=f"{text} x")
    broadcast(context_of("two"))
    desk.fault("status", status=502, operation=CREATE)

    with pytest.raises(OutcomeUnknown, match=r"not found within 0\.3 s"):
        broadcast(context_of("three"), settling=0.3)

    assert len(batches()) == 2


def test_two_tasks_at_once_get_a_batch_each(desk, broadcast, batches, tmp_path):
    import threading

    desk.fault("status", status=502, operation=CREATE, executed=True, times=2)
    receipts: list[Any] = []

    def work(task: str) -> None:
        receipts.append(broadcast(context_of(task), destination=str(tmp_path / task / "result.ndjson")))

    threads = [threading.Thread(target=work, args=(task,)) for task in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(receipt["batches"][0] for receipt in receipts) == [batch["id"] for batch in batches()]
    assert len(batches()) == 2


def test_a_retry_goes_on_with_the_list_it_began_with(desk, broadcast, batches, result):
    store = Store()
    desk.fault("status", status=400, code="CMN-101", operation=CREATE, nth=2)
    numbers = [ANN, BEN, CAT, DAN]
    with pytest.raises(AirflowFailException):
        broadcast(context_of(store=store), to=numbers, chunk_size=2)
    assert not result.exists()

    receipt = broadcast(context_of(attempt=2, store=store), to=[DAN, "+14155550199", *numbers], chunk_size=1)

    assert [[one["to"] for one in batch["messages"]] for batch in batches()] == [[ANN, BEN], [CAT, DAN]]
    assert [row["to"] for row in rows(result)] == numbers
    assert receipt["batches"] == [batch["id"] for batch in batches()]
    assert left(result) == []


def test_a_retry_whose_destination_is_rendered_otherwise_goes_on(desk, broadcast, batches, tmp_path):
    """Such as {{ macros.datetime.now() }}: the list stays where it was frozen, the result goes to the new destination."""
    store = Store()
    desk.fault("status", status=400, code="CMN-101", operation=CREATE, nth=2)
    first, second = tmp_path / "first" / "a.ndjson", tmp_path / "second" / "b.csv"
    with pytest.raises(AirflowFailException):
        broadcast(context_of(store=store), to=[ANN, BEN], chunk_size=1, destination=str(first))

    receipt = broadcast(context_of(attempt=2, store=store), to=[ANN, BEN], chunk_size=1, destination=str(second))

    assert [[one["to"] for one in batch["messages"]] for batch in batches()] == [[ANN], [BEN]]
    assert (receipt["destination"], receipt["format"], receipt["records"]) == (str(second), "csv", 2)
    assert [path.name for path in tmp_path.rglob("*.ndjson")] == []
    assert left(second) == []


def test_a_broadcast_that_an_older_version_began_is_resumed(desk, broadcast, batches):
    """Its notes name no destination."""
    store = Store()
    desk.fault("status", status=400, code="CMN-101", operation=CREATE, nth=2)
    with pytest.raises(AirflowFailException):
        broadcast(context_of(store=store), to=[ANN, BEN], chunk_size=1)
    del store["ringcentral:broadcast"]["destination"]

    broadcast(context_of(attempt=2, store=store), to=[CAT], chunk_size=1)

    assert [[one["to"] for one in batch["messages"]] for batch in batches()] == [[ANN], [BEN]]


def test_what_was_refused_as_a_whole_may_be_corrected(desk, broadcast, batches, text):
    """Nothing is out yet, so what is given now counts."""
    store = Store()
    desk.fault("status", status=400, code="CMN-101", operation=CREATE)
    with pytest.raises(AirflowFailException):
        broadcast(context_of(store=store))

    broadcast(context_of(attempt=2, clears=1, store=store), to=[CAT], text=f"{text}!")

    assert told(batches()) == [[(CAT, f"{text}!")]]


@pytest.mark.parametrize("with_store", [True, False])
def test_done_is_done_for_a_retry_and_done_again_for_a_person(broadcast, batches, result, with_store):
    store = Store() if with_store else None
    first = broadcast(context_of(store=store))
    assert broadcast(context_of(attempt=2, store=store)) == first
    assert len(batches()) == 1

    second = broadcast(context_of(attempt=2, clears=1, store=store))

    assert [first["batches"][0], second["batches"][0]] == [batch["id"] for batch in batches()]
    assert len(rows(result)) == 2


def test_a_cleared_task_may_be_told_to_skip(broadcast, batches):
    store = Store()
    first = broadcast(context_of(store=store))

    assert broadcast(context_of(attempt=2, clears=1, store=store), on_rerun="skip") == first
    assert len(batches()) == 1


def test_a_retry_without_notes_leaves_it_to_a_person_whose_a_batch_is(desk, broadcast, batches, monkeypatch, tmp_path):
    """Below Airflow 3.3 on another machine."""
    first = context_of()
    desk.fault("status", status=400, code="CMN-101", operation=CREATE, nth=2)
    with pytest.raises(AirflowFailException):
        broadcast(first, to=[ANN, BEN], chunk_size=1)
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/elsewhere.sqlite")
    (batch,) = batches()

    with pytest.raises(OutcomeUnknown, match=batch["id"]):
        broadcast(context_of(attempt=2), to=[ANN, BEN], chunk_size=1)
    receipt = broadcast(context_of(attempt=2), to=[ANN, BEN], chunk_size=1, known_batches=[batch["id"]])

    assert [[one["to"] for one in batch["messages"]] for batch in batches()] == [[ANN], [BEN]]
    assert receipt["batches"] == [batch["id"] for batch in batches()]


def test_notes_stay_small(broadcast):
    store = Store()
    broadcast(context_of(store=store), to=[f"+1415555{number:04}" for number in range(300)], chunk_size=10)

    assert max(len(json.dumps(value)) for value in store.values()) < 2000
    assert len(json.dumps(store)) < 20_000


@pytest.fixture
def in_work(desk, requests_mock) -> Callable[[bool], None]:
    """Whether RingCentral says of every batch that it is in work."""
    requests_mock.register_uri(ANY, ANY, real_http=True)
    path = re.compile(r"/a2p-sms/batches/\d+$")

    def say(held: bool) -> None:
        processing = {"status": "Processing", "batchSize": 2, "processedCount": 1}
        requests_mock.get(path, **({"json": processing} if held else {"real_http": True}))

    return say


def test_what_never_ends_times_out_and_a_retry_waits_on(broadcast, batches, result, in_work):
    store = Store()
    in_work(True)
    with pytest.raises(NotConfirmed, match=r"1 of 1 batches are not sent after 0\.1 s") as caught:
        broadcast(context_of(store=store), wait_for="sent", timeout=0.1)

    assert not isinstance(caught.value, AirflowFailException)
    in_work(False)
    broadcast(context_of(attempt=2, store=store), wait_for="sent")
    assert len(batches()) == 1
    assert {row["status"] for row in rows(result)} <= {"Sent", "Delivered"}


def test_a_deferrable_task_waits_without_a_worker(batches, result, text, in_work):
    context = context_of(store=Store())
    operator = RingCentralSendA2PSmsOperator(
        task_id="send", to=[ANN, BEN], text=text, destination=str(result), wait_for="sent", deferrable=True
    )
    in_work(True)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    assert deferred.value.method_name == "execute_complete"
    assert deferred.value.trigger.ids == [batches()[0]["id"]]
    in_work(False)
    wait_until(lambda: batches()[0]["status"] != "Processing")

    assert sum(operator.execute_complete(context)["statuses"].values()) == 2


class Mortal(Store):
    """Kills the process at one of its writes, before or after that is done."""

    def __init__(self, fatal: int, *, after: bool) -> None:
        super().__init__()
        self._fatal, self._after, self._writes = fatal, after, 0

    def set(self, key: str, value: Any) -> None:
        self._writes += 1
        if self._writes != self._fatal or self._after:
            super().set(key, value)
        if self._writes == self._fatal:
            raise Killed


# Recorded as going out, killed before it does: the outcome is unknown, which test_kills covers.
NOTES = [(note, False) for note in range(1, 9)] + [(note, True) for note in (4, 6, 7, 8)]


@pytest.mark.parametrize("fatal", NOTES, ids=lambda one: f"{'after' if one[1] else 'before'} {one[0]}")
def test_killed_at_every_note(broadcast, batches, result, text, fatal):
    """Plan, list, two batches going out and answered, receipt, end."""
    store, how = Mortal(fatal[0], after=fatal[1]), {"to": [ANN, BEN], "chunk_size": 1}
    with pytest.raises(Killed):
        broadcast(context_of(store=store), **how)

    broadcast(context_of(attempt=2, store=store), **how)

    assert told(batches()) == [[(ANN, text)], [(BEN, text)]]
    assert [row["to"] for row in rows(result)] == [ANN, BEN]
    assert left(result) == []


def test_ten_thousand_killed_and_retried(desk, batches, result, tmp_path):
    """kill -9 while an answer is on its way, while a batch is looked for, while results are read; an answer is lost."""
    count, size = 10_000, 2000
    source = tmp_path / "list.csv"
    numbers = [f"+1{4_150_000_000 + 37 * number}" for number in range(count)]
    # Of those batches whose answers come through: else nobody can tell a smaller batch from another's.
    rejected = {*random.Random(7).sample(range(size, 2 * size), 20), *range(count - 20, count)}
    with source.open("w") as out:
        out.write("to,name\n")
        out.writelines(
            f"{'+4420794' + number[-5:] if row in rejected else number},{row}\n" for row, number in enumerate(numbers)
        )
    arguments = {
        "recipients_file": str(source),
        "destination": str(result),
        "text": "Number {name}",
        "chunk_size": size,
        "settling": 60,
    }
    job = {"class": "operators.a2p_sms.RingCentralSendA2PSmsOperator", "store": str(tmp_path / "store.json")}

    def kill_when(condition: Callable[[], Any]) -> None:
        process = subprocess.Popen([sys.executable, str(WORKER), json.dumps({**job, "arguments": arguments})])
        wait_until(lambda: condition() or process.poll() is not None)
        kill(process)
        assert process.returncode == -signal.SIGKILL
        desk.clear_faults()

    before = len(desk.batches(messages=False))

    def made() -> int:
        return len(desk.batches(messages=False)) - before

    held: dict[str, Any] = {"kind": "slow", "seconds": 600}
    desk.fault(**held, operation=CREATE, executed=True)
    kill_when(lambda: made() == 1)
    desk.fault(**held, operation=CREATE, executed=True, nth=2)
    kill_when(lambda: made() == 3)
    desk.fault("status", status=502, operation=CREATE, executed=True)
    look = desk.fault(**held, operation="listA2PBatches", nth=2)
    kill_when(lambda: any(rule["id"] == look and rule["done"] for rule in desk.faults()))
    kill_when(lambda: list(result.parent.glob(".*/result-1-0002.ndjson")))
    context = context_of(attempt=5, store=FileStore(job["store"]))
    RingCentralSendA2PSmsOperator(task_id="send", **arguments).execute(context)

    sent = [(one["to"], one["text"]) for batch in batches() for one in batch["messages"]]
    assert Counter(sent) == Counter(
        (number, f"Number {row}") for row, number in enumerate(numbers) if row not in rejected
    )
    found = rows(result)
    assert [row["row"] for row in found] == list(range(1, count + 1))
    assert {row["row"] - 1 for row in found if row["status"] == "Rejected"} == rejected
    assert {row["status"] for row in found} <= {"Rejected", "Queued", "Sent", "Delivered"}
    assert left(result) == []


def lines_of(path: Path, name: str, content: bytes) -> str:
    (path / name).write_bytes(content)
    return str(path / name)


BAD: list[tuple[str, Callable[[Path], dict[str, Any]], str]] = [
    ("nobody", lambda _: {"to": []}, "to has no recipient"),
    ("neither", lambda _: {"to": None}, "either to or recipients_file"),
    ("both", lambda _: {"to": [ANN], "recipients_file": "a.csv"}, "either to or recipients_file"),
    ("a number of a thousand", lambda _: {"to": [ANN, "415555"]}, r"to\[1\]: to is not a valid phone number"),
    ("a dict without to", lambda _: {"to": [{"text": "x"}]}, r"to\[0\]: to is not a valid phone number"),
    ("no list", lambda _: {"to": 5}, "to must be a list of numbers"),
    ("no text", lambda _: {"text": None}, r"to\[0\]: there is no text"),
    ("a long text", lambda _: {"to": [{"to": ANN, "text": "a" * 1001}]}, r"to\[0\]: text has 1001 UTF-16 units"),
    ("an unknown placeholder", lambda _: {"text": "Dear {name}"}, r"to\[0\]: text names \{name\}"),
    ("a missing file", lambda path: {"recipients_file": str(path / "a.csv")}, "cannot be read"),
    ("another kind of file", lambda path: {"recipients_file": lines_of(path, "a.xlsx", b"x")}, "neither .csv nor"),
    ("no column to", lambda path: {"recipients_file": lines_of(path, "a.csv", b"number\n1\n")}, "no column 'to'"),
    (
        "a bad number in a file",
        lambda path: {"recipients_file": lines_of(path, "a.csv", f"to\n{ANN}\n12\n".encode())},
        "a.csv, line 3: to is not a valid phone number",
    ),
    (
        "a cell too many",
        lambda path: {"recipients_file": lines_of(path, "a.csv", f"to,text\n{ANN},a,b\n".encode())},
        "line 2 of the file does not have as many cells",
    ),
    (
        "no JSON",
        lambda path: {"recipients_file": lines_of(path, "a.ndjson", f'{{"to": "{ANN}"}}\nx\n'.encode())},
        "line 2 of the file is not JSON",
    ),
    (
        "Latin-1",
        lambda path: {"recipients_file": lines_of(path, "a.csv", f"to,text\n{ANN},caf\xe9\n".encode("latin-1"))},
        "is not UTF-8",
    ),
    ("chunks too large", lambda _: {"chunk_size": 10_001}, "chunk_size 10001 is not from 1 to 10000"),
    ("a sender without A2P", lambda _: {"from_number": "+16505551001"}, "lacks A2PSmsSender.*…0120"),
    ("a destination of no format", lambda path: {"destination": str(path / "a.txt")}, "has none of the endings"),
    ("a folder", lambda path: {"destination": str((path / "x.csv").mkdir() or path / "x.csv")}, "is a folder"),
]


@pytest.mark.parametrize(("how", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_named_before_anything_is_sent(broadcast, batches, tmp_path, how, problem):
    with pytest.raises(RingCentralError, match=problem) as caught:
        broadcast(**how(tmp_path))

    assert isinstance(caught.value, AirflowFailException)
    assert "4155550" not in str(caught.value)
    assert batches() == []


def test_no_log_line_has_a_number_a_text_or_a_token(desk, broadcast, text, caplog, capsys):
    caplog.set_level("INFO")
    desk.fault("status", status=502, operation=CREATE, executed=True)
    broadcast(to=[ANN, ANN, BEN], wait_for="sent")
    desk.fault("status", status=502, operation=CREATE, executed=True)
    with pytest.raises(OutcomeUnknown) as undecided:
        broadcast(context_of("rejected"), to=[ANN, "+442079460000"], settling=0.3)
    with pytest.raises(RingCentralError) as caught:
        broadcast(context_of("other"), to=[ANN, "4155550199"])

    everything = caplog.text + capsys.readouterr().out + str(undecided.value) + str(caught.value)
    assert "found after its answer was lost" in everything
    assert "Smaller batches" in everything
    for secret in (text, "4155550101", "4155550199", "2079460000", "6505550120", desk.jwt, desk.client_secret):
        assert secret not in everything


def test_every_value_is_a_template_field():
    own = set(RingCentralSendA2PSmsOperator.__init__.__annotations__) - {"kwargs", "return"}

    assert own <= set(RingCentralSendA2PSmsOperator.template_fields)
