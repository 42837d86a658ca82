"""What can go wrong between a file and a database, told without a value of any row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.errors import ConfigurationError, RingCentralError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class WarehouseError(ConfigurationError):
    """The database or a table in it cannot take calls as it is: trying again cannot help."""


class LoadFailed(RingCentralError):
    """The database broke off a load; nothing of the file is in the tables, and trying again may help."""


_MYSQL_WITHOUT_VALUES = frozenset(
    map(str, (1021, *range(1040, 1050), 1114, 1129, 1130, 1142, 1143, 1146, 1205, 1213, *range(2000, 2100)))
)
"""About connections, rights, tables, locks and space."""


@contextmanager
def sql_errors(engine: Engine) -> Iterator[None]:
    """Turns what SQLAlchemy and the driver raise into `LoadFailed` or, where trying again is no use, `WarehouseError`.

    A database quotes values in its messages, and drivers whole statements: only messages about connections, locks,
    space and rights are passed on, and the original is not chained, since Airflow would log it.
    """
    from sqlalchemy.exc import SQLAlchemyError

    driver_error: type[Exception] = getattr(getattr(engine.dialect, "dbapi", None), "Error", SQLAlchemyError)
    try:
        yield
    except (SQLAlchemyError, driver_error) as error:
        raise _told(engine, error) from None


def _told(engine: Engine, error: Exception) -> RingCentralError:
    cause: Any = getattr(error, "orig", None) or error
    code = _code(cause)
    kind = f"{type(cause).__name__}, code {code}" if code else type(cause).__name__
    # Drivers take secrets in a URL's query, too.
    where = f"The database at {engine.url.set(query={}).render_as_string(hide_password=True)}"
    kinds = {ancestor.__name__ for ancestor in type(cause).__mro__}
    # MySQL calls half of its errors operational, also some that quote values.
    if "OperationalError" in kinds and (not _is_mysql(engine) or code in _MYSQL_WITHOUT_VALUES):
        return LoadFailed(f"{where} did not take the file ({kind}): {_first_line(cause)}")
    if "ProgrammingError" in kinds and engine.dialect.name == "postgresql":
        return WarehouseError(f"{where} refused a statement ({kind}): {_first_line(cause)}")
    return LoadFailed(
        f"{where} refused the file ({kind}). Its message is left out, for it may quote rows; the database's own log "
        "may have it."
    )


def _is_mysql(engine: Engine) -> bool:
    return engine.dialect.name in ("mysql", "mariadb")


def _code(cause: Any) -> str:
    """The number of an error of MySQL, the SQLSTATE of others."""
    number = cause.args[0] if cause.args else None
    return str(number if isinstance(number, int) else getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", ""))


def _first_line(cause: Exception) -> str:
    text = str(cause.args[-1] if cause.args else cause)
    return text.strip().split("\n", 1)[0]
