"""RingCentral's error codes, each with its cause, its cure and who can apply it.

The tables are data. Codes and meanings come from RingCentral's guide page "Error codes" and from the per-operation
error lists of its OpenAPI files; the wording is ours. RingCentral localises its messages: nothing here looks at one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType

from airflow_provider_ringcentral.client.errors.remedies import access, availability, login, messages, subscriptions
from airflow_provider_ringcentral.client.errors.remedies import requests as parameters
from airflow_provider_ringcentral.client.errors.remedies.login import login_remedy
from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    WHO,
    Remedy,
)

__all__ = [
    "ADMIN_PORTAL",
    "CONNECTION",
    "DAG_AUTHOR",
    "DEVELOPER_CONSOLE",
    "PLATFORM_TEAM",
    "REMEDIES",
    "RINGCENTRAL_SUPPORT",
    "WHO",
    "Remedy",
    "login_remedy",
    "remedy_for",
]

REMEDIES: Mapping[str, Remedy] = MappingProxyType(
    {
        **login.ROWS,
        **access.ROWS,
        **parameters.ROWS,
        **messages.ROWS,
        **subscriptions.ROWS,
        **availability.ROWS,
    }
)
"""Code -> remedy. Keys are numbered codes ("CMN-401"), symbolic codes ("TokenInvalid") and OAuth `error` words."""


def remedy_for(
    codes: Iterable[str],
    *,
    status: int | None = None,
    parameter: str | None = None,
    permission: str | None = None,
) -> Remedy | None:
    """The remedy of one answer, with all names filled in; None when neither a code nor the status says anything.

    `codes` are all codes the answer carried, most specific first. A numbered one wins over a word wherever it stands,
    because one word ("InsufficientPermissions") covers several different faults. `status` counts only when no code has
    a row. `parameter` and `permission` are the answer's `parameterName` and `permissionName`.
    """
    known = [code for code in codes if code in REMEDIES]
    numbered = (code for code in known if _is_numbered(code))
    code = next(chain(numbered, known), None)
    row = REMEDIES[code] if code is not None else _by_status(status)
    where = access.IN_THE_PORTAL.get(permission or "")
    return None if row is None else row.filled(parameter=parameter, permission=permission, where=where)


def _is_numbered(code: str) -> bool:
    prefix, dash, number = code.partition("-")
    return bool(dash) and prefix.isalpha() and number.isdigit()


def _by_status(status: int | None) -> Remedy | None:
    if status is None:
        return None
    return availability.SERVER_ERROR if status >= 500 else availability.BY_STATUS.get(status)
