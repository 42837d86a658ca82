"""What an answer means for a condition, and which failures are worth waiting."""

from __future__ import annotations

import json

import pytest
from airflow.providers.common.compat.sdk import PokeReturnValue

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    LoginFailed,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.triggers.condition import check_condition, evaluate, retryable_result


def looked(condition, answer):
    look = evaluate(condition, json.dumps(answer).encode())
    return look.done, look.value


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"records": [{"id": 1}], "paging": {}}, (True, [{"id": 1}])),
        ({"records": [], "paging": {}}, (False, [])),
        ({"tasks": [{"id": 2}]}, (True, [{"id": 2}])),
        ([{"id": 3}], (True, [{"id": 3}])),
        ([], (False, [])),
    ],
    ids=str,
)
def test_without_a_condition_a_record_is_waited_for(answer, found):
    assert looked(None, answer) == found


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b'{"records": null}', b'{"a": [], "b": []}'])
def test_without_a_condition_there_must_be_a_list(body):
    with pytest.raises(BadRequest, match="no list of records") as caught:
        evaluate(None, body)
    assert caught.value.parameter == "condition"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("status == 'Ready'", (True, {"status": "Ready"})),
        ("status == 'Sent'", (False, {"status": "Ready"})),
        (lambda answer: answer["status"] == "Ready", (True, {"status": "Ready"})),
        (lambda _: None, (False, {"status": "Ready"})),
        (lambda answer: PokeReturnValue(is_done=True, xcom_value=answer["status"]), (True, "Ready")),
        (lambda _: PokeReturnValue(is_done=False), (False, None)),
    ],
)
def test_conditions(condition, found):
    check_condition(condition)
    assert looked(condition, {"status": "Ready"}) == found


def test_what_is_missing_is_named_with_what_is_there():
    look = evaluate("statsu == 'Ready'", b'{"status": "Ready", "id": 1}')

    assert look.reason == "'statsu' is undefined; the answer has id, status"


def test_an_expression_that_fails_says_the_cure_and_no_number():
    with pytest.raises(BadRequest, match="name or 0") as caught:
        evaluate("to > 1", b'{"to": null}')
    assert caught.value.parameter == "condition"
    with pytest.raises(BadRequest) as caught:
        evaluate("to.encode(to)", b'{"to": "+16505550100"}')
    assert "6505550100" not in str(caught.value)


async def wait_for(answer):
    return True


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("{{ status == 'Ready' }}", "without braces"),
        ("{% if status %}", "without braces"),
        ("status = 'Ready'", "cannot be parsed"),
        ("", "cannot be parsed"),
        (True, "is bool"),
        ({"status": "Ready"}, "is dict"),
        pytest.param(wait_for, "coroutine", id="coroutine"),
    ],
)
def test_conditions_that_can_never_be_judged(condition, says):
    with pytest.raises(BadArgument, match=says) as caught:
        check_condition(condition)
    assert caught.value.parameter == "condition"


def test_a_function_that_gives_a_coroutine():
    async def later() -> bool:
        return True

    coroutine = later()
    with pytest.raises(BadArgument, match="awaitable"):
        evaluate(lambda _: coroutine, b"{}")
    coroutine.close()


@pytest.mark.parametrize(
    ("error", "missing_ok", "passes"),
    [
        (RateLimited("x", retry_after=90.0), False, True),
        (Unavailable("x"), False, True),
        (NotFound("x"), True, True),
        (NotFound("x"), False, False),
        (LoginFailed("x"), True, False),
        (PermissionDenied("x"), True, False),
        (BadRequest("x"), True, False),
        (OutcomeUnknown("x"), True, False),
        (RingCentralError("x"), True, False),
    ],
    ids=str,
)
def test_which_failures_pass(error, missing_ok, passes):
    look = retryable_result(error, missing_ok=missing_ok)

    assert (look is not None) is passes
    if look:
        assert (look.done, look.again_in) == (False, error.retry_after or 0.0)
