"""Storage that Airflow's Connections lead to: files in any store of ObjectStoragePath, and SQL databases."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.files.destination_errors import destination_error

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from upath import UPath


def storage_path(url: Any, what: str = "destination") -> UPath:
    """Return the path in its store for `file:///data/calls.ndjson`, `s3://conn_id@bucket/key` or a local path.

    Also takes a `Path` or an `ObjectStoragePath`. `what` is its name in errors. Raises `DestinationError` when no
    installed provider serves the scheme, or its Connection is not defined.
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
        # fsspec does not know the scheme.
        raise destination_error(url, ImportError(str(error)), what, "used") from None
    except Exception as error:  # noqa: BLE001 - every store has errors of its own
        raise destination_error(url, error, what, "used") from None
    # Since universal_pathlib 0.3 it wraps a UPath instead of being one; `fs` and `path` work the same.
    return cast("UPath", path)


def file_path(url: Any, what: str = "destination") -> UPath:
    """As `storage_path`, for a file. Refuses a URL that ends in /: it names a folder, and a path drops the slash."""
    if isinstance(url, str) and url.rstrip().endswith("/"):
        raise DestinationError(
            f"The {what} {url} names a folder; name a file in it, such as {url.strip()}calls.ndjson."
        )
    return storage_path(url, what)


def sql_engine(sql_conn_id: str) -> Engine:
    """Return an SQLAlchemy engine for a Connection, from its own hook. Its errors do not show values of rows.

    Raises `ConfigurationError` when the Connection is unknown or is not of an SQL database, or a package is missing.
    """
    from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    hook = _hook(sql_conn_id)
    try:
        engine: Engine = hook.get_sqlalchemy_engine(engine_kwargs={"hide_parameters": True, "poolclass": NullPool})
    except (ImportError, NoSuchModuleError, AirflowOptionalProviderFeatureException) as error:
        raise ConfigurationError(
            f"The Connection {sql_conn_id} needs a driver that is not installed: {error}. Install the driver and the "
            "provider of its database, such as psycopg2-binary and apache-airflow-providers-postgres."
        ) from error
    except (ArgumentError, NotImplementedError) as error:
        raise ConfigurationError(
            f"The hook of the Connection {sql_conn_id} ({type(hook).__name__}) does not support SQLAlchemy. Use a "
            "Connection of a supported database."
        ) from error
    return engine


def _hook(sql_conn_id: str) -> Any:
    from airflow.providers.common.compat.sdk import AirflowException, BaseHook

    if not sql_conn_id or not isinstance(sql_conn_id, str):
        raise ConfigurationError(f"sql_conn_id is {sql_conn_id!r}; give the id of a database's Connection.")
    try:
        from airflow.providers.common.sql.hooks.sql import DbApiHook
    except ImportError as error:
        raise ConfigurationError(
            "Loading into tables needs apache-airflow-providers-common-sql, which every database provider brings."
        ) from error
    try:
        hook = BaseHook.get_hook(sql_conn_id)
    except (AirflowException, ImportError) as error:
        raise ConfigurationError(
            f"The Connection {sql_conn_id} cannot be used: {str(error).rstrip('.')}. Create it under Admin > "
            "Connections with the type of the database, whose provider must be installed, or correct sql_conn_id."
        ) from error
    if not isinstance(hook, DbApiHook):
        raise ConfigurationError(
            f"The Connection {sql_conn_id} is not of an SQL database: its hook {type(hook).__name__} is not a "
            "DbApiHook. Give sql_conn_id the id of a database's Connection."
        )
    return hook
