"""A send observer is notified before every attempt, and when one was certainly not executed."""

from __future__ import annotations

import itertools

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest, OutcomeUnknown, Unavailable
from tests.client.conftest import UNKNOWN

OK = {"kind": "status", "status": 200, "body": '{"id": 1}'}


class Log:
    """Keeps the notifications."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def before_send(self) -> None:
        self.events.append("before_send")

    def not_executed(self) -> None:
        self.events.append("not_executed")


CASES = [
    ([OK], None, ["before_send"]),
    (
        [{"kind": "status", "status": 429, "retry_after": 0.1}, OK],
        None,
        ["before_send", "not_executed", "before_send"],
    ),
    ([{"kind": "status", "status": 503, "retry_after": 0.1}, OK], None, ["before_send", "not_executed", "before_send"]),
    ([{"kind": "status", "status": 401, "code": "OAU-213"}, OK], None, ["before_send", "not_executed", "before_send"]),
    ([{"kind": "status", "status": 400, "code": "CMN-101"}], BadRequest, ["before_send"]),
    ([{"kind": "status", "status": 502}], OutcomeUnknown, ["before_send"]),
    ([{"kind": "reset"}], OutcomeUnknown, ["before_send"]),
]


@pytest.mark.parametrize(("faults", "error", "events"), CASES)
def test_the_observer_is_notified_of_each_send(start, client_of, faults, error, events):
    sandbox, log = start(limits={"Auth": 1000, "Light": 1000, "Heavy": 1000}), Log()
    client = client_of(sandbox)
    client.exchange_jwt()
    for fault in faults:
        sandbox.fault(**fault, path=UNKNOWN)

    if error is None:
        client.raw_json("POST", UNKNOWN, json={}, observer=log)
    else:
        with pytest.raises(error):
            client.raw_json("POST", UNKNOWN, json={}, observer=log)

    # A login in between notifies once more.
    assert [event for event, _ in itertools.groupby(log.events)] == events


def test_without_a_connection_nothing_is_executed(client_of, odd):
    odd.tell()
    client = client_of(odd)
    client.exchange_jwt()
    log = Log()

    with pytest.raises(Unavailable):
        client.raw_json("POST", "http://127.0.0.1:9/restapi/v1.0/account/~/extension/~/sms", json={}, observer=log)

    assert log.events == ["before_send", "not_executed"] * 5


def test_an_error_of_before_send_prevents_the_request(client_of, odd):
    class Broken(Log):
        def before_send(self) -> None:
            raise LookupError("the store is gone")

    odd.tell()
    with pytest.raises(LookupError):
        client_of(odd).raw_json("POST", UNKNOWN, json={}, observer=Broken())

    assert odd.calls == []
