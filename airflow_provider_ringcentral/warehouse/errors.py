"""What can go wrong between a file and a database, told without a value of any row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.errors import ConfigurationError, RingCentralError
from airflow_provider_ringcentral.client.errors.remedy import PLATFORM_TEAM, Remedy
from airflow_provider_ringcentral.warehouse.dialects.problems import problem_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class WarehouseError(ConfigurationError):
    """The database or a table in it cannot take calls as it is: trying again cannot help."""


class LoadFailed(RingCentralError):
    """The database broke off a load; nothing of the file is in the tables, and trying again may help."""


_MYSQL_WITHOUT_VALUES = frozenset(
    map(
        str,
        [
            *(1021, *range(1040, 1048), 1049, 1053, 1114, 1129, 1130, 1142, 1143, 1146, 1153, 1203, 1205, 1213, 1227),
            *(1290, 1370, 1698, 1792, 1836, 1862, *range(2000, 2100)),
        ],
    )
)
"""About connections, rights, tables, locks and space."""

_ABOUT_ROWS = ("22", "23", "54")
"""Classes of SQLSTATE: a value out of range, a constraint, a value too large or too deep."""

_REFUSED_ROW = Remedy(
    "A constraint, a trigger or a column's type in the tables refuses it. Tables that a load made have none that do.",
    "Drop or change what the database's log names, or load into other tables (`table_prefix`).",
    PLATFORM_TEAM,
)


def database_errors(engine: Engine) -> tuple[type[Exception], ...]:
    """What SQLAlchemy and the engine's driver raise."""
    from sqlalchemy.exc import SQLAlchemyError

    driver_error: type[Exception] = getattr(getattr(engine.dialect, "dbapi", None), "Error", SQLAlchemyError)
    return SQLAlchemyError, driver_error


def is_about_a_row(engine: Engine, error: Exception) -> bool:
    """Whether a value of a row is what the database refuses, so that it would refuse it again."""
    cause = _cause(error)
    code, kinds = _code(cause), {ancestor.__name__ for ancestor in type(cause).__mro__}
    if isinstance(cause, UnicodeError):
        return True
    if _is_mysql(engine):
        return bool(code) and code not in _MYSQL_WITHOUT_VALUES and "ProgrammingError" not in kinds
    return code[:2] in _ABOUT_ROWS if code else bool(kinds & {"DataError", "IntegrityError"})


def kind_of(error: Exception) -> str:
    """The error's class and code: what can be told of any error."""
    cause = _cause(error)
    code = _code(cause)
    return f"{type(cause).__name__}, code {code}" if code else type(cause).__name__


@contextmanager
def sql_errors(engine: Engine) -> Iterator[None]:
    """Turns what SQLAlchemy and the driver raise into `LoadFailed` or, where trying again is no use, `WarehouseError`.

    A database quotes values in its messages, and drivers whole statements: only messages about connections, locks,
    space and rights are passed on, and the original is not chained, since Airflow would log it.
    """
    try:
        yield
    except database_errors(engine) as error:
        raise _told(engine, error) from None


def _told(engine: Engine, error: Exception) -> RingCentralError:
    cause = _cause(error)
    kinds = {ancestor.__name__ for ancestor in type(cause).__mro__}
    # Drivers take secrets in a URL's query, too.
    where = f"The database at {engine.url.set(query={}).render_as_string(hide_password=True)}"
    if is_about_a_row(engine, error):
        return WarehouseError(
            f"{where} refused a row of the file ({kind_of(error)}{_names(cause)}). Its message is left out, for it may "
            "quote the row.",
            remedy=_REFUSED_ROW,
        )
    problem = problem_of(_code(cause), _first_line(cause))
    if problem is not None:
        kind = LoadFailed if problem.passes else WarehouseError
        return kind(f"{where} {problem.what} ({kind_of(error)}): {_first_line(cause)}", remedy=problem.remedy)
    # MySQL calls half of its errors operational, also some that quote values.
    if "OperationalError" in kinds and (not _is_mysql(engine) or _code(cause) in _MYSQL_WITHOUT_VALUES):
        return LoadFailed(f"{where} did not take the file ({kind_of(error)}): {_first_line(cause)}")
    if "ProgrammingError" in kinds and engine.dialect.name == "postgresql":
        return WarehouseError(f"{where} refused a statement ({kind_of(error)}): {_first_line(cause)}")
    return LoadFailed(
        f"{where} refused the file ({kind_of(error)}). Its message is left out, for it may quote rows; the database's "
        "own log may have it."
    )


def _cause(error: Exception) -> Any:
    return getattr(error, "orig", None) or error


def _is_mysql(engine: Engine) -> bool:
    return engine.dialect.name in ("mysql", "mariadb")


def _code(cause: Any) -> str:
    """The number of an error of MySQL, the SQLSTATE of others; empty when there is none."""
    number = cause.args[0] if getattr(cause, "args", None) else None
    state = getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None) or ""
    return str(number if isinstance(number, int) else state)


def _names(cause: Any) -> str:
    """The table, column and constraint that PostgreSQL names."""
    diag = getattr(cause, "diag", None)
    names = [(what, getattr(diag, f"{what}_name", None)) for what in ("table", "column", "constraint")]
    return "".join(f", {what} {name}" for what, name in names if name)


def _first_line(cause: Any) -> str:
    text = str(cause.args[-1] if cause.args else cause)
    return text.strip().split("\n", 1)[0]
