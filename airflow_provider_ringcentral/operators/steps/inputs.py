"""How a message shall be sent and waited for: the arguments all senders share, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_ringcentral.arguments import one_of, seconds_of
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.once.send_once import ON_RERUN, ON_UNKNOWN
from airflow_provider_ringcentral.sending.status.status import WAIT_FOR

if TYPE_CHECKING:
    from airflow_provider_ringcentral.operators.message import RingCentralMessageOperator


class Sender(Protocol):
    """An operator that sends something once."""

    on_unknown: str
    on_rerun: str
    settling: Any


@dataclass(frozen=True, slots=True)
class OnceWishes:
    """How to send once. Times are in seconds."""

    on_unknown: str
    on_rerun: str
    settling: float


@dataclass(frozen=True, slots=True)
class Wishes(OnceWishes):
    """How to send once, and wait. Times are in seconds."""

    wait_for: str
    poll_interval: float
    timeout: float


def wishes_of(operator: RingCentralMessageOperator, context: Mapping[str, Any]) -> Wishes:
    """The wishes of an operator. Raises `BadArgument` for what cannot be meant, or not be had on this Airflow."""
    once = once_wishes_of(operator, context)
    return Wishes(
        on_unknown=once.on_unknown,
        on_rerun=once.on_rerun,
        settling=once.settling,
        wait_for=one_of("wait_for", operator.wait_for, WAIT_FOR),
        poll_interval=seconds_of("poll_interval", operator.poll_interval),
        timeout=seconds_of("timeout", operator.timeout),
    )


def once_wishes_of(operator: Sender, context: Mapping[str, Any]) -> OnceWishes:
    """The same, of an operator that does not wait."""
    if operator.on_rerun == "skip" and not _remembers(context):
        raise BadArgument(
            "on_rerun='skip' needs the task state store of Airflow 3.3 or later, with [state_store] clear_on_success "
            "off; leave it out, and a task that is cleared after its success sends again.",
            parameter="on_rerun",
        )
    return OnceWishes(
        on_unknown=one_of("on_unknown", operator.on_unknown, ON_UNKNOWN),
        on_rerun=one_of("on_rerun", operator.on_rerun, ON_RERUN),
        settling=seconds_of("settling", operator.settling),
    )


def _remembers(context: Mapping[str, Any]) -> bool:
    """Whether what a task noted is still there after it succeeded."""
    from airflow.providers.common.compat.sdk import conf

    cleared = conf.getboolean("state_store", "clear_on_success", fallback=False)
    return context.get("task_state_store") is not None and not cleared
