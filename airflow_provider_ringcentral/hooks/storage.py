"""Where files go: any store that Airflow's ObjectStoragePath knows."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.files.destination_failure import destination_failure

if TYPE_CHECKING:
    from upath import UPath


def storage_path(url: Any, what: str = "destination") -> UPath:
    """`file:///data/calls.ndjson`, `s3://conn_id@bucket/key` or a local path as a path of its store.

    A `Path` will do as well, and an `ObjectStoragePath` stays as it is. `what` is how errors call it. Raises
    `DestinationError` for a scheme that no installed provider serves and a Connection that is not defined.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(url, PurePath) and not hasattr(type(url), "fs"):
        url = str(url)
    if not url or not (isinstance(url, str) or hasattr(type(url), "fs")):
        raise DestinationError(f"The {what} is {url!r}; give a path or URL such as file:///data/calls.ndjson.")
    try:
        path = ObjectStoragePath(url) if isinstance(url, str) else url
        _ = path.fs
    except ValueError as error:
        # Of an unknown scheme.
        raise destination_failure(url, ImportError(str(error)), what, "used") from None
    except Exception as error:  # noqa: BLE001 - every store has errors of its own
        raise destination_failure(url, error, what, "used") from None
    # Since universal_pathlib 0.3 it wraps a UPath without being one; what is used here (`fs`, `path`) is the same.
    return cast("UPath", path)


def file_path(url: Any, what: str = "destination") -> UPath:
    """As `storage_path`, for a file: a name that ends in / is a folder's, and paths drop that sign of it."""
    if isinstance(url, str) and url.rstrip().endswith("/"):
        raise DestinationError(
            f"The {what} {url} names a folder; name a file in it, such as {url.strip()}calls.ndjson."
        )
    return storage_path(url, what)
