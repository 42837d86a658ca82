"""Expressions over an answer: Jinja's, in a sandbox, since one triggerer judges those of every DAG author."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

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
