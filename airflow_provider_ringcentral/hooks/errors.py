"""Where errors meet Airflow: what trying again cannot cure fails the task now, whatever its `retries`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowNotFoundException

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    ConfigurationError,
    DeliveryFailed,
    LoginFailed,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RingCentralError,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument, DestinationError


class ConnectionInvalid(ConfigurationError, AirflowFailException):
    """`ConfigurationError` that Airflow does not retry."""


class LoginRefused(LoginFailed, AirflowFailException):
    """`LoginFailed` that Airflow does not retry."""


class PermissionRefused(PermissionDenied, AirflowFailException):
    """`PermissionDenied` that Airflow does not retry."""


class RequestRefused(BadRequest, AirflowFailException):
    """`BadRequest` that Airflow does not retry."""


class ArgumentInvalid(BadArgument, AirflowFailException):
    """`BadArgument` that Airflow does not retry: a value of the DAG's author, and RingCentral was not asked."""


class DestinationInvalid(DestinationError, AirflowFailException):
    """`DestinationError` that Airflow does not retry."""


class ResourceMissing(NotFound, AirflowFailException):
    """`NotFound` that Airflow does not retry."""


class OutcomeUncertain(OutcomeUnknown, AirflowFailException):
    """`OutcomeUnknown` that Airflow does not retry: a retry would send again."""


class DeliveryRefused(DeliveryFailed, AirflowFailException):
    """`DeliveryFailed` that Airflow does not retry: carriers punish who sends again."""


FAIL_NOW: dict[type[RingCentralError], type[RingCentralError]] = {
    ConfigurationError: ConnectionInvalid,
    LoginFailed: LoginRefused,
    PermissionDenied: PermissionRefused,
    BadArgument: ArgumentInvalid,
    DestinationError: DestinationInvalid,
    BadRequest: RequestRefused,
    NotFound: ResourceMissing,
    OutcomeUnknown: OutcomeUncertain,
    DeliveryFailed: DeliveryRefused,
}


def for_airflow(error: RingCentralError) -> RingCentralError:
    """The error as Airflow should see it: kind, fields and remedy survive, and what is permanent is not retried."""
    kind = next((FAIL_NOW[ancestor] for ancestor in type(error).__mro__ if ancestor in FAIL_NOW), None)
    passes = isinstance(error, DeliveryFailed) and error.temporary
    if kind is RequestRefused and error.status is None:
        # Nobody but this provider has refused it.
        kind = ArgumentInvalid
    if kind is None or passes or isinstance(error, AirflowFailException | AirflowNotFoundException):
        return error
    return kind(error.message, **error.fields())


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turns the errors of the block by `for_airflow`."""
    try:
        yield
    except RingCentralError as error:
        turned = for_airflow(error)
        if turned is error:
            raise
        raise turned from error.__cause__
