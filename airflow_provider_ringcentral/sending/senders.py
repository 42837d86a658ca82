"""The number that a message is sent from: one of those of the JWT's user that can send it."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.arguments import is_unset
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_EXTENSION_PHONE_NUMBERS
from airflow_provider_ringcentral.client.errors import PermissionDenied
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

log = logging.getLogger(__name__)

SMS = frozenset({"SmsSender"})
MMS = frozenset({"SmsSender", "MmsSender"})
"""Features of a number that may send texts, and files or messages to groups, which are MMS."""

NAME = "from_number"


def sender(
    client: RingCentralClient,
    number: str | None,
    features: AbstractSet[str],
    *,
    show_numbers: bool = False,
    any_of_several: bool = False,
) -> str:
    """Return the number to send from: `number` if it is one of the user's and has all `features`.

    If it is unset: the Connection's `from_number` if that has them, else the only number that has them (with
    `any_of_several` the first). Sends one Light request (operationId listExtensionPhoneNumbers); without the app scope
    ReadAccounts, a given number is not checked, and a log line says so. Raises `BadArgument`, which lists the numbers
    that can send by their last four digits, or in full with `show_numbers`.
    """
    wanted = None if number is None or is_unset(number) else parse_phone_number(NAME, number)
    default = client.credentials.from_number
    try:
        own_numbers = _own_numbers(client)
    except PermissionDenied as error:
        if wanted is None and default is None:
            raise BadArgument(
                f"from_number is not given, and the user's numbers cannot be read ({error.message}). Give from_number, "
                "or add the scope ReadAccounts to the app.",
                parameter=NAME,
            ) from error
        log.info("from_number was not checked: the app or the user may not read phone numbers.")
        return wanted or str(default)
    able = [own for own, has in own_numbers.items() if features <= has]
    needed = " and ".join(sorted(features, reverse=True))
    listed = ", ".join(own if show_numbers else f"…{own[-4:]}" for own in able)
    choice = f"Numbers of this JWT's user that can: {listed}." if able else _no_number(needed)
    candidate = default if wanted is None else wanted
    if candidate is not None and candidate not in own_numbers:
        where = "from_number of the Connection" if wanted is None else NAME
        raise BadArgument(f"{where} is not a number of this JWT's user. {choice}", parameter=NAME)
    if candidate in able:
        return str(candidate)
    if wanted is not None:
        missing = " and ".join(sorted(features - own_numbers[wanted]))
        raise BadArgument(f"from_number cannot send: it lacks {missing}. {choice}", parameter=NAME)
    if len(able) == 1 or (able and any_of_several):
        return able[0]
    choice += " Give one as from_number, or as Default sender in the Connection." if able else ""
    raise BadArgument(f"{NAME} is not given, and {len(able)} numbers can send ({needed}). {choice}", parameter=NAME)


def _own_numbers(client: RingCentralClient) -> dict[str, set[str]]:
    """The user's numbers with their features; RingCentral may list a number twice."""
    found: dict[str, set[str]] = {}
    for record in client.records(LIST_EXTENSION_PHONE_NUMBERS.at(accountId=OWN, extensionId=OWN)):
        number = str(record.get("phoneNumber") or "")
        if number:
            found.setdefault(number, set()).update(record.get("features") or ())
    return found


def _no_number(needed: str) -> str:
    return (
        f"No number of this JWT's user has {needed}: an administrator assigns one in the Admin Portal → "
        "Phone System → Phone Numbers (in the US it has to be registered in a 10DLC campaign)."
    )
