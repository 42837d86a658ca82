"""Place calls between two phones (RingOut)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_ringcentral.operators.steps.deferral import deferring, task_hook

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.sending.channels.ring_out import CallState, RingOutCall
    from airflow_provider_ringcentral.sending.once.store import IdempotencyStore

POLL_INTERVAL_SECONDS = 3.0
TIMEOUT_SECONDS = 3600.0
CANCEL_SECONDS = 10.0


class RingCentralRingOutOperator(BaseOperator):
    """Call a phone, connect it with another when it is answered, once, and wait for the end of the call.

    Source: operationIds createRingOutCall, readRingOutCallStatus, deleteRingOutCall (app scope RingOut; 10 calls a
    minute). Both numbers are checked first. RingCentral has no list of these calls: when the answer is lost, the task
    fails and does not call again. Airflow's retries, also after a killed worker, follow the call that an earlier try
    has placed. A task that is killed or times out cancels its call, which works until the first phone is answered
    (before Airflow 3.3 a deferred task does not cancel); the next try calls again.

    Returns a dict (JSON): `id` (string), `status` (RingCentral's last callStatus), `caller` and `callee` (their
    statuses).

    Raises `OutcomeUnknown` when it is unknown whether the call was placed, or connected before it ended;
    `DeliveryFailed` when it was not connected (retries call again after busy and unanswered calls only); `NotConfirmed`
    when `timeout` passed first.

    Every value is a template field, except `deferrable`.

    :param to: the phone number to connect with, in E.164.
    :param from_number: the phone that rings first, in E.164.
    :param forwarding_number_id: instead of `from_number`: the id of a forwarding number of the JWT's user.
    :param caller_id: the number to show, one of the user's; None: RingCentral's choice.
    :param play_prompt: ask the person who answers first to press 1; None: the user's setting.
    :param wait_for: `placed`, `connected` (both have answered) or `ended` (both have hung up).
    :param on_rerun: when a person clears the task after its success: `send` (call again) or `skip` (Airflow 3.3 and
        later).
    :param deferrable: wait in the triggerer.
    :param poll_interval: seconds between two polls (at least 5 when deferred). Keep it shorter than your calls:
        RingCentral forgets a call soon after its end.
    :param timeout: seconds to wait for `wait_for`.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        "ringcentral_conn_id",
        "to",
        "from_number",
        "forwarding_number_id",
        "caller_id",
        "play_prompt",
        "wait_for",
        "on_rerun",
        "poll_interval",
        "timeout",
    )
    ui_color = "#ffd8a8"

    # Fixed: calling twice is worse than a failed task, and RingCentral has no list to find the call in.
    on_unknown = "fail"
    settling = 0.0

    def __init__(
        self,
        *,
        to: str,
        from_number: str | None = None,
        forwarding_number_id: str | int | None = None,
        caller_id: str | None = None,
        play_prompt: bool | str | None = None,
        wait_for: str = "ended",
        on_rerun: str = "send",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: DurationArgument = POLL_INTERVAL_SECONDS,
        timeout: DurationArgument = TIMEOUT_SECONDS,
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.from_number = from_number
        self.forwarding_number_id = forwarding_number_id
        self.caller_id = caller_id
        self.play_prompt = play_prompt
        self.wait_for = wait_for
        self.on_rerun = on_rerun
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.ringcentral_conn_id = ringcentral_conn_id
        self._call_id: str | None = None

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        return task_hook(self.ringcentral_conn_id, deferrable=self.deferrable)

    def execute(self, context: Context) -> dict[str, Any]:
        """Call and wait. A retry finds the call of an earlier try."""
        return self._call(context, resumed=False)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Resume waiting, or call after a rate limit."""
        return self._call(context, resumed=True)

    def on_kill(self) -> None:
        """Cancel the call if nobody has answered yet."""
        if self._call_id is None:
            return
        # In a thread: the interrupted one may hold a lock that the request needs.
        canceller = threading.Thread(target=self._cancel, args=(self._call_id,), daemon=True)
        canceller.start()
        canceller.join(CANCEL_SECONDS)

    def _call(self, context: Context, *, resumed: bool) -> dict[str, Any]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.operators.steps.send_options import once_options
        from airflow_provider_ringcentral.sending.channels.ring_out import place_once

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            once, client, message = once_options(self, context), self.hook.get_conn(), self._message()
            store = idempotency_store(context, client, resumed=resumed)
            sent = place_once(client, message, store, on_rerun=once.on_rerun)
            self._call_id = sent.id
            self.log.info("Placed call %s%s.", sent.id, sent.log_suffix)
            call = self._wait_for_status(client, store, message.key, sent.id)
            store.finish()
        return {"id": sent.id, "status": call.call, "caller": call.caller, "callee": call.callee}

    def _message(self) -> RingOutCall:
        from airflow_provider_ringcentral.arguments import is_unset, parse_bool, parse_choice
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.sending.channels.ring_out import WAIT_FOR, RingOutCall
        from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number

        parse_choice("wait_for", self.wait_for, WAIT_FOR)
        to = parse_phone_number("to", self.to)
        if is_unset(self.from_number) == is_unset(self.forwarding_number_id):
            raise BadArgument("set either from_number or forwarding_number_id.", parameter="from_number")
        caller = (
            {"phoneNumber": parse_phone_number("from_number", self.from_number)}
            if not is_unset(self.from_number)
            else {"forwardingNumberId": str(self.forwarding_number_id)}
        )
        options: dict[str, Any] = {}
        if not is_unset(self.caller_id):
            options["callerId"] = {"phoneNumber": parse_phone_number("caller_id", self.caller_id)}
        if not is_unset(self.play_prompt):
            options["playPrompt"] = parse_bool("play_prompt", self.play_prompt)
        return RingOutCall(caller, to, options)

    def _wait_for_status(self, client: RingCentralClient, store: IdempotencyStore, key: str, call_id: str) -> CallState:
        """Wait until the call has the wanted status. The next try calls again if it was not connected."""
        from airflow_provider_ringcentral.arguments import parse_seconds
        from airflow_provider_ringcentral.operators.steps.deferral import pause_or_defer
        from airflow_provider_ringcentral.sending.channels.ring_out import (
            not_connected_error,
            read_call_state,
            record_call_state,
            recorded_call_state,
        )
        from airflow_provider_ringcentral.sending.status.status import NotConfirmed, WaitState

        seconds, timeout = (parse_seconds(name, getattr(self, name)) for name in ("poll_interval", "timeout"))
        call = recorded_call_state(store, key)
        defer = partial(self._defer_until_next, call_id, seconds) if self.deferrable else None
        while call.wait_state(self.wait_for) is WaitState.WAIT:
            call = read_call_state(client, call_id, call)
            record_call_state(store, key, call)
            if call.wait_state(self.wait_for) is WaitState.WAIT and not pause_or_defer(
                store, seconds=seconds, timeout=timeout, defer=defer
            ):
                raise NotConfirmed(
                    f"the call is not {self.wait_for} after {timeout:g} s ({call.call}). It is not "
                    "placed again; a retry waits for it again"
                )
        if call.wait_state(self.wait_for) is WaitState.FAILED:
            raise not_connected_error(client, store, key, call)
        return call

    def _defer_until_next(self, call_id: str, seconds: float, left: float) -> None:
        """Defer until the next poll. The trigger cancels the call if the task ends meanwhile."""
        from airflow_provider_ringcentral.triggers.ring_out import RingCentralRingOutTrigger

        trigger = RingCentralRingOutTrigger(time.time() + min(seconds, left), self.ringcentral_conn_id, call_id)
        self.defer(trigger=trigger, method_name="execute_complete")

    def _cancel(self, call_id: str) -> None:
        from airflow_provider_ringcentral.sending.channels.ring_out import cancel

        try:
            cancelled = cancel(self.hook.make_client(CANCEL_SECONDS), call_id)
        except Exception as error:  # noqa: BLE001 - the task is being killed; nothing can handle it
            self.log.warning("Call %s could not be cancelled: %s", call_id, error)
        else:
            self.log.info("Call %s %s.", call_id, "was cancelled" if cancelled else "can no longer be cancelled")
