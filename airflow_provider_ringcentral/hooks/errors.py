"""Errors as Airflow should see them: those that a retry cannot cure fail the task at once, whatever its `retries`."""

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
from airflow_provider_ringcentral.warehouse.errors import WarehouseError


class ConnectionInvalid(ConfigurationError, AirflowFailException):
    """`ConfigurationError` that Airflow does not retry."""


class LoginRefused(LoginFailed, AirflowFailException):
    """`LoginFailed` that Airflow does not retry."""


class PermissionRefused(PermissionDenied, AirflowFailException):
    """`PermissionDenied` that Airflow does not retry."""


class RequestRefused(BadRequest, AirflowFailException):
    """`BadRequest` that Airflow does not retry."""


class ArgumentInvalid(BadArgument, AirflowFailException):
    """`BadArgument` that Airflow does not retry: an argument of the DAG is wrong, and nothing was sent."""


class DestinationInvalid(DestinationError, AirflowFailException):
    """`DestinationError` that Airflow does not retry."""


class WarehouseInvalid(WarehouseError, AirflowFailException):
    """`WarehouseError` that Airflow does not retry: the database cannot take the files as it is."""


class ResourceMissing(NotFound, AirflowFailException):
    """`NotFound` that Airflow does not retry."""


class OutcomeUncertain(OutcomeUnknown, AirflowFailException):
    """`OutcomeUnknown` that Airflow does not retry: a retry could send twice."""


class DeliveryRefused(DeliveryFailed, AirflowFailException):
    """`DeliveryFailed` that Airflow does not retry: carriers penalize repeated sends."""


FAIL_NOW: dict[type[RingCentralError], type[RingCentralError]] = {
    ConfigurationError: ConnectionInvalid,
    LoginFailed: LoginRefused,
    PermissionDenied: PermissionRefused,
    BadArgument: ArgumentInvalid,
    DestinationError: DestinationInvalid,
    WarehouseError: WarehouseInvalid,
    BadRequest: RequestRefused,
    NotFound: ResourceMissing,
    OutcomeUnknown: OutcomeUncertain,
    DeliveryFailed: DeliveryRefused,
}


def for_airflow(error: RingCentralError) -> RingCentralError:
    """Return the error as Airflow should see it: of the same kind, with the same fields and remedy.

    An error that a retry cannot cure becomes an `AirflowFailException` as well.
    """
    kind = next((FAIL_NOW[ancestor] for ancestor in type(error).__mro__ if ancestor in FAIL_NOW), None)
    temporary = isinstance(error, DeliveryFailed) and error.temporary
    if kind is RequestRefused and error.status is None:
        # Without a status it was not RingCentral that refused the request, but this provider.
        kind = ArgumentInvalid
    if kind is None or temporary or isinstance(error, AirflowFailException | AirflowNotFoundException):
        return error
    return kind(error.message, **error.fields())


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Raise the errors of the block as `for_airflow` returns them."""
    try:
        yield
    except RingCentralError as error:
        turned = for_airflow(error)
        if turned is error:
            raise
        raise turned from error.__cause__
