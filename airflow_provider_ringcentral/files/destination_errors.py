"""Why a destination cannot be written: cause, cure, and whether trying again can help."""

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
    "There are no credentials for the store, or they are not complete.",
    "Name an Airflow Connection of the store in the destination, such as s3://CONN_ID@bucket/key, and see that it "
    "exists.",
    PLATFORM_TEAM,
)
_FORBIDDEN: Final = Remedy(
    "The user of the worker, or the credentials of the store, may not write there.",
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
    "The bucket or container is not there, or a folder above is not and cannot be made.",
    "Create it, or correct its name in the destination.",
    PLATFORM_TEAM,
)
_NO_PLACE: Final = Remedy(
    "This is no place for a file: a part of the path is a file, or the name is too long or not allowed.",
    "Correct the destination.",
    DAG_AUTHOR,
)
_UNREACHABLE: Final = Remedy(
    "The store did not answer as it should; it may be out of reach from the worker, overloaded, or full.",
    "Check its endpoint in the store's Connection, the network of the worker, and the space that is left. A retry "
    "writes anew.",
    PLATFORM_TEAM,
)

_BY_CLASS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Remedy], ...]] = (
    (ImportError, _PACKAGE),
    (PermissionError, _FORBIDDEN),
    (FileNotFoundError, _MISSING),
    ((NotADirectoryError, IsADirectoryError, FileExistsError, ValueError), _NO_PLACE),
)
_BY_NUMBER: Final = {errno.EROFS: _READ_ONLY, errno.ENAMETOOLONG: _NO_PLACE, errno.ELOOP: _NO_PLACE}
_TOLD_LENGTH = 300


def destination_error(
    path: Any, error: Exception, what: str = "destination", verb: str = "written"
) -> RingCentralError:
    """The error for a destination that answered a try to write with `error`.

    `DestinationError` when trying again cannot help, else `DestinationUnavailable`. Its text names the class and the
    first words of `error`; clients of stores raise through hundreds of lines, so it is best raised `from None`.
    """
    remedy = _lasting(error)
    said = " ".join(str(error).split())[:_TOLD_LENGTH].rstrip(".")
    text = f"The {what} {path} cannot be {verb}: {type(error).__name__}{': ' if said else ''}{said}"
    kind = DestinationUnavailable if remedy is None else DestinationError
    return kind(text, remedy=remedy or _UNREACHABLE)


@contextmanager
def destination_errors(path: Any) -> Iterator[None]:
    """Around tries to write to `path`: whatever its store raises becomes `destination_error`."""
    try:
        yield
    except RingCentralError:
        raise
    except Exception as error:  # noqa: BLE001 - every store has errors of its own
        raise destination_error(path, error) from None


def _lasting(error: Exception) -> Remedy | None:
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    for kinds, remedy in _BY_CLASS:
        if isinstance(error, kinds):
            return remedy
    # Those of the stores' clients, which are not imported here, and Airflow's for a Connection that is not defined.
    name = type(error).__name__
    return _CREDENTIALS if "Credential" in name or name in ("AirflowNotFoundException", "ProfileNotFound") else None
