"""The sensor's looks, its ways of waiting, and how it ends, against the sandbox."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    PokeReturnValue,
    TaskDeferred,
)
from airflow.sdk.exceptions import AirflowRescheduleException

from airflow_provider_ringcentral.client.errors import BadRequest, LoginFailed, NotFound, PermissionDenied
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor
from airflow_provider_ringcentral.triggers.api import RingCentralApiTrigger, RingCentralPauseTrigger
from airflow_provider_ringcentral.triggers.quota import RESCUE_SECONDS

ACCOUNT = "/restapi/v1.0/account/~"
EXTENSION = f"{ACCOUNT}/extension/~"
LOG = f"{ACCOUNT}/call-log"
SERVICE = "name == 'Airflow Service'"
NEVER = "answer.get('nothing')"


@pytest.fixture
def sandbox():
    with Sandbox(calls=500, limits={"Heavy": 100_000}) as sandbox:
        yield sandbox


pytestmark = pytest.mark.usefixtures("connection")


def sensor(path=EXTENSION, **arguments) -> RingCentralApiSensor:
    given = {"poke_interval": 0.1, "timeout": 20.0} | arguments
    return RingCentralApiSensor(task_id="wait", path=path, **given)


def deferred(sensor) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute({})
    return caught.value


def resumed(sensor, event):
    """What the worker that comes back makes of the event, which has been in the database meanwhile."""
    return sensor.resume_execution("execute_complete", {"event": json.loads(json.dumps(event))}, {})


class Rescheduled:
    """The task instance of a sensor that looked for the first time some seconds ago."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.first = datetime.now(UTC) - timedelta(seconds=seconds)

    def get_first_reschedule_date(self, context):
        return self.first


# --- looks


def test_an_expression_and_the_answer(sandbox):
    assert sensor(condition=SERVICE).execute({})["name"] == "Airflow Service"
    assert sandbox.stats()["groups"] == {"Auth": 1, "Light": 1}


def test_a_record_is_waited_for_and_returned(sandbox):
    later = datetime.now(UTC) - timedelta(minutes=1)
    query = {"dateFrom": later, "view": "Simple", "type": ["Voice", "Fax"]}
    # Not "now": a clock that is set back in between would put it behind the end of what is asked for.
    inserted = sandbox.insert_calls(1, start_time=(later + timedelta(seconds=30)).isoformat(), after_requests=2)

    records = sensor(LOG, query=query).execute({})

    assert [record["id"] for record in records] == inserted
    assert sandbox.stats()["operations"]["readCompanyCallLog"] == 3


@pytest.mark.parametrize(
    ("condition", "returned"),
    [
        (lambda answer: answer["name"] == "Airflow Service", "Airflow Service"),
        (lambda answer: PokeReturnValue(is_done=True, xcom_value={"name": answer["name"].upper()}), "AIRFLOW SERVICE"),
    ],
    ids=["bool", "PokeReturnValue"],
)
def test_a_function_and_its_value(condition, returned):
    assert sensor(condition=condition).execute({})["name"] == returned


def test_what_a_function_raises_is_not_ours_to_change():
    def broken(answer):
        raise LookupError(answer["name"])

    with pytest.raises(LookupError, match="Airflow Service"):
        sensor(condition=broken).execute({})


def test_an_answer_too_large_for_xcom_is_not_returned(sandbox):
    assert sensor(LOG, query={"perPage": 500}).execute({}) is None


def test_404_may_mean_not_yet(sandbox):
    path = f"{LOG}/{sandbox.call_ids()[0]}"
    sandbox.fault("status", operation="readCompanyCallRecord", status=404, code="CMN-102", times=4)
    with pytest.raises(NotFound):
        sensor(path, condition="id").execute({})

    assert sensor(path, condition="id", missing_ok=True).execute({})["id"]


@pytest.mark.parametrize("status", [503, 429])
def test_what_may_pass_is_no_failure(sandbox, status):
    sandbox.fault("status", operation="readExtension", status=status, retry_after=0.2, times=2)

    assert sensor(condition=SERVICE).execute({})


# --- ends


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_timeout(deferrable):
    with pytest.raises(AirflowSensorTimeout):
        sensor(condition=NEVER, timeout=0.0, deferrable=deferrable).execute({})
    with pytest.raises(AirflowSkipException):
        sensor(condition=NEVER, timeout=0.0, deferrable=deferrable, soft_fail=True).execute({})


def test_a_full_quota_ends_by_timeout_and_holds_no_worker_beyond_it(sandbox):
    sandbox.change_limits(Heavy={"requests": 1, "window": 60, "penalty": 60})
    sensor(LOG).execute({})

    with pytest.raises(AirflowSensorTimeout):
        sensor(LOG, timeout=0.5).execute({})
    assert sandbox.stats()["groups"]["Heavy"] == 1


PERMANENT = [
    ({"path": f"{EXTENSION}/nothing"}, NotFound),
    ({"path": LOG, "query": {"view": "Wrong"}}, BadRequest),
    ({"condition": "name > 3"}, BadRequest),
    ({"condition": None}, BadRequest),
]


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(("arguments", "error"), PERMANENT, ids=str)
def test_what_waiting_cannot_mend_fails_at_once_even_with_soft_fail(arguments, error, deferrable):
    with pytest.raises(error) as caught:
        sensor(**{"condition": NEVER, **arguments}, deferrable=deferrable, soft_fail=True).execute({})
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_missing_permission_fails_with_its_cure(sandbox, deferrable):
    sandbox.change_app(permissions=["ReadCallLog"])
    with pytest.raises(PermissionDenied) as caught:
        sensor(condition=SERVICE, deferrable=deferrable).execute({})

    assert caught.value.remedy.who == "developer console"
    with pytest.raises(AirflowSkipException):
        sensor(condition=SERVICE, deferrable=deferrable, never_fail=True).execute({})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"condition": "{{ status }}"}, "without braces"),
        ({"condition": "status = 1"}, "cannot be parsed"),
        ({"condition": 7}, "is int"),
        ({"path": "restapi/v1.0"}, "must start with /"),
        ({"path": None}, "path is 'None'"),
        ({"path": "https://evil.example/restapi"}, "is a URL.*Connection"),
        ({"query": "{'view': 'Simple'}"}, "must be a dict"),
        ({"query": {"dateFrom": datetime(2026, 1, 1)}}, "no zone"),  # noqa: DTZ001
        ({"missing_ok": "maybe"}, "missing_ok 'maybe'"),
        ({"deferrable": True, "exponential_backoff": True}, "leave it out"),
        ({"deferrable": True, "silent_fail": True}, "leave it out"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_anything_is_sent(sandbox, arguments, says):
    with pytest.raises(AirflowFailException, match=says):
        sensor(**arguments).execute({})
    assert sandbox.stats()["requests"] == 0


# --- reschedule


def test_reschedule_gives_the_worker_back_between_looks():
    with pytest.raises(AirflowRescheduleException) as caught:
        sensor(condition=NEVER, mode="reschedule", poke_interval=90).execute({"ti": Rescheduled()})
    assert 60 < (caught.value.reschedule_date - datetime.now(UTC)).total_seconds() <= 90
    with pytest.raises(AirflowSensorTimeout):
        sensor(condition=NEVER, mode="reschedule").execute({"ti": Rescheduled(30)})


def test_reschedule_gives_the_worker_back_while_the_quota_is_used_up(sandbox):
    sandbox.change_limits(Heavy={"requests": 1, "window": 60, "penalty": 60})
    sensor(LOG).execute({})

    with pytest.raises(AirflowRescheduleException):
        sensor(LOG, mode="reschedule", poke_interval=5, timeout=3600).execute({"ti": Rescheduled()})
    assert sandbox.stats()["groups"]["Heavy"] == 1


# --- deferrable


def test_the_first_look_is_the_workers():
    assert sensor(condition=SERVICE, deferrable=True).execute({})["name"] == "Airflow Service"


async def test_the_trigger_goes_on_and_the_worker_returns_what_it_saw(sandbox):
    call = sandbox.call_ids()[0]
    waiting = sensor(f"{LOG}/{call}", condition="result == 'Handed over'", deferrable=True)
    handed = deferred(waiting)
    sandbox.correct_calls([call], {"result": "Handed over"})
    before = sandbox.stats()["requests"]
    event = await handed.trigger._event()

    assert type(handed.trigger) is RingCentralApiTrigger
    assert handed.method_name == "execute_complete"
    assert 0 < handed.timeout.total_seconds() - RESCUE_SECONDS <= 20
    assert resumed(waiting, event)["id"] == call
    assert sandbox.stats()["requests"] == before + 1, "what the trigger saw is not asked for again"


def test_what_goes_to_the_trigger(sandbox):
    now = datetime.now(UTC).replace(microsecond=0)
    query = {"dateFrom": now, "type": ("Voice", "Fax"), "view": None}
    handed = deferred(sensor(LOG, query=query, missing_ok="True", poke_interval=45, timeout=600, deferrable=True))
    _, arguments = handed.trigger.serialize()
    deadline = arguments.pop("deadline")

    assert time.time() + 500 < deadline <= time.time() + 600
    assert json.loads(json.dumps(arguments)) == {
        "ringcentral_conn_id": "ringcentral_default",
        "path": LOG,
        "query": {"dateFrom": f"{now:%Y-%m-%dT%H:%M:%S}.000Z", "type": ["Voice", "Fax"]},
        "condition": None,
        "missing_ok": True,
        "poke_interval": 45.0,
    }


def test_for_a_function_the_worker_comes_back_for_each_look(sandbox):
    names = iter(["", "", "Airflow Service"])
    waiting = sensor(condition=lambda answer: answer["name"] == next(names), poke_interval=60, deferrable=True)
    first = deferred(waiting)
    path, arguments = first.trigger.serialize()
    with pytest.raises(TaskDeferred) as second:
        resumed(waiting, {"status": "again", "deadline": first.trigger.deadline})

    assert path.endswith("RingCentralPauseTrigger")
    assert arguments["moment"] == pytest.approx(first.trigger.deadline, abs=5), "not after the deadline"
    assert isinstance(second.value.trigger, RingCentralPauseTrigger)
    assert second.value.trigger.deadline == first.trigger.deadline
    assert resumed(waiting, {"status": "again", "deadline": first.trigger.deadline})["name"] == "Airflow Service"


@pytest.mark.parametrize(
    ("event", "hard", "soft"),
    [
        ({"status": "timeout", "reason": "not there"}, AirflowSensorTimeout, AirflowSkipException),
        ({"status": "again", "deadline": 1.0}, AirflowSensorTimeout, AirflowSkipException),
        ({"status": "error", "error": {"kind": "LoginFailed", "message": "no"}}, LoginFailed, LoginFailed),
        ({"status": "error", "error": {"kind": "NotFound", "message": "no"}}, NotFound, NotFound),
    ],
    ids=str,
)
def test_how_a_trigger_may_end(event, hard, soft):
    for soft_fail, error in ((False, hard), (True, soft)):
        with pytest.raises(error):
            resumed(sensor(condition=lambda _: False, deferrable=True, soft_fail=soft_fail), event)
    with pytest.raises(AirflowSkipException):
        resumed(sensor(condition=lambda _: False, deferrable=True, never_fail=True), event)


async def test_an_error_of_the_trigger_arrives_with_its_remedy_and_is_not_retried(sandbox):
    waiting = sensor(condition=NEVER, deferrable=True)
    handed = deferred(waiting)
    sandbox.change_app(permissions=["ReadCallLog"])
    sandbox.kill_tokens()
    event = await handed.trigger._event()

    with pytest.raises(PermissionDenied) as caught:
        resumed(waiting, event)
    assert isinstance(caught.value, AirflowFailException)
    assert (caught.value.permission, caught.value.remedy.who) == ("ReadAccounts", "developer console")


def test_a_crashed_trigger_fails_even_with_soft_fail():
    with pytest.raises(Exception, match="Trigger failure") as caught:
        sensor(deferrable=True, soft_fail=True).resume_execution("__fail__", {"error": "Trigger failure"}, {})
    assert not isinstance(caught.value, AirflowSkipException)


def test_what_was_not_sealed_is_asked_for_again(sandbox):
    waiting = sensor(condition=SERVICE, deferrable=True)

    assert resumed(waiting, {"status": "success", "sealed": None})["name"] == "Airflow Service"
    assert resumed(waiting, {"status": "success", "sealed": "sealed with another secret"})["name"] == "Airflow Service"
    assert sandbox.stats()["groups"]["Light"] == 2


def test_without_xcom_nothing_is_asked_for_again(sandbox):
    waiting = sensor(condition=SERVICE, deferrable=True, do_xcom_push=False)

    assert resumed(waiting, {"status": "success", "sealed": None}) is None
    assert sandbox.stats()["requests"] == 0


def test_every_template_field_is_an_attribute_left_as_given():
    given = {name: f"{{{{ {name} }}}}" for name in RingCentralApiSensor.template_fields}
    made = RingCentralApiSensor(task_id="x", **given)

    assert {name: getattr(made, name) for name in given} == given
