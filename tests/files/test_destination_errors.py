"""What is said of a destination that cannot be written: cause, cure, and whether a retry can help."""

from __future__ import annotations

import errno
import traceback

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from upath import UPath

from airflow_provider_ringcentral.client.errors.arguments import BadArgument, DestinationError, DestinationUnavailable
from airflow_provider_ringcentral.files.atomic import check_destination
from airflow_provider_ringcentral.files.destination_errors import destination_error, destination_errors

PLACE = "s3://calls/2026.ndjson"


@pytest.mark.parametrize(
    ("error", "kind", "cause", "cure"),
    [
        (PermissionError(errno.EACCES, "Access Denied"), DestinationError, "may not write there", "Allow writing"),
        (OSError(errno.EROFS, "Read-only file system"), DestinationError, "read-only", "Mount it"),
        (FileNotFoundError("The specified bucket does not exist"), DestinationError, "bucket", "Create it"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory"), DestinationError, "path is not valid", "Correct"),
        (OSError(errno.ENAMETOOLONG, "File name too long"), DestinationError, "too long", "Correct"),
        (NoCredentialsError(), DestinationError, "no credentials", "s3://CONN_ID@bucket"),
        (AirflowNotFoundException("conn_id `x` isn't defined"), DestinationError, "no credentials", "exists"),
        (ImportError("Install s3fs"), DestinationError, "No package", "apache-airflow-providers-amazon"),
        (EndpointConnectionError(endpoint_url="http://x"), DestinationUnavailable, "unreachable", "endpoint"),
        (TimeoutError("timed out"), DestinationUnavailable, "unreachable", "network"),
        (OSError(errno.ENOSPC, "No space left on device"), DestinationUnavailable, "full", "space"),
        (RuntimeError(), DestinationUnavailable, "did not answer", "retry"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_cause_and_cure(error, kind, cause, cure):
    found = destination_error(PLACE, error)
    assert type(found) is kind
    assert f"The destination {PLACE} cannot be written: {type(error).__name__}" in str(found)
    assert cause in found.remedy.cause
    assert cure in found.remedy.cure
    assert found.remedy.cure in str(found)


def test_the_words_of_a_store_are_cut():
    found = destination_error(PLACE, OSError("<html>\n" + "long " * 1000))
    assert len(found.message) < 400
    assert "\n" not in found.message


def test_our_own_errors_pass():
    with pytest.raises(BadArgument, match="mine"), destination_errors(PLACE):
        raise BadArgument("mine")


def test_a_few_lines_in_the_log(s3):
    with pytest.raises(DestinationError) as caught:
        check_destination(UPath("s3://nowhere/calls.csv", **s3))
    assert len("".join(traceback.format_exception(caught.value)).splitlines()) < 30
