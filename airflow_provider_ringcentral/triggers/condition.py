"""What a sensor waits for, judged alike in worker and triggerer. Pure: an answer goes in, a `Look` comes out.

Expressions over an answer: Jinja's, in a sandbox, since one triggerer judges those of every DAG author.
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
from airflow_provider_ringcentral.client.paging import rows

ANSWER = "answer"


class Judged(NamedTuple):
    """Whether an expression holds, and what it asked for in vain."""

    holds: bool
    missing: str = ""


class ExpressionError(Exception):
    """The expression cannot be read, or not be judged on this answer."""


class _Environment(ImmutableSandboxedEnvironment):
    """Keys before methods, so that `answer.items` is the answer's own, and no arithmetic that has no end."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of that name, or the attribute."""
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """`9**9**9` or `"x" * 10**10` would stop all triggers of the process."""
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} is for numbers here, and ** for nothing")
        return super().call_binop(context, operator, left, right)


_ENVIRONMENT = _Environment(undefined=jinja2.StrictUndefined)
_ENVIRONMENT.globals.clear()


def judge_expression(source: str, answer: Any) -> Judged:
    """Whether `source` holds. It sees `answer` and, when that is an object, its keys as names.

    An expression does not hold by what is missing: a name that the answer does not have (yet) makes it false, unless
    it is asked for with `is defined`, `default()` or `answer.get()`. Raises `ExpressionError`.
    """
    names = {**(answer if isinstance(answer, dict) else {}), ANSWER: answer}
    try:
        value = compile_expression(source)(names)
        if isinstance(value, Iterator):
            # It would count as true whatever it gives.
            raise ExpressionError("it gives values one by one; end it with |list, |first or |length > 0")
        return Judged(bool(value))
    except jinja2.UndefinedError as error:
        return Judged(holds=False, missing=str(error))
    except ExpressionError:
        raise
    except Exception as error:  # noqa: BLE001 - an expression may do anything wrong
        raise ExpressionError(f"{type(error).__name__}: {error}") from None


@lru_cache(maxsize=256)
def compile_expression(source: str) -> jinja2.environment.TemplateExpression:
    """The expression, ready to be called with a dict of names. Raises `ExpressionError`."""
    try:
        return _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    except (jinja2.TemplateError, SecurityError) as error:
        raise ExpressionError(str(error)) from None


Condition = str | Callable[[Any], Any] | None
"""An expression, a function of the decoded answer, or None for "at least one record"."""

EXAMPLE = "status == 'Completed'"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at RingCentral: whether the condition holds; then `value` is what to return, else `reason` says why not.

    `again_in` is the number of seconds that RingCentral or the quota asked to wait, if any.
    """

    done: bool
    value: Any = None
    reason: str = ""
    again_in: float = 0.0


def check_condition(condition: Condition) -> None:
    """Raises `BadArgument` for what can never be judged."""
    if condition is None:
        return
    if isinstance(condition, str):
        if "{{" in condition or "{%" in condition:
            raise _bad(
                "is a template; write the bare expression without braces, since it is judged on each answer: "
                f'condition="{EXAMPLE}"'
            )
        try:
            compile_expression(condition)
        except ExpressionError as error:
            raise _bad(f"{condition!r} cannot be read: {error}; write an expression such as {EXAMPLE}") from None
    elif not callable(condition):
        raise _bad(f"is {type(condition).__name__}; give an expression such as {EXAMPLE!r}, a function, or None")
    elif inspect.iscoroutinefunction(condition):
        raise _bad("is a coroutine function; give a plain one, it gets the answer that is there already")


def judge(condition: Condition, body: bytes) -> Look:
    """What the body of an answer means for the condition. Raises `BadRequest` when it cannot be judged."""
    answer = decoded(body)
    if condition is None:
        records = _records(answer)
        return Look(done=bool(records), value=records, reason="there is no record yet")
    if isinstance(condition, str):
        return _by_expression(condition, answer)
    result = condition(answer)
    if inspect.isawaitable(result):
        raise _bad("returned an awaitable; give a plain function, it gets the answer that is there already")
    # PokeReturnValue, and whatever looks like it.
    if hasattr(result, "is_done"):
        return Look(done=bool(result.is_done), value=getattr(result, "xcom_value", None), reason="it does not hold yet")
    return Look(done=bool(result), value=answer, reason="it does not hold yet")


def passing(error: RingCentralError, *, missing_ok: bool) -> Look | None:
    """The look of a request that failed, when waiting may mend it; None when it cannot."""
    if isinstance(error, RateLimited | Unavailable) or (missing_ok and isinstance(error, NotFound)):
        return Look(done=False, reason=f"{type(error).__name__}: {error}", again_in=error.retry_after or 0.0)
    return None


def _records(answer: Any) -> list[Any]:
    if isinstance(answer, list):
        return answer
    try:
        return list(rows(answer))
    except RingCentralError:
        raise BadRequest(
            f"the answer has no list of records to wait for; say what to wait for, such as condition={EXAMPLE!r}",
            parameter="condition",
        ) from None


def _by_expression(source: str, answer: Any) -> Look:
    try:
        holds, missing = judge_expression(source, answer)
    except ExpressionError as error:
        raise BadRequest(
            f"{source!r} cannot be judged on this answer: {without_personal_data(str(error))}; for values that may "
            "be null or missing write (name or 0), name|default(0) or answer.get('name')",
            parameter="condition",
        ) from None
    if missing and isinstance(answer, dict):
        missing += f"; the answer has {without_personal_data(', '.join(sorted(answer)))}"
    return Look(done=holds, value=answer, reason=missing or "it does not hold yet")


def _bad(what: str) -> BadArgument:
    return BadArgument(f"condition {what}", parameter="condition")
