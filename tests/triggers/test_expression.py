"""Expressions over an answer."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.triggers.condition import Evaluation, ExpressionError, evaluate_expression

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
    """`statsu != 'Queued'` would let the task go on at the first look."""
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
