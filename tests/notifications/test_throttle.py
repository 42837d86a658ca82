"""Alert storms: who is sent, who waits, who is counted."""

from __future__ import annotations

import logging
import multiprocessing
import threading
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger
from airflow_provider_ringcentral.notifications.throttle import (
    MOST_KEYS,
    AlertThrottle,
    Decision,
    Fate,
    Rules,
    SilencedKey,
    ThrottleState,
    _state,
    admission,
    discard_earlier,
)

RULES = Rules(min_interval=300, max_per_hour=3, gather=5)
NOW = 1_000_000.0

FATES = [
    ("the first", ThrottleState(), Fate.SEND),
    ("another one, long after", ThrottleState(quiet={"b": SilencedKey(NOW + 240)}, last=NOW - 60), Fate.SEND),
    ("another one, at once", ThrottleState(quiet={"b": SilencedKey(NOW + 299)}, last=NOW - 1), Fate.WAIT),
    ("the same, at once", ThrottleState(quiet={"a": SilencedKey(NOW + 299)}, last=NOW - 1), Fate.WAIT),
    ("the same, later", ThrottleState(quiet={"a": SilencedKey(NOW + 1)}, last=NOW - 299), Fate.WAIT),
    ("the same, summed up", ThrottleState(quiet={"a": SilencedKey(NOW + 297, summed=True)}, last=NOW - 9), Fate.COUNT),
    (
        "another one was summed up",
        ThrottleState(quiet={"b": SilencedKey(NOW + 270, summed=True)}, last=NOW - 30),
        Fate.SEND,
    ),
    ("the hour is full", ThrottleState(out=[NOW - 60] * 3), Fate.WAIT),
    ("the hour is full and it was said", ThrottleState(out=[NOW - 60] * 4), Fate.COUNT),
]


@pytest.mark.parametrize(("state", "fate"), [row[1:] for row in FATES], ids=[row[0] for row in FATES])
def test_fates(state, fate):
    assert admission(state, NOW, "a", RULES) is fate


class Clock(MemoryLedger):
    """A ledger whose time passes as told."""

    at = NOW

    def now(self) -> float:
        return self.at


USUAL = Rules(300, 3, 0.1)
CROWD = Rules(300, 10, 0.6)


def alert(ledger, key="a", rules=USUAL) -> Decision | None:
    return AlertThrottle(ledger, "line", rules, key, f"dag.{key}").word()


def many(ledger, keys, rules=CROWD) -> list[Decision]:
    """All at once, each in a thread of its own: what was sent."""
    words: list[Decision | None] = []
    threads = [threading.Thread(target=lambda key=key: words.append(alert(ledger, key, rules))) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [word for word in words if word]


@pytest.mark.parametrize("keys", [["a"] * 100, [f"{n}" for n in range(100)], ["a", "b"] * 50], ids=["one", "100", "2"])
def test_a_hundred_at_once_are_one_alert_and_one_summary(keys):
    first, second = sorted(many(MemoryLedger(), keys), key=lambda word: word.summary)

    assert (first.summary, first.names) == (False, {})
    assert (second.summary, sum(second.names.values())) == (True, 99)
    assert set(second.names) <= {f"dag.{key}" for key in keys}


def test_two_at_once_are_two_alerts_when_they_differ():
    assert [(word.summary, word.names) for word in many(MemoryLedger(), ["a", "b"])] == [(False, {}), (False, {})]


def test_what_was_counted_is_told_with_the_next_alert():
    ledger = Clock()
    ledger.at = NOW
    alert(ledger)
    many_rules = Rules(300, 3, 0)
    assert alert(ledger, "a", many_rules).summary is True
    assert [alert(ledger, "a", many_rules) for _ in range(5)] == [None] * 5

    ledger.at = NOW + 300
    word = alert(ledger)

    assert (word.summary, word.names, word.since) == (False, {"dag.a": 5}, NOW)


def test_an_hour_has_as_many_as_allowed_and_one_summary():
    ledger, rules = Clock(), Rules(300, 3, 0)
    sent = []
    for minute in range(120):
        ledger.at = NOW + 60 * minute
        if word := alert(ledger, f"{minute}", rules):
            sent.append((minute, word))

    assert [minute for minute, _ in sent] == [0, 1, 2, 3, 60, 61, 62, 63]
    assert sum(1 + sum(word.names.values()) - word.summary for _, word in sent) == 64
    assert [round((word.until - NOW) / 60) for _, word in sent if word.until] == [60, 61, 62, 63, 120]
    for first, _ in sent:
        assert sum(first <= minute < first + 60 for minute, _ in sent) <= 4


def test_whoever_waits_leaves_to_the_next():
    """The one whose turn it is dies; the next one tells of both."""
    ledger = MemoryLedger()
    alert(ledger)
    dead = AlertThrottle(ledger, "line", RULES, "b", "dag.b")
    dead._change(dead._admitted)

    word = alert(ledger, "c")

    assert (word.summary, word.names) == (True, {"dag.b": 1, "dag.c": 1})


def test_what_could_not_be_sent_is_told_by_the_next():
    ledger = MemoryLedger()
    one = AlertThrottle(ledger, "line", Rules(300, 3, 0), "a", "dag.a")
    one.take_back(one.word())
    word = alert(ledger, "b", Rules(300, 3, 0))
    assert (word.summary, word.names) == (False, {"dag.a": 1})

    again = AlertThrottle(ledger, "line", Rules(300, 3, 0), "b", "dag.b")
    summary = again.word()
    assert (summary.summary, summary.names) == (True, {"dag.b": 1})
    again.take_back(summary)

    assert alert(ledger, "c", Rules(300, 3, 0)).names == {"dag.b": 1}


def test_names_are_bounded():
    ledger, rules = MemoryLedger(), Rules(300, 0, 0)
    for number in range(300):
        throttle = AlertThrottle(ledger, "line", rules, f"{number}", f"dag.{number}")
        throttle._change(throttle._admitted)

    word = alert(ledger, "last", rules)

    assert len(word.names) == 201
    assert word.names["others"] == 101


def test_what_somebody_else_wrote_there_is_forgotten(caplog):
    ledger = MemoryLedger()
    ledger.update("storm:line", lambda _: (b'{"quiet": 1}', None))

    assert alert(ledger).summary is False
    assert caplog.text.count("is damaged or of another version; it is discarded") == 1


def test_what_an_earlier_version_wrote_is_discarded_once(caplog):
    caplog.set_level(logging.INFO)
    ledger = MemoryLedger()
    ledger.update("alerts:line", lambda _: (b'{"told": {"a": 1000000.0}}', None))
    discard_earlier(ledger, "line")
    discard_earlier(ledger, "line")

    assert ledger.read("alerts:line") is None
    assert caplog.text.count("What an earlier version noted of alerts") == 1


@pytest.mark.parametrize("rate", [0.5, 1.25, 4, 20])
@pytest.mark.parametrize("keys", [1, 50])
def test_a_steady_storm_is_summed_up_every_two_minutes_at_any_rate(rate, keys):
    """Nobody who waits ever keeps the turn here: the next alert has come before it looks again."""
    ledger, rules, told = Clock(), Rules(300, None, 8), []
    for number in range(round(600 * rate)):
        ledger.at = NOW + number / rate
        throttle = AlertThrottle(ledger, "line", rules, f"{number % keys}", f"dag.{number % keys}")
        _, word = throttle._change(throttle._admitted)
        if word is not None:
            told.append((ledger.at - NOW, word))
    state = _state(ledger.read("storm:line"))

    assert told[0][0] == 0.0
    assert not told[0][1].summary
    assert told[1][1].summary
    assert told[1][0] <= 122.0
    since = [ledger.at - state.since] if state.held else []
    # A summary names a key once in min_interval; what is waited for is told in 120 s.
    assert max(moment - word.since for moment, word in told if word.summary) <= 122.0
    assert not since or since[0] <= 422.0
    told_of = sum(1 + sum(word.names.values()) - word.summary for _, word in told)
    assert told_of + sum(held.count for held in state.held.values()) == round(600 * rate)


def test_a_key_is_quiet_for_its_own_interval():
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
    state = _state(ledger.read("storm:line"))

    assert len(state.quiet) <= MOST_KEYS + 1
    assert ("0" in state.quiet, f"{MOST_KEYS}" in state.quiet) == (False, True)


def _alerts(path: str, told, start) -> None:
    ledger, rules = SqliteLedger(Path(path)), Rules(300, 10, 1)
    start.wait()
    threads = [threading.Thread(target=lambda: told.put(_said(alert(ledger, "a", rules)))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _said(word: Decision | None) -> tuple[bool, int] | None:
    return word and (word.summary, sum(word.names.values()))


def test_processes_agree_through_the_file(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    told, start = spawn.Queue(), spawn.Barrier(4)
    processes = [spawn.Process(target=_alerts, args=(str(tmp_path / "ledger"), told, start)) for _ in range(4)]
    for process in processes:
        process.start()
    words = [told.get(timeout=60) for _ in range(48)]
    for process in processes:
        process.join()

    (alone, summary) = sorted(word for word in words if word)
    (state,) = map(_state, [SqliteLedger(tmp_path / "ledger").read("storm:line")])
    assert (alone, summary[0]) == ((False, 0), True)
    assert summary[1] + sum(held.count for held in state.held.values()) == 47
