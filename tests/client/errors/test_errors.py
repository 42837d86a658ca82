"""Errors as JSON, for another process."""

from __future__ import annotations

import json

import pytest

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.client.errors import RingCentralError, error_of
from airflow_provider_ringcentral.client.errors.arguments import BadArgument, DestinationError
from airflow_provider_ringcentral.client.errors.remedy import Remedy
from airflow_provider_ringcentral.client.http.connection_errors import ResponseLost
from airflow_provider_ringcentral.hooks.errors import LoginRefused

FIELDS = {
    "status": 403,
    "codes": ("CMN-408", "CMN-401"),
    "request_id": "b1",
    "parameter": "view",
    "permission": "ReadCallLog",
    "retry_after": 12.5,
    "remedy": Remedy("It is missing.", "Add it.", "admin portal"),
}
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RingCentralError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_survives_json(kind):
    error = kind("said so", **FIELDS)
    back = error_of(json.loads(json.dumps(error.as_json())))

    assert type(back) is kind
    assert (str(back), back.fields()) == (str(error), error.fields())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LoginRefused("no"), errors.LoginFailed),
        (ResponseLost("no"), errors.Unavailable),
        (BadArgument("no"), errors.BadRequest),
        (DestinationError("no"), errors.ConfigurationError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_subclass_of_another_module_arrives_as_its_base_class(error, kind):
    assert type(error_of(error.as_json())) is kind


def test_an_unknown_kind_arrives_as_the_base_of_all_errors():
    assert type(error_of({"kind": "Other", "message": "x"})) is RingCentralError
