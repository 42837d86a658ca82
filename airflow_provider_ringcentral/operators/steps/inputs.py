"""How a message shall be sent and waited for: the arguments all senders share, checked.

Who gets a message and who sends it, from an operator's arguments.

Files that an author names: one or several, as texts or as paths.

The guards of a window as operators have them: checked before the first request, told in the task's log.

The window of a run: what the DAG author said, else the run's data interval.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_ringcentral.arguments import (
    DurationArgument,
    TimeArgument,
    is_unset,
    parse_bool,
    parse_choice,
    parse_duration,
    parse_seconds,
    parse_time,
    to_utc,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.query import (
    check_future,
    check_retention,
)
from airflow_provider_ringcentral.sending.once.send_once import ON_RERUN, ON_UNKNOWN
from airflow_provider_ringcentral.sending.phone_numbers import Recipient, one_group, parse_phone_number, recipients
from airflow_provider_ringcentral.sending.senders import MMS, SMS, sender
from airflow_provider_ringcentral.sending.status.status import WAIT_FOR

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator


def message_recipients(log: Any, to: Any, check: Callable[[str, Any], Any], *, group: Any) -> list[Recipient]:
    """Everybody of `to` once, as recipients of a message each, or with `group` of one; addresses are tuples."""
    everybody = recipients(to, check)
    twice = [f"to[{place}]" for one in everybody for place in one.positions[1:]]
    if twice:
        log.warning("%s: named before in to, and sent one message only.", ", ".join(twice))
    if parse_bool("group", group):
        return [one_group(everybody)]
    return [Recipient((one.address,), one.positions) for one in everybody]


def sender_and_recipients(
    log: Any, client: RingCentralClient, to: Any, from_number: str | None, *, group: Any, media: bool = False
) -> tuple[Callable[[], str], list[Recipient]]:
    """The number to send from, looked up when it is first asked for, and who gets a message each."""
    from airflow_provider_ringcentral.hooks.settings import log_personal_data

    everybody = message_recipients(log, to, parse_phone_number, group=group)
    needs = MMS if media or len(everybody[0].address) > 1 else SMS
    return cache(lambda: sender(client, from_number, needs, show_numbers=log_personal_data())), everybody


def paths_as_texts(value: Any) -> Any:
    """The same with texts for every `Path`, whose braces Airflow would not render; what else there is stays."""
    if isinstance(value, PurePath) and not hasattr(type(value), "fs"):
        return str(value)
    if isinstance(value, list | tuple):
        return [paths_as_texts(one) for one in value]
    return value


def file_list(name: str, value: Any) -> list[Any]:
    """One or several files as a list; None and empty texts name none. Raises `BadArgument`."""
    from airflow_provider_ringcentral.sending.text import LIST_AS_TEXT, is_list_as_text

    if is_unset(value):
        return []
    if isinstance(value, str) and is_list_as_text(value):
        raise BadArgument(f"{name} is no path: {LIST_AS_TEXT}.", parameter=name)
    several = isinstance(value, Sequence) and not isinstance(value, str | Mapping)
    return list(value) if several else [value]


log = logging.getLogger(__name__)


def check_age(start: datetime, retention: DurationArgument, if_expired: str, *, name: str = "start") -> None:
    """Warn in the log, or raise `RetentionExceeded`, when `start` (aware) lies before what RingCentral keeps.

    `retention` is in seconds, also as text, or a timedelta; None and 0 turn the guard off. Raises `BadArgument` for a
    value that cannot be meant. `name` is the argument that `start` comes from.
    """
    kept = parse_duration("retention", retention, "0 turns the guard off")
    warning = check_retention(start, datetime.now(tz=UTC), kept, if_expired, name=name)
    if warning:
        log.warning("%s", warning)


def check_end(end: datetime, if_future: str) -> None:
    """Warn in the log, or raise `WindowInFuture`, when `end` (aware) lies in the future."""
    warning = check_future(end, datetime.now(tz=UTC), if_future)
    if warning:
        log.warning("%s", warning)


def window_of(
    start: TimeArgument, end: TimeArgument, lookback: DurationArgument, context: Mapping[str, Any]
) -> tuple[datetime, datetime]:
    """Start and end (in UTC) of the half-open window, widened backwards by `lookback`.

    A missing bound is taken from the run's data interval, if it has one of non-zero width: Airflow 3 gives cron
    schedules a zero-width one unless asked otherwise, and manual and asset-triggered runs may have none.
    Raises `BadArgument` with the cure.
    """
    first, last = parse_time("start", start), parse_time("end", end)
    if first is None or last is None:
        missing = " and ".join(name for name, bound in (("start", first), ("end", last)) if bound is None)
        low, high = _data_interval(context, missing)
        first, last = first or low, last or high
    span = parse_duration("lookback", lookback, "it widens the window backwards")
    try:
        return first - span, last
    except OverflowError:
        raise BadArgument(f"lookback {lookback!r} reaches back before the year 1.", parameter="lookback") from None


def _data_interval(context: Mapping[str, Any], missing: str) -> tuple[datetime, datetime]:
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        why = "this run has no data interval (a manual or asset-triggered run)"
        cure = "Give both, such as start='{{ dag_run.run_after.subtract(days=1) }}' and end='{{ dag_run.run_after }}'."
    elif to_utc("data_interval_start", start) == to_utc("data_interval_end", end):
        why = "the run's data interval has no width (Airflow 3 gives cron schedules such a one)"
        cure = "Use schedule=CronDataIntervalTimetable(...), or give start and end."
    else:
        return to_utc("data_interval_start", start), to_utc("data_interval_end", end)
    given = "is" if missing in ("start", "end") else "are"
    raise BadArgument(f"{missing} {given} not given, and {why}. {cure}", parameter=missing.partition(" ")[0])


class Sender(Protocol):
    """An operator that sends something once."""

    on_unknown: str
    on_rerun: str
    settling: Any


@dataclass(frozen=True, slots=True)
class OnceOptions:
    """How to send once. Times are in seconds."""

    on_unknown: str
    on_rerun: str
    settling: float


@dataclass(frozen=True, slots=True)
class SendOptions(OnceOptions):
    """How to send once, and wait. Times are in seconds."""

    wait_for: str
    poll_interval: float
    timeout: float


def send_options(operator: RingCentralMessageOperator, context: Mapping[str, Any]) -> SendOptions:
    """The wishes of an operator. Raises `BadArgument` for what cannot be meant, or not be had on this Airflow."""
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
    """The same, of an operator that does not wait."""
    if operator.on_rerun == "skip" and not _remembers(context):
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


def _remembers(context: Mapping[str, Any]) -> bool:
    """Whether what a task noted is still there after it succeeded."""
    from airflow.providers.common.compat.sdk import conf

    cleared = conf.getboolean("state_store", "clear_on_success", fallback=False)
    return context.get("task_state_store") is not None and not cleared
