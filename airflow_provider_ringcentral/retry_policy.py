"""RingCentralRetryPolicy: retry exactly when it can help (Airflow 3.3 and later)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client import errors

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy

    SUPPORTED = True
else:
    try:
        from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy

        SUPPORTED = True
    except ImportError:
        RetryPolicy, SUPPORTED = object, False

PERMANENT = (
    errors.ConfigurationError,
    errors.LoginFailed,
    errors.PermissionDenied,
    errors.BadRequest,
    errors.NotFound,
    errors.OutcomeUnknown,
)


class RingCentralRetryPolicy(RetryPolicy):
    """`retry_policy=RingCentralRetryPolicy()` on any task that uses RingCentral.

    `RateLimited` (and `Unavailable`, where RingCentral said when to come back) is retried after exactly its
    `retry_after` seconds, whatever `retry_delay` says; what trying again cannot cure fails at once; the rest goes by
    the task's own `retries` and `retry_delay`. The number of tries stays the task's.

    Raises `RuntimeError` below Airflow 3.3, which has no retry policies: there the hook's errors fail permanent cases
    at once, and `retry_delay` of a minute or more suits the rest.
    """

    def __init__(self) -> None:
        if not SUPPORTED:
            raise RuntimeError(
                "RingCentralRetryPolicy needs Airflow 3.3 or later; leave retry_policy out and set retry_delay to "
                "a minute"
            )

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """What to do after `exception`."""
        if isinstance(exception, PERMANENT):
            return RetryDecision.fail(reason=f"{type(exception).__name__}: trying again cannot help")
        if isinstance(exception, errors.RingCentralError) and exception.retry_after is not None:
            delay = timedelta(seconds=exception.retry_after)
            return RetryDecision.retry(delay=delay, reason=f"{type(exception).__name__}: again in {delay}")
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """There is nothing to keep."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RingCentralRetryPolicy:  # noqa: ARG003 - the signature is Airflow's
        """The policy again."""
        return cls()
