"""Errors of destinations that cannot be written: cause, remedy, and whether a retry may help."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.client.errors.arguments import DestinationError, DestinationUnavailable
from airflow_provider_ringcentral.client.errors.remedy import DAG_AUTHOR, PLATFORM_TEAM, Remedy

_PACKAGE: Final = Remedy(
    "No package serves this kind of destination.",
    "Install the provider of its scheme: for s3:// apache-airflow-providers-amazon[s3fs], for gs:// "
    "apache-airflow-providers-google.",
    PLATFORM_TEAM,
)
_CREDENTIALS: Final = Remedy(
    "The store has no credentials, or they are incomplete.",
    "Name an Airflow Connection of the store in the destination, such as s3://CONN_ID@bucket/key, and check that it "
    "exists.",
    PLATFORM_TEAM,
)
_FORBIDDEN: Final = Remedy(
    "The worker's user, or the store's credentials, may not write there.",
    "Allow writing (on a disk chown or chmod the folder, in a store allow putting objects), or name another "
    "destination.",
    PLATFORM_TEAM,
)
_READ_ONLY: Final = Remedy(
    "The file system there is mounted read-only.",
    "Mount it for writing, or name another destination.",
    PLATFORM_TEAM,
)
_MISSING: Final = Remedy(
    "The bucket or container does not exist, or a parent folder does not exist and cannot be made.",
    "Create it, or correct its name in the destination.",
    PLATFORM_TEAM,
)
_INVALID_PATH: Final = Remedy(
    "The path is not valid: a component of it is a file, or a name is too long or not allowed.",
    "Correct the destination.",
    DAG_AUTHOR,
)
_UNREACHABLE: Final = Remedy(
    "The store did not answer as expected; it may be unreachable from the worker, overloaded, or full.",
    "Check the endpoint in the store's Connection, the worker's network, and the free space. A retry writes the file "
    "again.",
    PLATFORM_TEAM,
)

_BY_CLASS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Remedy], ...]] = (
    (ImportError, _PACKAGE),
    (PermissionError, _FORBIDDEN),
    (FileNotFoundError, _MISSING),
    ((NotADirectoryError, IsADirectoryError, FileExistsError, ValueError), _INVALID_PATH),
)
_BY_NUMBER: Final = {errno.EROFS: _READ_ONLY, errno.ENAMETOOLONG: _INVALID_PATH, errno.ELOOP: _INVALID_PATH}
_MESSAGE_LENGTH = 300


def destination_error(
    path: Any, error: Exception, what: str = "destination", verb: str = "written"
) -> RingCentralError:
    """Return the error for a destination whose store raised `error`.

    It is a `DestinationError` when a retry cannot help, else a `DestinationUnavailable`. Its message has the class of
    `error` and the beginning of its text. Raise it `from None`: the tracebacks of stores' clients have hundreds of
    lines.
    """
    remedy = _permanent_cause(error)
    detail = " ".join(str(error).split())[:_MESSAGE_LENGTH].rstrip(".")
    text = f"The {what} {path} cannot be {verb}: {type(error).__name__}{': ' if detail else ''}{detail}"
    kind = DestinationUnavailable if remedy is None else DestinationError
    return kind(text, remedy=remedy or _UNREACHABLE)


@contextmanager
def destination_errors(path: Any) -> Iterator[None]:
    """Replace what the store of `path` raises inside the block by a `destination_error`."""
    try:
        yield
    except RingCentralError:
        raise
    except Exception as error:  # noqa: BLE001 - every store has errors of its own
        raise destination_error(path, error) from None


def _permanent_cause(error: Exception) -> Remedy | None:
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    for kinds, remedy in _BY_CLASS:
        if isinstance(error, kinds):
            return remedy
    # By name: classes of stores' clients, which are not imported here, and Airflow's for an undefined Connection.
    name = type(error).__name__
    return _CREDENTIALS if "Credential" in name or name in ("AirflowNotFoundException", "ProfileNotFound") else None
