"""Conditions and expressions on an answer, and the errors that a wait takes for "not yet"."""

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
from airflow_provider_ringcentral.triggers.condition import (
    Evaluation,
    ExpressionError,
    check_condition,
    evaluate,
    evaluate_expression,
    retryable_result,
)


def evaluated(condition, answer):
    result = evaluate(condition, json.dumps(answer).encode())
    return result.done, result.value


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
    assert evaluated(None, answer) == found


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
    assert evaluated(condition, {"status": "Ready"}) == found


def test_what_is_missing_is_named_with_what_is_there():
    result = evaluate("statsu == 'Ready'", b'{"status": "Ready", "id": 1}')

    assert result.reason == "'statsu' is undefined; the answer has id, status"


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
def test_conditions_that_can_never_be_evaluated(condition, says):
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
def test_errors_that_mean_not_yet(error, missing_ok, passes):
    result = retryable_result(error, missing_ok=missing_ok)

    assert (result is not None) is passes
    if result:
        assert (result.done, result.again_in) == (False, error.retry_after or 0.0)


# --- expressions

ANSWER = {"status": "Ready", "note": None, "items": [1, 2], "owner": {"id": 3, "keys": 9}, "answer": "shadowed"}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("status == 'Ready'", True),
        ("  status", True),
        ("status in ('Ready', 'Sent') and owner.id > 2", True),
        ("answer.status != 'Ready'", False),
        ("items | length == 2", True),
        ("answer.items[1] == 2", True),
        ("owner.keys == 9", True),
        ("answer['owner']['id'] * 2 == 6", True),
        ("items | select('gt', 1) | list", True),
        ("items | select('gt', 2) | list", False),
        ("answer.get('nothing') is none", True),
        ("nothing is defined", False),
        ("nothing is not defined", True),
        ("nothing | default(0) > 1", False),
        ("note", False),
        ("status == 'Ready' or nothing", True),
        ("7 % 2 == 1", True),
    ],
)
def test_what_holds(source, holds):
    assert evaluate_expression(source, ANSWER) == Evaluation(holds)


@pytest.mark.parametrize(
    "source", ["nothing", "nothing == 1", "nothing != 1", "not nothing", "nothing.at.all > 1", "range"]
)
def test_nothing_holds_by_what_is_missing(source):
    """`statsu != 'Queued'` would let the task go on at the first result."""
    judged = evaluate_expression(source, ANSWER)

    assert not judged.holds
    assert "undefined" in judged.missing


def test_an_answer_that_is_no_object():
    assert evaluate_expression("answer | length > 1", [1, 2]).holds
    assert evaluate_expression("answer is none", None).holds
    assert evaluate_expression("status", [1]).missing


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "expected"),
        ("status ==", "unexpected"),
        ("status 'Ready'", "chunk"),
        ("1 }} {{ 2", "chunk"),
        ("status | nofilter", "nofilter"),
        ("status is nothing_known", "nothing_known"),
        ("items | select('gt', 1)", r"\|list"),
        ("note > 1", "NoneType"),
        ("1 / 0 > 1", "ZeroDivision"),
        ("().__class__.__base__", "unsafe"),
        ("owner.update(id=1)", "unsafe"),
        ("9 ** 9 ** 9", "not allowed|nothing"),
        ("'x' * 10000000000", "numbers"),
        ("'%9999999999d' % 1", "numbers"),
    ],
)
def test_what_cannot_be_judged(source, says):
    with pytest.raises(ExpressionError, match=says):
        evaluate_expression(source, ANSWER)
    assert ANSWER["owner"]["id"] == 3
