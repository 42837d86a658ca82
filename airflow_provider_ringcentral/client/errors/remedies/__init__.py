"""What an error code means: the tables of all codes, and the functions that look a code up.

Each table is a mapping of code -> `Remedy`, or a subclass with what that table needs besides. A new code is one row of
one table. The tables are imported by the first lookup: operators import this package, and most tasks never need one.
RingCentral translates its messages, so no lookup reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors.remedy import Remedy

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.errors.remedies.delivery import DeliveryRemedy

_NUMBERED = re.compile(r"[A-Za-z]+-\d+")
_SMS_CODE = re.compile(r"SMS-(?:RC|UP|CAR)-(\d{3})")


@cache
def tables() -> Mapping[str, Mapping[str, Remedy]]:
    """Return every table by its heading in the reference."""
    from airflow_provider_ringcentral.client.errors.remedies import access, delivery, login, messages, network, requests

    return {
        "Login": login.LOGIN,
        "Access": access.ACCESS,
        "Requests": requests.REQUESTS,
        "Answers without a known code": requests.STATUSES,
        "Messages that RingCentral refused": messages.MESSAGES,
        "Incoming webhooks": messages.WEBHOOK,
        "SMS and MMS that were not delivered": delivery.SMS,
        "Faxes that were not delivered": delivery.FAX,
        "RingOut calls that were not connected": delivery.RING_OUT,
        "Connections that failed": network.NETWORK,
    }


@cache
def answer_codes() -> Mapping[str, Remedy]:
    """Return the remedy of every code of an HTTP answer.

    The codes are numbered ("CMN-401"), words ("TokenInvalid"), or the `error` of OAuth ("invalid_grant").
    """
    from airflow_provider_ringcentral.client.errors.remedies import access, login, messages, requests

    return {**login.LOGIN, **access.ACCESS, **requests.REQUESTS, **messages.MESSAGES}


def remedy_for(
    codes: Collection[str],
    *,
    status: int | None = None,
    parameter: str | None = None,
    permission: str | None = None,
) -> Remedy | None:
    """Return the remedy of an HTTP answer with all names filled in; None when code and status are unknown.

    `codes` are all codes of the answer, the most specific first. A numbered code wins over a word wherever it stands,
    because a word ("InsufficientPermissions") covers several different faults. `status` counts only when no code has a
    row. `parameter` and `permission` are the answer's `parameterName` and `permissionName`.
    """
    from airflow_provider_ringcentral.client.errors.remedies.access import PORTAL_NAMES
    from airflow_provider_ringcentral.client.errors.remedies.requests import STATUSES

    known = answer_codes()
    numbered = (code for code in codes if _NUMBERED.fullmatch(code))
    row = next((known[code] for code in chain(numbered, codes) if code in known), None)
    if row is None and status is not None:
        row = STATUSES.get("5xx" if status >= 500 else str(status))
    portal_name = PORTAL_NAMES.get(permission or "")
    return row.filled(parameter=parameter, permission=permission, portal_name=portal_name) if row else None


def login_remedy(codes: Collection[str], status: int, remedy: Remedy | None) -> Remedy | None:
    """Return the remedy of a refused login; `remedy` is what `remedy_for` found.

    It differs in two cases. A login carries no access token, so a code about tokens is about the JWT. A status that the
    token endpoint does not use comes from another server.
    """
    from airflow_provider_ringcentral.client.errors.remedies import login

    if status not in login.REFUSAL_STATUSES:
        return login.NO_TOKEN_ENDPOINT
    return login.JWT_REFUSED if login.TOKEN_CODES & set(codes) else remedy


def delivery_remedy(code: str | None) -> DeliveryRemedy:
    """Return what a code of an undelivered message or fax means; `UNLISTED` for an absent or unknown code."""
    from airflow_provider_ringcentral.client.errors.remedies import delivery

    sms = _SMS_CODE.fullmatch((code or "").strip().upper())
    row = delivery.SMS.get(f"SMS-{sms[1]}") if sms else _row(delivery.FAX, code)
    return row or delivery.UNLISTED


def ring_out_remedy(status: str | None) -> DeliveryRemedy | None:
    """Return why a RingOut call with this status was not connected; None for a status that is not a failure."""
    from airflow_provider_ringcentral.client.errors.remedies.delivery import RING_OUT

    return _row(RING_OUT, status)


def _row(table: Mapping[str, DeliveryRemedy], code: str | None) -> DeliveryRemedy | None:
    """Return the row of a code, whose spaces and case do not matter: RingCentral spells some codes in several ways."""
    word = _word(code)
    return next((row for known, row in table.items() if _word(known) == word), None) if word else None


def _word(code: str | None) -> str:
    return "".join((code or "").split()).lower()
