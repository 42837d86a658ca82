"""How a message shall be sent and waited for: the arguments all senders share, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.operators.query import one_of
from airflow_provider_ringcentral.operators.window import span_of
from airflow_provider_ringcentral.sending.once import ON_RERUN, ON_UNKNOWN
from airflow_provider_ringcentral.sending.status import WAIT_FOR

if TYPE_CHECKING:
    from airflow_provider_ringcentral.operators.message import RingCentralMessageOperator


@dataclass(frozen=True, slots=True)
class Wishes:
    """Times are in seconds."""

    wait_for: str
    on_unknown: str
    on_rerun: str
    settling: float
    poll_interval: float
    timeout: float


def wishes_of(operator: RingCentralMessageOperator, context: Mapping[str, Any]) -> Wishes:
    """The wishes of an operator. Raises `BadArgument` for what cannot be meant, or not be had on this Airflow."""

    def seconds(name: str, value: Any) -> float:
        return span_of(name, value, "give seconds").total_seconds()

    if operator.on_rerun == "skip" and not _remembers(context):
        raise BadArgument(
            "on_rerun='skip' needs the task state store of Airflow 3.3 or later, with [state_store] clear_on_success "
            "off; leave it out, and a task that is cleared after its success sends again.",
            parameter="on_rerun",
        )
    return Wishes(
        wait_for=one_of("wait_for", operator.wait_for, WAIT_FOR),
        on_unknown=one_of("on_unknown", operator.on_unknown, ON_UNKNOWN),
        on_rerun=one_of("on_rerun", operator.on_rerun, ON_RERUN),
        settling=seconds("settling", operator.settling),
        poll_interval=seconds("poll_interval", operator.poll_interval),
        timeout=seconds("timeout", operator.timeout),
    )


def _remembers(context: Mapping[str, Any]) -> bool:
    """Whether what a task noted is still there after it succeeded."""
    from airflow.providers.common.compat.sdk import conf

    cleared = conf.getboolean("state_store", "clear_on_success", fallback=False)
    return context.get("task_state_store") is not None and not cleared
