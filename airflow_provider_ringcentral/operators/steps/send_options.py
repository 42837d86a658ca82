"""How an operator sends: its options, recipients, sender and files, each argument checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

from airflow.providers.common.compat.sdk import conf

from airflow_provider_ringcentral.arguments import is_unset, parse_bool, parse_choice, parse_seconds
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.once.send_once import ON_RERUN, ON_UNKNOWN
from airflow_provider_ringcentral.sending.phone_numbers import Recipient, one_group, parse_phone_number, recipients
from airflow_provider_ringcentral.sending.senders import MMS, SMS, sender
from airflow_provider_ringcentral.sending.status.status import WAIT_FOR

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient


class Sender(Protocol):
    """An operator that sends something once."""

    on_unknown: str
    on_rerun: str
    settling: Any


class WaitingSender(Sender, Protocol):
    """An operator that sends something once and waits for its status."""

    wait_for: str
    poll_interval: Any
    timeout: Any


@dataclass(frozen=True, slots=True)
class OnceOptions:
    """How to send once. Times are in seconds."""

    on_unknown: str
    on_rerun: str
    settling: float


@dataclass(frozen=True, slots=True)
class SendOptions(OnceOptions):
    """How to send once and to wait. Times are in seconds."""

    wait_for: str
    poll_interval: float
    timeout: float


def send_options(operator: WaitingSender, context: Mapping[str, Any]) -> SendOptions:
    """Return the options of an operator that waits. Raises `BadArgument` for an invalid or unsupported one."""
    once = once_options(operator, context)
    return SendOptions(
        on_unknown=once.on_unknown,
        on_rerun=once.on_rerun,
        settling=once.settling,
        wait_for=parse_choice("wait_for", operator.wait_for, WAIT_FOR),
        poll_interval=parse_seconds("poll_interval", operator.poll_interval),
        timeout=parse_seconds("timeout", operator.timeout),
    )


def once_options(operator: Sender, context: Mapping[str, Any]) -> OnceOptions:
    """Return the options of an operator that does not wait. Raises `BadArgument` for an invalid or unsupported one."""
    if operator.on_rerun == "skip" and not _keeps_state(context):
        raise BadArgument(
            "on_rerun='skip' needs the task state store of Airflow 3.3 or later, with [state_store] clear_on_success "
            "off; leave it out, and a task that is cleared after its success sends again.",
            parameter="on_rerun",
        )
    return OnceOptions(
        on_unknown=parse_choice("on_unknown", operator.on_unknown, ON_UNKNOWN),
        on_rerun=parse_choice("on_rerun", operator.on_rerun, ON_RERUN),
        settling=parse_seconds("settling", operator.settling),
    )


def _keeps_state(context: Mapping[str, Any]) -> bool:
    """Return whether the state of a task is kept after its success."""
    cleared = conf.getboolean("state_store", "clear_on_success", fallback=False)
    return context.get("task_state_store") is not None and not cleared


def message_recipients(log: Any, to: Any, check: Callable[[str, Any], Any], *, group: Any) -> list[Recipient]:
    """Return the recipients of each message: one for each distinct entry of `to`, or with `group` all in one."""
    everybody = recipients(to, check)
    repeated = [f"to[{position}]" for one in everybody for position in one.positions[1:]]
    if repeated:
        log.warning("%s: already in to; each recipient gets one message.", ", ".join(repeated))
    if parse_bool("group", group):
        return [one_group(everybody)]
    return [Recipient((one.address,), one.positions) for one in everybody]


def sender_and_recipients(
    log: Any, client: RingCentralClient, to: Any, from_number: str | None, *, group: Any, media: bool = False
) -> tuple[Callable[[], str], list[Recipient]]:
    """Return a function that looks up the number to send from, and the recipients of each message."""
    from airflow_provider_ringcentral.hooks.settings import log_personal_data

    everybody = message_recipients(log, to, parse_phone_number, group=group)
    needs = MMS if media or len(everybody[0].address) > 1 else SMS
    return cache(lambda: sender(client, from_number, needs, show_numbers=log_personal_data())), everybody


def paths_as_texts(value: Any) -> Any:
    """Return the value with every `Path` as text: Airflow does not render templates in a `Path`."""
    if isinstance(value, PurePath) and not hasattr(type(value), "fs"):
        return str(value)
    if isinstance(value, list | tuple):
        return [paths_as_texts(one) for one in value]
    return value


def file_list(name: str, value: Any) -> list[Any]:
    """Return one or several files as a list, empty for None and an empty text. Raises `BadArgument`."""
    from airflow_provider_ringcentral.sending.text import LIST_AS_TEXT, is_list_as_text

    if is_unset(value):
        return []
    if isinstance(value, str) and is_list_as_text(value):
        raise BadArgument(f"{name} is not a path: {LIST_AS_TEXT}.", parameter=name)
    several = isinstance(value, Sequence) and not isinstance(value, str | Mapping)
    return list(value) if several else [value]
