"""Errors of loading a file into a database. Their messages never hold a value of a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.errors import ConfigurationError, RingCentralError
from airflow_provider_ringcentral.client.errors.remedy import PLATFORM_TEAM, Remedy

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class WarehouseError(ConfigurationError):
    """The database or one of its tables cannot take calls as it is. A retry does not help."""


class LoadFailed(RingCentralError):
    """The database aborted a load. Nothing of the file is in the tables, and a retry may help."""


_MYSQL_WITHOUT_VALUES = frozenset(
    map(
        str,
        [
            *(1021, *range(1040, 1048), 1049, 1053, 1114, 1129, 1130, 1142, 1143, 1146, 1153, 1203, 1205, 1213, 1227),
            *(1290, 1370, 1698, 1792, 1836, 1862, *range(2000, 2100)),
        ],
    )
)
"""MySQL errors about connections, privileges, tables, locks and space: their messages quote no row."""

_ABOUT_ROWS = ("22", "23", "54")
"""SQLSTATE classes of errors that a row causes: data exception, constraint violation, program limit exceeded."""

_REFUSED_ROW = Remedy(
    "A constraint, a trigger or a column type that was added to the tables rejects it.",
    "Drop or change what the database's log names, or load into other tables (`table_prefix`).",
    PLATFORM_TEAM,
)


def database_errors(engine: Engine) -> tuple[type[Exception], ...]:
    """Return the exceptions that SQLAlchemy and the engine's driver raise."""
    from sqlalchemy.exc import SQLAlchemyError

    driver_error: type[Exception] = getattr(getattr(engine.dialect, "dbapi", None), "Error", SQLAlchemyError)
    return SQLAlchemyError, driver_error


def is_about_a_row(engine: Engine, error: Exception) -> bool:
    """Return whether the database rejected a value of a row, which it would reject again."""
    cause = _cause(error)
    code, kinds = _code(cause), {ancestor.__name__ for ancestor in type(cause).__mro__}
    if isinstance(cause, UnicodeError):
        return True
    if _is_mysql(engine):
        return bool(code) and code not in _MYSQL_WITHOUT_VALUES and "ProgrammingError" not in kinds
    return code[:2] in _ABOUT_ROWS if code else bool(kinds & {"DataError", "IntegrityError"})


def kind_of(error: Exception) -> str:
    """Return the error's class and code, which are safe to log."""
    cause = _cause(error)
    code = _code(cause)
    return f"{type(cause).__name__}, code {code}" if code else type(cause).__name__


@contextmanager
def sql_errors(engine: Engine) -> Iterator[None]:
    """Turn errors of SQLAlchemy and the driver into `LoadFailed` or, where a retry does not help, `WarehouseError`.

    Databases quote values in their messages, and drivers quote whole statements. So only messages about connections,
    locks, space and privileges are kept, and the original error is not chained, because Airflow would log it.
    """
    try:
        yield
    except database_errors(engine) as error:
        raise _converted(engine, error) from None


def _converted(engine: Engine, error: Exception) -> RingCentralError:
    cause = _cause(error)
    kinds = {ancestor.__name__ for ancestor in type(cause).__mro__}
    # Drivers take secrets in a URL's query, too.
    where = f"The database at {engine.url.set(query={}).render_as_string(hide_password=True)}"
    if is_about_a_row(engine, error):
        return WarehouseError(
            f"{where} refused a row of the file ({kind_of(error)}{_names(cause)}). Its message is omitted because it "
            "may quote the row.",
            remedy=_REFUSED_ROW,
        )
    from airflow_provider_ringcentral.warehouse.dialects.problems import problem_of

    problem = problem_of(_code(cause), _first_line(cause))
    if problem is not None:
        kind = LoadFailed if problem.temporary else WarehouseError
        return kind(f"{where} {problem.what} ({kind_of(error)}): {_first_line(cause)}", remedy=problem)
    # MySQL drivers raise OperationalError also for errors whose messages quote values.
    if "OperationalError" in kinds and (not _is_mysql(engine) or _code(cause) in _MYSQL_WITHOUT_VALUES):
        return LoadFailed(f"{where} aborted the load ({kind_of(error)}): {_first_line(cause)}")
    if "ProgrammingError" in kinds and engine.dialect.name == "postgresql":
        return WarehouseError(f"{where} refused a statement ({kind_of(error)}): {_first_line(cause)}")
    return LoadFailed(
        f"{where} refused the file ({kind_of(error)}). Its message is omitted because it may quote rows; look in "
        "the database's own log."
    )


def _cause(error: Exception) -> Any:
    return getattr(error, "orig", None) or error


def _is_mysql(engine: Engine) -> bool:
    return engine.dialect.name in ("mysql", "mariadb")


def _code(cause: Any) -> str:
    """Return the MySQL error number or the SQLSTATE, empty when the error has neither."""
    number = cause.args[0] if getattr(cause, "args", None) else None
    state = getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None) or ""
    return str(number if isinstance(number, int) else state)


def _names(cause: Any) -> str:
    """Return the table, column and constraint that PostgreSQL names."""
    diag = getattr(cause, "diag", None)
    names = [(what, getattr(diag, f"{what}_name", None)) for what in ("table", "column", "constraint")]
    return "".join(f", {what} {name}" for what, name in names if name)


def _first_line(cause: Any) -> str:
    text = str(cause.args[-1] if cause.args else cause)
    return text.strip().split("\n", 1)[0]
