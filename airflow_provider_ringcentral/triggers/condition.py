"""Evaluate the condition of a sensor on an answer, alike in worker and triggerer.

Expressions are Jinja's. They run in its sandbox, since one triggerer evaluates those of every DAG author.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from airflow_provider_ringcentral.client.answer import decoded, without_personal_data
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    NotFound,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.paging import records_of

ANSWER = "answer"


class Evaluation(NamedTuple):
    """Whether an expression holds, and the message about a name that the answer lacks."""

    holds: bool
    missing: str = ""


class ExpressionError(Exception):
    """The expression cannot be parsed, or not be evaluated on this answer."""


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox where `answer.items` is the key `items` of the answer, and where arithmetic is cheap."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the key of that name, else the attribute."""
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse powers and repeated texts: `9**9**9` or `"x" * 10**10` would stop all triggers of the process."""
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} is not allowed here: * and % take numbers only, and ** is off")
        return super().call_binop(context, operator, left, right)


_ENVIRONMENT = _Environment(undefined=jinja2.StrictUndefined)
_ENVIRONMENT.globals.clear()


def evaluate_expression(source: str, answer: Any) -> Evaluation:
    """Evaluate `source`, which sees `answer` and, when that is an object, its keys as names.

    A name that the answer lacks makes the expression false, unless it is used with `is defined`, `default()` or
    `answer.get()`. Raises `ExpressionError`.
    """
    names = {**(answer if isinstance(answer, dict) else {}), ANSWER: answer}
    try:
        value = compile_expression(source)(names)
        if isinstance(value, Iterator):
            # An iterator counts as true even when it is empty.
            raise ExpressionError("it returns an iterator; end it with |list, |first or |length > 0")
        return Evaluation(bool(value))
    except jinja2.UndefinedError as error:
        return Evaluation(holds=False, missing=str(error))
    except ExpressionError:
        raise
    except Exception as error:  # noqa: BLE001 - an expression may raise anything
        raise ExpressionError(f"{type(error).__name__}: {error}") from None


@lru_cache(maxsize=256)
def compile_expression(source: str) -> jinja2.environment.TemplateExpression:
    """Compile an expression, to be called with a dict of names. Raises `ExpressionError`."""
    try:
        return _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    except (jinja2.TemplateError, SecurityError) as error:
        raise ExpressionError(str(error)) from None


Condition = str | Callable[[Any], Any] | None
"""An expression, a function of the decoded answer, or None for "at least one record"."""

EXAMPLE = "status == 'Completed'"


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll: `value` is what the task returns when it is `done`, else `reason` says why it is not.

    `again_in` is the number of seconds that RingCentral or the quota asks to wait before the next poll, 0 for none.
    """

    done: bool
    value: Any = None
    reason: str = ""
    again_in: float = 0.0


def check_condition(condition: Condition) -> None:
    """Raise `BadArgument` for a condition that cannot be evaluated."""
    if condition is None:
        return
    if isinstance(condition, str):
        if "{{" in condition or "{%" in condition:
            raise _bad_condition(
                "is a template; write the bare expression without braces, since it is evaluated on each answer: "
                f'condition="{EXAMPLE}"'
            )
        try:
            compile_expression(condition)
        except ExpressionError as error:
            raise _bad_condition(
                f"{condition!r} cannot be parsed: {error}; write an expression such as {EXAMPLE}"
            ) from None
    elif not callable(condition):
        raise _bad_condition(
            f"is {type(condition).__name__}; give an expression such as {EXAMPLE!r}, a function, or None"
        )
    elif inspect.iscoroutinefunction(condition):
        raise _bad_condition("is a coroutine function; give a plain function: it gets the decoded answer")


def evaluate(condition: Condition, body: bytes) -> PollResult:
    """Evaluate the condition on the body of an answer. Raises `BadRequest` when that is not possible."""
    answer = decoded(body)
    if condition is None:
        records = _records(answer)
        return PollResult(done=bool(records), value=records, reason="there is no record yet")
    if isinstance(condition, str):
        return _expression_result(condition, answer)
    result = condition(answer)
    if inspect.isawaitable(result):
        raise _bad_condition("returned an awaitable; give a plain function: it gets the decoded answer")
    # A PokeReturnValue. Its class differs between versions of Airflow.
    if hasattr(result, "is_done"):
        return PollResult(
            done=bool(result.is_done),
            value=getattr(result, "xcom_value", None),
            reason="the condition does not hold yet",
        )
    return PollResult(done=bool(result), value=answer, reason="the condition does not hold yet")


def retryable_result(error: RingCentralError, *, missing_ok: bool) -> PollResult | None:
    """Return the poll result of a failed request when waiting may help (429, 5xx, network); None when it cannot."""
    if isinstance(error, RateLimited | Unavailable) or (missing_ok and isinstance(error, NotFound)):
        return PollResult(done=False, reason=f"{type(error).__name__}: {error}", again_in=error.retry_after or 0.0)
    return None


def _records(answer: Any) -> list[Any]:
    if isinstance(answer, list):
        return answer
    try:
        return list(records_of(answer))
    except RingCentralError:
        raise BadRequest(
            f"the answer has no list of records; set condition, such as condition={EXAMPLE!r}",
            parameter="condition",
        ) from None


def _expression_result(source: str, answer: Any) -> PollResult:
    try:
        holds, missing = evaluate_expression(source, answer)
    except ExpressionError as error:
        raise BadRequest(
            f"{source!r} cannot be evaluated on this answer: {without_personal_data(str(error))}; for values that may "
            "be null or missing write (name or 0), name|default(0) or answer.get('name')",
            parameter="condition",
        ) from None
    if missing and isinstance(answer, dict):
        missing += f"; the answer has {without_personal_data(', '.join(sorted(answer)))}"
    return PollResult(done=holds, value=answer, reason=missing or "the condition does not hold yet")


def _bad_condition(what: str) -> BadArgument:
    return BadArgument(f"condition {what}", parameter="condition")
