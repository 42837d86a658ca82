"""Who must know when a request goes out is told before every attempt, and whenever one was certainly not executed."""

from __future__ import annotations

import itertools

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest, OutcomeUnknown, Unavailable
from tests.client.conftest import UNKNOWN

OK = {"kind": "status", "status": 200, "body": '{"id": 1}'}


class Log:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def departs(self) -> None:
        self.told.append("departs")

    def refused(self) -> None:
        self.told.append("refused")


PASSAGES = [
    ([OK], None, ["departs"]),
    (
        [{"kind": "status", "status": 429, "retry_after": 0.1}, OK],
        None,
        ["departs", "refused", "departs"],
    ),
    ([{"kind": "status", "status": 503, "retry_after": 0.1}, OK], None, ["departs", "refused", "departs"]),
    ([{"kind": "status", "status": 401, "code": "OAU-213"}, OK], None, ["departs", "refused", "departs"]),
    ([{"kind": "status", "status": 400, "code": "CMN-101"}], BadRequest, ["departs"]),
    ([{"kind": "status", "status": 502}], OutcomeUnknown, ["departs"]),
    ([{"kind": "reset"}], OutcomeUnknown, ["departs"]),
]


@pytest.mark.parametrize(("faults", "error", "told"), PASSAGES)
def test_the_passage_of_a_request(start, client_of, faults, error, told):
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

    # A login in between says once more that nothing is out.
    assert [event for event, _ in itertools.groupby(log.told)] == told


def test_no_connection_means_that_nothing_is_out(client_of, odd):
    odd.tell()
    client = client_of(odd)
    client.exchange_jwt()
    log = Log()

    with pytest.raises(Unavailable):
        client.raw_json("POST", "http://127.0.0.1:9/restapi/v1.0/account/~/extension/~/sms", json={}, observer=log)

    assert log.told == ["departs", "refused"] * 5


def test_what_departs_raises_keeps_the_request_back(client_of, odd):
    class Broken(Log):
        def departs(self) -> None:
            raise LookupError("the notebook is gone")

    odd.tell()
    with pytest.raises(LookupError):
        client_of(odd).raw_json("POST", UNKNOWN, json={}, observer=Broken())

    assert odd.calls == []
