"""RingCentralRetryPolicy: what Airflow is told to do after each kind of error."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.hooks.errors import for_airflow

policies = pytest.importorskip("airflow.sdk.definitions.retry_policy", reason="retry policies came with Airflow 3.3")
from airflow_provider_ringcentral.operators.api import RingCentralApiOperator  # noqa: E402
from airflow_provider_ringcentral.retry_policy import RingCentralRetryPolicy  # noqa: E402

RETRY, FAIL, DEFAULT = policies.RetryAction.RETRY, policies.RetryAction.FAIL, policies.RetryAction.DEFAULT


@pytest.mark.parametrize(
    ("error", "action", "seconds"),
    [
        (errors.RateLimited("later", retry_after=42.5), RETRY, 42.5),
        (errors.RateLimited("the day's posts are used up"), DEFAULT, None),
        (errors.Unavailable("maintenance", status=503, retry_after=120), RETRY, 120),
        (errors.Unavailable("reset"), DEFAULT, None),
        (errors.ConfigurationError(problems=[errors.FieldProblem("jwt", "is missing")]), FAIL, None),
        (errors.LoginFailed("revoked", retry_after=5), FAIL, None),
        (errors.PermissionDenied("scope"), FAIL, None),
        (errors.BadRequest("parameter"), FAIL, None),
        (errors.NotFound("gone"), FAIL, None),
        (errors.OutcomeUnknown("perhaps sent"), FAIL, None),
        (ValueError("ours"), DEFAULT, None),
        (KeyboardInterrupt(), DEFAULT, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_retries_exactly_when_it_can_help(error, action, seconds):
    decision = RingCentralRetryPolicy().evaluate(error, 1, 3)

    assert decision.action is action
    assert decision.retry_delay == (None if seconds is None else timedelta(seconds=seconds))
    assert (decision.reason is None) == (action is DEFAULT)


def test_errors_as_the_hook_raises_them_are_decided_alike():
    permanent = for_airflow(errors.PermissionDenied("scope"))

    assert RingCentralRetryPolicy().evaluate(permanent, 1, 3).action is FAIL


def test_it_survives_serialisation():
    policy = RingCentralRetryPolicy()

    assert policy.serialize() == {}
    assert isinstance(RingCentralRetryPolicy.deserialize({}), RingCentralRetryPolicy)


def test_a_dag_with_it_is_serialised_by_airflow():
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG("with_policy", schedule=None, start_date=datetime(2026, 1, 1)) as dag:  # noqa: DTZ001 - Airflow adds the zone
        RingCentralApiOperator(task_id="ask", path="/restapi/v1.0/account/~", retry_policy=RingCentralRetryPolicy())
    task = DagSerialization.from_dict(DagSerialization.to_dict(dag)).task_dict["ask"]

    assert task.has_retry_policy
