"""Who gets a message and who sends it, from an operator's arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.operators.flag import flag_of
from airflow_provider_ringcentral.sending.recipients import Recipient, one_group, recipients
from airflow_provider_ringcentral.sending.senders import MMS, SMS, sender
from airflow_provider_ringcentral.sending.text import checked_number

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient


def addressees(log: Any, to: Any, check: Callable[[str, Any], Any], *, group: Any) -> list[Recipient]:
    """Everybody of `to` once, as recipients of a message each, or with `group` of one; addresses are tuples."""
    everybody = recipients(to, check)
    twice = [f"to[{place}]" for one in everybody for place in one.places[1:]]
    if twice:
        log.warning("%s: named before in to, and sent one message only.", ", ".join(twice))
    if flag_of("group", group):
        return [one_group(everybody)]
    return [Recipient((one.address,), one.places) for one in everybody]


def phones(
    log: Any, client: RingCentralClient, to: Any, from_number: str | None, *, group: Any, media: bool = False
) -> tuple[Callable[[], str], list[Recipient]]:
    """The number to send from, looked up when it is first asked for, and who gets a message each."""
    from airflow_provider_ringcentral.hooks.settings import log_personal_data

    everybody = addressees(log, to, checked_number, group=group)
    needs = MMS if media or len(everybody[0].address) > 1 else SMS
    return cache(lambda: sender(client, from_number, needs, show_numbers=log_personal_data())), everybody
