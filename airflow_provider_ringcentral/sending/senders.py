"""From which of the JWT's own numbers messages can be sent."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.arguments import is_unset
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_EXTENSION_PHONE_NUMBERS
from airflow_provider_ringcentral.client.errors import PermissionDenied
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.text import checked_number

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

log = logging.getLogger(__name__)

SMS = frozenset({"SmsSender"})
MMS = frozenset({"SmsSender", "MmsSender"})
"""Features of a number for texts; and for files and groups, which are MMS (FACTS 7.1, 7.2)."""

NAME = "from_number"


def sender(
    client: RingCentralClient,
    number: str | None,
    needs: AbstractSet[str],
    *,
    show_numbers: bool = False,
    any_of_several: bool = False,
) -> str:
    """The number to send from: `number` when it is one of the user's and has all features that `needs` names.

    None: the Connection's `from_number` when it has them, else the only one that has (with `any_of_several` the first
    of them). One Light request (listExtensionPhoneNumbers). Without the app scope ReadAccounts a given number goes
    unchecked, with a line in the log. Raises `BadArgument` naming the numbers that can send, by their last four digits
    unless `show_numbers`.
    """
    given = None if number is None or is_unset(number) else checked_number(NAME, number)
    default = client.credentials.from_number
    try:
        features = _features(client)
    except PermissionDenied as error:
        if given is None and default is None:
            raise BadArgument(
                f"from_number is not given, and the numbers to choose from cannot be read ({error.message}). Give "
                "from_number, or the app the scope ReadAccounts.",
                parameter=NAME,
            ) from error
        log.info("Whether from_number can send was not checked: the app or the user may not read phone numbers.")
        return given or str(default)
    able = [own for own, has in features.items() if needs <= has]
    needed = " and ".join(sorted(needs, reverse=True))
    listed = ", ".join(own if show_numbers else f"…{own[-4:]}" for own in able)
    choice = f"Numbers of this JWT's user that can: {listed}." if able else _no_number(needed)
    if given is None and default in able:
        return str(default)
    if given is None and default is not None and default not in features:
        raise BadArgument(f"from_number of the Connection is no number of this JWT's user. {choice}", parameter=NAME)
    if given is None:
        if len(able) == 1 or (able and any_of_several):
            return able[0]
        many = (
            f"from_number is not given, and {len(able)} numbers can send ({needed}). {choice} Name one as from_number, "
            "or as Default sender in the Connection."
        )
        raise BadArgument(many if able else f"from_number is not given. {choice}", parameter=NAME)
    if given not in features:
        raise BadArgument(f"from_number is no number of this JWT's user. {choice}", parameter=NAME)
    if given not in able:
        raise BadArgument(
            f"from_number cannot send: it lacks {' and '.join(sorted(needs - features[given]))}. {choice}",
            parameter=NAME,
        )
    return given


def _features(client: RingCentralClient) -> dict[str, set[str]]:
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
