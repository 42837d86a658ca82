"""Base class of the operators that send messages: send each once, then wait for its status."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.hooks.xcom import bounded
from airflow_provider_ringcentral.operators.steps.deferral import deferring, pause_or_defer, task_hook

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.errors import RingCentralError
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.operators.steps.send_options import SendOptions
    from airflow_provider_ringcentral.sending.once.message import Sent
    from airflow_provider_ringcentral.sending.once.store import IdempotencyStore
    from airflow_provider_ringcentral.sending.outcomes import Outcomes
    from airflow_provider_ringcentral.sending.send_all import AddressedMessage
    from airflow_provider_ringcentral.sending.status.status import DeliveryState

POLL_INTERVAL_SECONDS = 10.0
TIMEOUT_SECONDS = 600.0
SETTLING_SECONDS = 30.0
OUTCOMES = "outcomes"
"""XCom key of the outcome of each message, when some were not sent."""

KEYS_OF_LARGE_RESULTS = ("to", "id")
"""Keys of each message in a result that would otherwise be too large for XCom."""


class RingCentralMessageOperator(BaseOperator):
    """Send messages once and wait for their status. Subclasses define the `messages`.

    Returns a list (JSON) with one dict per message: `to` (positions of its recipients in the argument `to`, from 0),
    `id` (string), `status` (RingCentral's messageStatus when the wait ended), `segments` (SMS segments; None for other
    messages), `found` (true if it was found after its answer was lost). XCom takes at most 48 KB: a result of more than
    about 500 messages has `to` and `id` only, and of more than about 1,000 only the first.

    Raises `OutcomeUnknown` when it is unknown whether a message was sent, `DeliveryFailed` when it was sent and failed,
    `NotConfirmed` when `timeout` passed without the status. Every recipient is tried, also after others were refused;
    the error and the XCom `outcomes` of the failed task tell the outcome of each.

    :param wait_for: `accepted` (by RingCentral), `sent` (to the carrier; often the last status there is) or `delivered`
        (to the phone; not every carrier reports it).
    :param on_unknown: when the response to a send is lost: `look` looks the message up and fails if it is not found;
        `resend` looks it up and sends it again if it is not found, so it may arrive twice; `fail` fails at once.
    :param on_rerun: when a person clears the task after its success: `send` again or `skip` (Airflow 3.3 and later).
    :param settling: seconds to look up a message whose response was lost.
    :param deferrable: wait in the triggerer.
    :param poll_interval: seconds between two polls of the status. Deferred waits of a Connection share them.
    :param timeout: seconds to wait for the status. A retry waits again for the same message.
    :param ringcentral_conn_id: the Connection.
    """

    sending_fields: Sequence[str] = (
        "ringcentral_conn_id",
        "wait_for",
        "on_unknown",
        "on_rerun",
        "settling",
        "poll_interval",
        "timeout",
    )
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        wait_for: str = "accepted",
        on_unknown: str = "look",
        on_rerun: str = "send",
        settling: DurationArgument = SETTLING_SECONDS,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: DurationArgument = POLL_INTERVAL_SECONDS,
        timeout: DurationArgument = TIMEOUT_SECONDS,
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for = wait_for
        self.on_unknown = on_unknown
        self.on_rerun = on_rerun
        self.settling = settling
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.ringcentral_conn_id = ringcentral_conn_id

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        return task_hook(self.ringcentral_conn_id, deferrable=self.deferrable)

    def messages(self, client: RingCentralClient) -> list[AddressedMessage[RingCentralClient]]:
        """Return the messages to send. Raises `BadArgument` for an invalid argument."""
        raise BadArgument(f"{type(self).__name__} must override messages().")

    def segments(self, record: Mapping[str, Any]) -> int | None:
        """Return the number of SMS segments of a message; None for messages without segments."""
        return None

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Send and wait. A retry finds the messages that an earlier try has sent."""
        return self._send(context, resumed=False)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Resume waiting, or sending after a rate limit. Messages that were sent are in the idempotency store."""
        return self._send(context, resumed=True, found=(event or {}).get("found") or ())

    def _send(
        self, context: Context, *, resumed: bool, found: Iterable[tuple[Mapping[str, Any], Sequence[str]]] = ()
    ) -> list[dict[str, Any]]:
        """Send and wait. `found` has the statuses that the trigger has found (`grouped`)."""
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.operators.steps.send_options import send_options
        from airflow_provider_ringcentral.sending.send_all import send_all
        from airflow_provider_ringcentral.sending.status.status import DeliveryState, ungrouped

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            options = send_options(self, context)
            client = self.hook.get_conn()
            store = idempotency_store(context, client, resumed=resumed)
            messages = self.messages(client)
            outcomes = send_all(
                client,
                messages,
                store,
                on_unknown=options.on_unknown,
                on_rerun=options.on_rerun,
                settling=options.settling,
            )
            failure = self._failure(context, outcomes)
            sent = {position: one.sent for position, one in enumerate(outcomes.all) if one.sent is not None}
            keys = {one.id: messages[position].message.key for position, one in sent.items()}
            known = DeliveryState({one.id: one.record for one in sent.values()}, options.wait_for).updated(
                ungrouped(found)
            )
            state = self._wait_for_status(client, store, keys, known, options)
            if failure is not None:
                raise failure
            store.finish()
        results = [self._result(messages[position], one, state.records[one.id]) for position, one in sent.items()]
        return bounded(results, KEYS_OF_LARGE_RESULTS)

    def _failure(self, context: Context, outcomes: Outcomes) -> RingCentralError | None:
        """Return the error for messages that were not sent, to be raised after the wait; raise it if a retry may help.

        The outcome of each message goes to XCom under the key `outcomes`, since a failed task returns nothing.
        """
        from airflow_provider_ringcentral.hooks.xcom import first_that_fit

        error = outcomes.error()
        if error is None:
            return None
        push = getattr(context.get("ti"), "xcom_push", None)
        if push is not None and len(outcomes.all) > 1:
            push(key=OUTCOMES, value=first_that_fit(outcomes.as_json()))
        if outcomes.retryable:
            raise error
        if outcomes.may_have_sent:
            self.log.error("%s", error)
        return error

    def _wait_for_status(
        self,
        client: RingCentralClient,
        store: IdempotencyStore,
        keys: Mapping[str, str],
        state: DeliveryState,
        options: SendOptions,
    ) -> DeliveryState:
        """Wait until every message has the wanted status. The next try sends failed messages again."""
        from airflow_provider_ringcentral.sending.status.status import (
            WaitState,
            check_failures,
            not_confirmed,
            refresh_states,
        )

        ids, late = list(keys), False
        while not late and state.of(WaitState.WAIT, ids):
            state = refresh_states(client, ids, state)
            if state.of(WaitState.WAIT, ids):
                late = not self._pause_or_defer(store, state, ids, options)
        for message_id in state.of(WaitState.FAILED, ids):
            store.forget(keys[message_id])
        check_failures(state, ids)
        if late:
            raise not_confirmed(state, ids, options.timeout)
        return state

    def _pause_or_defer(
        self, store: IdempotencyStore, state: DeliveryState, ids: Sequence[str], options: SendOptions
    ) -> bool:
        """Sleep or defer until the next poll. Return False when the timeout is over."""
        defer = partial(self._defer_until_final, state, ids, options.poll_interval) if self.deferrable else None
        return pause_or_defer(store, seconds=options.poll_interval, timeout=options.timeout, defer=defer)

    def _defer_until_final(self, state: DeliveryState, ids: Sequence[str], interval: float, left: float) -> None:
        """Defer until the trigger has found the statuses of the pending messages, or until the deadline."""
        from airflow_provider_ringcentral.sending.status.status import WaitState, oldest_creation
        from airflow_provider_ringcentral.triggers.messages import MAX_MESSAGES, RingCentralMessageStatusTrigger

        pending = state.of(WaitState.WAIT, ids)[:MAX_MESSAGES]
        trigger = RingCentralMessageStatusTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            ids=pending,
            wait_for=state.wait_for,
            since=oldest_creation(state, pending),
            poke_interval=interval,
            deadline=time.time() + left,
        )
        self.defer(trigger=trigger, method_name="execute_complete")

    def _result(
        self, addressed: AddressedMessage[RingCentralClient], sent: Sent, record: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "to": list(addressed.positions),
            "id": sent.id,
            "status": record.get("messageStatus"),
            "segments": self.segments(record),
            "found": sent.found,
        }
