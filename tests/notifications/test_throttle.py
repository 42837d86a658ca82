"""The alert throttle: which alert is sent, which waits, which is counted."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from pathlib import Path

import msgspec
import pytest

from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger
from airflow_provider_ringcentral.notifications.throttle import (
    MOST_KEYS,
    Admission,
    AlertThrottle,
    Decision,
    Rules,
    SilencedKey,
    ThrottleState,
    admission_of,
    decode_state,
    discard_earlier,
)

RULES = Rules(min_interval=300, max_per_hour=3, gather=5)
NOW = 1_000_000.0

ADMISSIONS = [
    ("the first", ThrottleState(), Admission.SEND),
    ("another one, long after", ThrottleState(silenced={"b": SilencedKey(NOW + 240)}, last=NOW - 60), Admission.SEND),
    ("another one, at once", ThrottleState(silenced={"b": SilencedKey(NOW + 299)}, last=NOW - 1), Admission.WAIT),
    ("the same, at once", ThrottleState(silenced={"a": SilencedKey(NOW + 299)}, last=NOW - 1), Admission.WAIT),
    ("the same, later", ThrottleState(silenced={"a": SilencedKey(NOW + 1)}, last=NOW - 299), Admission.WAIT),
    ("the same, summed", ThrottleState(silenced={"a": SilencedKey(NOW + 297, True)}, last=NOW - 9), Admission.COUNT),
    ("another was summed", ThrottleState(silenced={"b": SilencedKey(NOW + 270, True)}, last=NOW - 30), Admission.SEND),
    ("the hour is full", ThrottleState(sent_at=[NOW - 60] * 3), Admission.WAIT),
    ("the hour is full and it was said", ThrottleState(sent_at=[NOW - 60] * 4), Admission.COUNT),
]


@pytest.mark.parametrize(("state", "admission"), [row[1:] for row in ADMISSIONS], ids=[row[0] for row in ADMISSIONS])
def test_admissions(state, admission):
    assert admission_of(state, NOW, "a", RULES) is admission


class Clock(MemoryLedger):
    """A ledger whose time passes as told, or when all of `alerts` threads wait."""

    def __init__(self, alerts: int = 1) -> None:
        super().__init__()
        self.at = NOW
        self._running = alerts
        self._until: list[float] = []
        self._turn = threading.Condition()

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._turn:
            until = self.at + seconds
            self._until.append(until)
            self._pass_time()
            self._turn.wait_for(lambda: self.at >= until)

    def ended(self) -> None:
        with self._turn:
            self._running -= 1
            self._pass_time()

    def _pass_time(self) -> None:
        if self._until and len(self._until) == self._running:
            self.at = max(self.at, min(self._until))
            self._until = [until for until in self._until if until > self.at]
            self._turn.notify_all()


USUAL = Rules(300, 3, 0.1)
CROWD = Rules(300, 10, 0.6)


def throttle(ledger, key="a", rules=USUAL) -> AlertThrottle:
    sleep = ledger.sleep if isinstance(ledger, Clock) and rules.gather else time.sleep
    return AlertThrottle(ledger, "audience", rules, key, f"dag.{key}", sleep=sleep)


def alert(ledger, key="a", rules=USUAL) -> Decision | None:
    return throttle(ledger, key, rules).decide()


def many(keys, rules=CROWD) -> list[Decision]:
    """All at once, each in a thread of its own: what was sent."""
    ledger, decisions = Clock(len(keys)), []

    def run(key: str) -> None:
        decisions.append(alert(ledger, key, rules))
        ledger.ended()

    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [decision for decision in decisions if decision]


@pytest.mark.parametrize("keys", [["a"] * 100, [f"{n}" for n in range(100)], ["a", "b"] * 50], ids=["one", "100", "2"])
def test_a_hundred_at_once_are_one_alert_and_one_summary(keys):
    first, second = sorted(many(keys), key=lambda decision: decision.summary)

    assert (first.summary, first.names) == (False, {})
    assert (second.summary, sum(second.names.values())) == (True, 99)
    assert set(second.names) <= {f"dag.{key}" for key in keys}


def test_two_at_once_are_two_alerts_when_they_differ():
    assert [(one.summary, one.names) for one in many(["a", "b"])] == [(False, {}), (False, {})]


def test_the_next_alert_names_what_was_counted():
    ledger = Clock()
    alert(ledger)
    many_rules = Rules(300, 3, 0)
    assert alert(ledger, "a", many_rules).summary is True
    assert [alert(ledger, "a", many_rules) for _ in range(5)] == [None] * 5

    counted_at = ledger.at
    ledger.at += 300
    decision = alert(ledger)

    assert (decision.summary, decision.names, decision.since) == (False, {"dag.a": 5}, counted_at)


def test_an_hour_has_as_many_as_allowed_and_one_summary():
    ledger, rules = Clock(), Rules(300, 3, 0)
    sent = []
    for minute in range(120):
        ledger.at = NOW + 60 * minute
        if decision := alert(ledger, f"{minute}", rules):
            sent.append((minute, decision))

    assert [minute for minute, _ in sent] == [0, 1, 2, 3, 60, 61, 62, 63]
    assert sum(1 + sum(decision.names.values()) - decision.summary for _, decision in sent) == 64
    assert [round((decision.until - NOW) / 60) for _, decision in sent if decision.until] == [60, 61, 62, 63, 120]
    for first, _ in sent:
        assert sum(first <= minute < first + 60 for minute, _ in sent) <= 4


def test_the_alerts_of_a_killed_process_are_reported_by_the_next():
    ledger = Clock()
    alert(ledger)
    killed = throttle(ledger, "b")
    killed.change(killed.admit)

    decision = alert(ledger, "c")

    assert (decision.summary, decision.names) == (True, {"dag.b": 1, "dag.c": 1})


def test_what_could_not_be_sent_is_reported_by_the_next():
    ledger = MemoryLedger()
    one = throttle(ledger, "a", Rules(300, 3, 0))
    one.take_back(one.decide())
    decision = alert(ledger, "b", Rules(300, 3, 0))
    assert (decision.summary, decision.names) == (False, {"dag.a": 1})

    again = throttle(ledger, "b", Rules(300, 3, 0))
    summary = again.decide()
    assert (summary.summary, summary.names) == (True, {"dag.b": 1})
    again.take_back(summary)

    assert alert(ledger, "c", Rules(300, 3, 0)).names == {"dag.b": 1}


def test_names_are_bounded():
    ledger, rules = Clock(), Rules(300, 0, 0)
    for number in range(300):
        one = throttle(ledger, f"{number}", rules)
        one.change(one.admit)

    decision = alert(ledger, "last", rules)

    assert len(decision.names) == 201
    assert decision.names["others"] == 101


def test_a_damaged_state_is_discarded(caplog):
    ledger = MemoryLedger()
    ledger.update("storm:audience", lambda _: (b'{"quiet": 1}', None))

    assert alert(ledger).summary is False
    assert caplog.text.count("is damaged or of another version; it is discarded") == 1


def test_the_state_of_the_version_without_summaries_is_discarded_once(caplog):
    caplog.set_level(logging.INFO)
    ledger = MemoryLedger()
    ledger.update("alerts:audience", lambda _: (b'{"told": {"a": 1000000.0}}', None))
    discard_earlier(ledger, "audience")
    discard_earlier(ledger, "audience")

    assert ledger.read("alerts:audience") is None
    assert caplog.text.count("by an earlier version of this provider are discarded") == 1


@pytest.mark.parametrize("rate", [0.5, 1.25, 4, 20])
@pytest.mark.parametrize("keys", [1, 50])
def test_steady_alerts_are_summed_every_two_minutes_at_any_rate(rate, keys):
    """No waiting alert gets to send here: the next one has arrived before it checks again."""
    ledger, rules, sent = Clock(), Rules(300, None, 8), []
    for number in range(round(600 * rate)):
        ledger.at = NOW + number / rate
        one = throttle(ledger, f"{number % keys}", rules)
        _, decision = one.change(one.admit)
        if decision is not None:
            sent.append((ledger.at - NOW, decision))
    state = decode_state(ledger.read("storm:audience"))

    assert sent[0][0] == 0.0
    assert not sent[0][1].summary
    assert sent[1][1].summary
    assert sent[1][0] <= 122.0
    since = [ledger.at - state.since] if state.held else []
    # A summary names a key once in min_interval; what waits is reported within 120 s.
    assert max(moment - decision.since for moment, decision in sent if decision.summary) <= 122.0
    assert not since or since[0] <= 422.0
    reported = sum(1 + sum(decision.names.values()) - decision.summary for _, decision in sent)
    assert reported + sum(held.count for held in state.held.values()) == round(600 * rate)


def test_a_key_is_silenced_for_min_interval():
    ledger = Clock()
    alert(ledger)
    ledger.at = NOW + 300

    assert alert(ledger).summary is False


def test_keys_are_bounded():
    ledger, rules = Clock(), Rules(3600, None, 0)
    for number in range(MOST_KEYS + 5):
        ledger.at = NOW + number
        alert(ledger, f"{number}", rules)
    ledger.at += 1
    alert(ledger, "last", rules)
    state = decode_state(ledger.read("storm:audience"))

    assert len(state.silenced) <= MOST_KEYS + 1
    assert ("0" in state.silenced, f"{MOST_KEYS}" in state.silenced) == (False, True)


def _alerts(path: str, reported, start) -> None:
    ledger, rules = SqliteLedger(Path(path)), Rules(300, 10, 1)
    start.wait()
    threads = [threading.Thread(target=lambda: reported.put(_summed(alert(ledger, "a", rules)))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _summed(decision: Decision | None) -> tuple[bool, int] | None:
    return decision and (decision.summary, sum(decision.names.values()))


def test_processes_agree_through_the_file(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    reported, start = spawn.Queue(), spawn.Barrier(4)
    processes = [spawn.Process(target=_alerts, args=(str(tmp_path / "ledger"), reported, start)) for _ in range(4)]
    for process in processes:
        process.start()
    decisions = [reported.get(timeout=600) for _ in range(48)]
    for process in processes:
        process.join()

    (alone, summary) = sorted(decision for decision in decisions if decision)
    (state,) = map(decode_state, [SqliteLedger(tmp_path / "ledger").read("storm:audience")])
    assert (alone, summary[0]) == ((False, 0), True)
    assert summary[1] + sum(held.count for held in state.held.values()) == 47


OLD_STATE = (
    b'{"quiet":{"a":{"until":1000290.0,"summed":true},"b":{"until":1000200.0,"summed":false}},"out":[999000.0],'
    b'"held":{"a":{"name":"dag.a","count":4}},"since":999995.0,"last":999999.5,"turn":"5d0c"}'
)
"""As the version wrote it whose fields have these names."""


def test_the_state_of_an_earlier_version_is_read_and_written_in_its_form():
    ledger = Clock()
    ledger.update("storm:audience", lambda _: (OLD_STATE, None))
    ledger.at = NOW

    assert alert(ledger) is None, "a summary has named this key"
    assert ledger.read("storm:audience") == OLD_STATE.replace(b'"count":4', b'"count":5')

    decision = alert(ledger, "c")
    assert (decision.summary, decision.names) == (False, {"dag.a": 5})
    assert list(msgspec.json.decode(ledger.read("storm:audience"))) == ["quiet", "out", "held", "since", "last", "turn"]
