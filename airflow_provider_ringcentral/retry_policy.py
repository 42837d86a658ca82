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
    """Retry a task exactly when a retry can help: `retry_policy=RingCentralRetryPolicy()` on any task of this provider.

    `RateLimited`, and `Unavailable` when RingCentral names a time, are retried after exactly `retry_after` seconds,
    whatever `retry_delay` is. Errors that a retry cannot cure fail at once. Everything else follows the task's own
    `retries` and `retry_delay`. The number of tries remains the task's.

    Raises `RuntimeError` before Airflow 3.3, which has no retry policies. There the hook's errors fail permanent cases
    at once; set `retry_delay` to a minute or more for the rest.
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
        """Decide what Airflow does after `exception`."""
        if isinstance(exception, PERMANENT):
            return RetryDecision.fail(reason=f"{type(exception).__name__}: a retry cannot help")
        if isinstance(exception, errors.RingCentralError) and exception.retry_after is not None:
            delay = timedelta(seconds=exception.retry_after)
            return RetryDecision.retry(delay=delay, reason=f"{type(exception).__name__}: retry in {delay}")
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Return an empty dict: the policy has no settings."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RingCentralRetryPolicy:  # noqa: ARG003 - the signature is Airflow's
        """Make the policy; `data` is ignored."""
        return cls()
