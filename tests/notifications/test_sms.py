"""The SMS notifier over HTTP: in callbacks and on an event loop, many at once, and when nothing works."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier
from airflow_provider_ringcentral.sending.text import cut_text

from .conftest import failed
from .test_alert_text import DEADLINE

OWN, ALICE, BOB = "+16505551001", "+12125550101", "+12125550102"


@pytest.fixture
def texts(desk):
    """What was sent in this test, by recipient."""
    before = len(desk.messages())
    return lambda: [(message["to"][0], message["text"]) for message in desk.messages()[before:]]


def notifier(**how: Any) -> RingCentralSmsNotifier:
    return RingCentralSmsNotifier(**{"to": ALICE, "gather": 0.3, **how})


def test_a_task_fails(texts, logged):
    notifier()(failed())

    ((to, text),) = texts()
    assert to == ALICE
    assert text.startswith("Airflow: task etl.load failed with ValueError in scheduled__")
    assert "/dags/etl/runs/scheduled__2026-11-24T00%3A00%3A00%2B00%3A00/tasks/load" in text
    assert "The alert about etl.load is sent: SMS " in logged()


def test_a_template_and_several_recipients(texts):
    notifier(to=[ALICE, "{{ other }}"], text="{{ ti.task_id }}: {{ exception }}", from_number=OWN)(
        failed(other=BOB, exception=ValueError("no rows"))
    )

    assert texts() == [(ALICE, "load: no rows"), (BOB, "load: no rows")]


def test_one_notifier_serves_many_tasks(texts):
    """Rendering changes the fields of a notifier, and a DAG's tasks share one."""
    one = notifier(text="{{ ti.task_id }}", gather=0)
    one(failed("extract"))
    one(failed("load"))

    assert [text for _, text in texts()] == ["extract", "load"]


def test_a_text_that_cannot_be_rendered_gives_way(texts, logged):
    """StrictUndefined, as in DAGs: a deadline has no `ti`."""
    import jinja2

    strict = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    one = notifier(text="{{ ti.task_id }} {{ nothing }}", to="{{ who }}")
    context: Any = {**DEADLINE, "who": ALICE}
    one.render_template_fields(context, strict)
    one.notify(context)

    ((to, text),) = texts()
    assert (to, text.split(" in ")[0]) == (ALICE, "Airflow: etl missed its deadline of 2026-11-24T02:00:00Z")
    assert "the default text is used" in logged()


async def test_a_deadline(texts):
    """As the triggerer does it: the context comes with the constructor, and the notifier is awaited."""
    await RingCentralSmsNotifier(
        context=json.loads(json.dumps(DEADLINE)), to=ALICE, text="{{ dag_run.dag_id }} is late"
    )

    assert texts() == [(ALICE, "etl is late")]


async def test_the_loop_goes_on_meanwhile(desk, texts):
    desk.fault("slow", seconds=0.8, operation="createSMSMessage")
    turns = 0

    async def work() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.02)
            turns += 1

    worker = asyncio.create_task(work())
    await notifier().async_notify(failed())
    worker.cancel()

    assert len(texts()) == 1
    assert turns > 3, "a loop that is blocked does not turn"


@pytest.mark.parametrize("tasks", [["load"] * 100, [f"load_{number}" for number in range(100)]], ids=["one", "100"])
def test_a_hundred_tasks_fail_at_once(desk, texts, tasks):
    """Each with a notifier of its own, as in processes of their own; they share the ledger only."""
    threads = [threading.Thread(target=notifier(gather=2), args=(failed(task),)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (_, first), (_, second) = texts()
    assert first.startswith("Airflow: task etl.load")
    assert second.startswith("Airflow: 99 more alerts since ")
    assert desk.stats()["operations"]["createSMSMessage"] == 2


def test_dedup_key_and_interval(texts):
    for word in ("one", "two", "three"):
        notifier(text=word, dedup_key="{{ ti.dag_id }}", min_interval="3600", gather=0)(failed(word))
    notifier(text="four", dedup_key="another", gather=0)(failed())

    assert [text.split(" since ")[0] for _, text in texts()] == [
        "one",
        "Airflow: 1 more alert",
        "four\n(Held",
    ]


def test_an_hour_has_its_limit(texts):
    for number in range(6):
        notifier(text=f"{number}", dedup_key=f"{number}", max_per_hour="2", gather=0)(failed())

    assert [text.split(" before ")[0] for _, text in texts()] == [
        "0",
        "1",
        "2\nThe hour's limit is reached: nothing more",
    ]


def test_other_recipients_have_limits_of_their_own(texts):
    notifier(text="one")(failed())
    notifier(text="two", to=BOB)(failed())

    assert texts() == [(ALICE, "one"), (BOB, "two")]


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_answer_that_is_lost(desk, texts, logged, status):
    desk.fault("status", status=status, operation="createSMSMessage", executed=True)
    notifier(text="once")(failed())

    assert texts() == [(ALICE, "once")]
    assert "found after its answer was lost" in logged()


def test_what_is_not_found_is_not_sent_again(desk, texts, logged):
    desk.fault("status", status=502, operation="createSMSMessage")
    notifier(text="never")(failed())  # 4 s of looking

    assert texts() == []
    assert "The alert about etl.load may have been sent or not: HTTP 502" in logged()
    assert desk.stats()["operations"]["createSMSMessage"] == 1


def test_what_was_refused_is_told_by_the_next(desk, texts):
    desk.fault("status", status=400, code="MSG-243", operation="createSMSMessage")
    notifier(text="one", gather=0)(failed("extract"))
    notifier(text="two", gather=0)(failed("load"))

    ((_, text),) = texts()
    assert text.startswith("two\n(Held since ")
    assert text.endswith(": etl.extract)")


@pytest.mark.parametrize("code", ["MSG-243", "MSG-240"])
def test_a_refused_recipient_does_not_take_back_what_the_other_got(desk, texts, logged, code):
    """Thirty alerts are what they would be without him: one text, and a summary."""
    desk.number_outcome(BOB, refuse=code)
    try:
        for _ in range(30):
            notifier(to=[BOB, ALICE], gather=0)(failed())
    finally:
        desk.number_outcome(BOB, status="Delivered")

    told = [text.split(" since ")[0].split(" failed")[0] for to, text in texts() if to == ALICE]
    assert told == ["Airflow: task etl.load", "Airflow: 1 more alert"]
    assert [to for to, _ in texts() if to == BOB] == []
    said = logged()
    assert "did not reach everybody: " in said
    assert f" {code})" in said


def test_the_hour_s_limit_holds_for_those_who_get_it(desk, texts):
    desk.number_outcome(BOB, refuse="MSG-243")
    try:
        for number in range(30):
            notifier(to=[BOB, ALICE], gather=0, max_per_hour=3, dedup_key=f"{number}")(failed())
    finally:
        desk.number_outcome(BOB, status="Delivered")

    assert [to for to, _ in texts()] == [ALICE] * 4


def test_when_nobody_got_it_the_next_one_tells(desk, texts):
    desk.number_outcome(BOB, refuse="MSG-243")
    desk.number_outcome(ALICE, refuse="MSG-240")
    notifier(to=[BOB, ALICE], text="one", gather=0)(failed("extract"))
    desk.number_outcome(BOB, status="Delivered")
    desk.number_outcome(ALICE, status="Delivered")
    notifier(to=[BOB, ALICE], text="two", gather=0)(failed("load"))

    assert [text.split(" since ")[0] for _, text in texts()] == ["two\n(Held"] * 2


def test_limits_of_one_server_do_not_count_on_another(desk, texts, monkeypatch):
    """Production and staging may share a ledger, a Connection's id and those who are on call."""
    notifier(text="one")(failed())
    jwt = desk.add_jwt()
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", desk.connection_for(jwt=jwt, timeout="1"))
    notifier(text="two")(failed())

    assert [text for _, text in texts()] == ["one", "two"]


def test_a_user_with_two_numbers(desk, texts):
    """A person on call does not care which one it is."""
    desk.change_user(numbers={"+16505559001": ["SmsSender"]})
    try:
        notifier(text="help")(failed())
        notifier(text="other", from_number="+16505559001", dedup_key="x", gather=0)(failed())
    finally:
        desk.change_user(numbers={})

    assert [text for _, text in texts()] == ["help", "other"]


class Hasty(RingCentralSmsNotifier):
    """An alert that has a second and a half for everything."""

    total_seconds = 1.5


@pytest.mark.parametrize("on_loop", [False, True])
def test_one_deadline_for_everything(desk, texts, logged, on_loop):
    """Sends and looks hang: what was sent is not sent again, and one look at most begins within the time."""
    desk.fault("slow", seconds=4, operation="createSMSMessage", every=1, executed=True)
    desk.fault("slow", seconds=4, operation="listMessages", every=1)
    one = Hasty(to=[ALICE, BOB], gather=0, text="once")
    if on_loop:
        asyncio.run(one.async_notify(failed()))
    else:
        one(failed())

    assert "may have been sent or not" in logged()
    asked = desk.stats()["operations"]
    assert asked["createSMSMessage"] <= 2
    assert asked.get("listMessages", 0) <= 1
    desk.clear_faults()
    notifier(gather=0, to=[ALICE, BOB], text="twice")(failed())
    assert all("Held" not in text for _, text in texts())


def test_no_time_is_left(desk, texts, logged):
    """Nothing goes out, and the next alert tells of it."""

    class Late(RingCentralSmsNotifier):
        total_seconds = 0.0

    Late(to=ALICE, gather=0, text="one")(failed("extract"))
    notifier(text="two", gather=0)(failed("load"))

    assert "there was no time left to send it" in logged()
    ((_, text),) = texts()
    assert text.startswith("two\n(Held since ")


BAD = [
    ({"to": "2125550101"}, "to is not a valid phone number"),
    ({"to": []}, "to has no recipient"),
    ({"from_number": "+16505551002"}, "not a number of this JWT's user"),
    ({"min_interval": "soon"}, "min_interval 'soon' is not a duration"),
    ({"max_per_hour": -1}, "max_per_hour -1 must be a whole number"),
    ({"ringcentral_conn_id": "nobody"}, "nobody"),
    ({"gather": -1}, "gather -1 is negative"),
    ({"to": "{{ 1 / 0 }}"}, "to is not a valid phone number"),
]


@pytest.mark.parametrize(("how", "problem"), BAD)
def test_nothing_is_raised_and_everything_is_logged(texts, logged, how, problem):
    notifier(**how)(failed())
    asyncio.run(notifier(**how).async_notify(failed()))

    assert texts() == []
    lines = [line for line in logged().splitlines() if problem in line]
    assert len(lines) >= 2


def test_no_server(monkeypatch, logged):
    monkeypatch.setenv(
        "AIRFLOW_CONN_RINGCENTRAL_DEFAULT",
        "ringcentral://id:secret@http%3A%2F%2F127.0.0.1%3A9/?jwt_token=a.b.c&max_wait=1&timeout=1",
    )
    notifier()(failed())

    assert "The alert was not sent" in logged()


def test_no_log_line_has_a_number_a_text_or_a_token(desk, logged):
    desk.fault("status", status=502, operation="createSMSMessage", executed=True)
    secret = "the payroll is wrong"
    for word in range(3):
        notifier(text=secret, gather=0, dedup_key=f"{word % 2}")(failed())
    notifier(text=secret, to="2125550199")(failed())
    notifier(text=secret, from_number="+16505551002", dedup_key="x", gather=0)(failed())

    everything = logged()
    assert everything.count("etl.load") >= 3
    for hidden in (secret, "2125550101", "2125550199", "6505551002", desk.jwt, desk.client_secret):
        assert hidden not in everything


def test_long_texts_are_cut(texts):
    notifier(text="😀" * 600)(failed())

    ((_, text),) = texts()
    assert text == "😀" * 499 + "…"
    assert cut_text("abc", 3) == "abc"


def test_the_fields_that_are_templates():
    assert set(RingCentralSmsNotifier.template_fields) == {
        "to",
        "from_number",
        "text",
        "dedup_key",
        "min_interval",
        "max_per_hour",
        "ringcentral_conn_id",
    }
