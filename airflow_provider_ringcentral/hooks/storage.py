"""Where files go: any store that Airflow's ObjectStoragePath knows."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_ringcentral.extract.errors import DestinationError

if TYPE_CHECKING:
    from upath import UPath


def storage_path(url: Any, what: str = "destination") -> UPath:
    """`file:///data/calls.ndjson`, `s3://conn_id@bucket/key` or a local path as a path of its store.

    A `Path` will do as well, and an `ObjectStoragePath` stays as it is. `what` is how errors call it. Raises
    `DestinationError` for a scheme that no installed provider serves.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(url, PurePath) and not hasattr(type(url), "fs"):
        url = str(url)
    if not url or not (isinstance(url, str) or hasattr(type(url), "fs")):
        raise DestinationError(f"The {what} is {url!r}; give a path or URL such as file:///data/calls.ndjson.")
    try:
        path = ObjectStoragePath(url) if isinstance(url, str) else url
        _ = path.fs
    except (ValueError, ImportError) as error:
        raise DestinationError(
            f"The {what} {url} cannot be used: {error}. Install the provider of that scheme (for s3:// "
            "apache-airflow-providers-amazon[s3fs], for gs:// apache-airflow-providers-google)."
        ) from error
    # Since universal_pathlib 0.3 it wraps a UPath without being one; what is used here (`fs`, `path`) is the same.
    return cast("UPath", path)
