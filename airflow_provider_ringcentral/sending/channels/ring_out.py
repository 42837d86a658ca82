"""RingOut: a call that rings one phone and, once that is answered, another."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_RING_OUT, DELETE_RING_OUT, READ_RING_OUT
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    DeliveryFailed,
    NotFound,
    OutcomeUnknown,
    RingCentralError,
)
from airflow_provider_ringcentral.client.errors.remedies import ring_out_remedy
from airflow_provider_ringcentral.client.errors.remedy import DAG_AUTHOR, Remedy
from airflow_provider_ringcentral.sending.once.message import Message, Record, Sent, digest, post
from airflow_provider_ringcentral.sending.once.send_once import send_once
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore, SendState, WriteConflict
from airflow_provider_ringcentral.sending.status.status import WaitState, normalized

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

log = logging.getLogger(__name__)

WAIT_FOR = ("placed", "connected", "ended")
"""RingCentral has the call; both have answered; both have hung up."""

IN_PROGRESS, SUCCESS = "InProgress", "Success"
OVER = frozenset({"Finished", "NoSessionFound"})

CANCELLED = Remedy(
    "The task was ended before anybody answered.", "No action is needed: a retry of the task calls again.", DAG_AUTHOR
)
CANNOT_BE_LISTED = Remedy(
    "The phones may or may not have rung: RingCentral cannot list RingOut calls.",
    "Ask the people who were to be called, or look into the call log. If no phone rang, clear the task: it calls then.",
    DAG_AUTHOR,
)


@dataclass(frozen=True)
class RingOutCall(Message["RingCentralClient"]):
    """A call. `caller` is the JSON of `from`; `options` are further fields of the request.

    Source: operationId createRingOutCall, app scope RingOut, 10 a minute. Calls cannot be listed, so the outcome of a
    call stays unknown if the answer is lost.
    """

    caller: Mapping[str, str] = field(repr=False)
    to: str = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    channel: ClassVar[str] = "RingOut call"
    can_look_up: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """A digest of the number called."""
        return digest(self.channel, self.to)

    @property
    def content(self) -> str:
        """A digest of both numbers."""
        return digest(*sorted(self.caller.values()), self.to)

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST."""
        path = CREATE_RING_OUT.at(accountId=OWN, extensionId=OWN)
        body = {"from": dict(self.caller), "to": {"phoneNumber": self.to}, **self.options}
        return post(client, path, observer, json=body)

    def reduced(self, record: Record) -> dict[str, Any]:
        """Keep nothing of the answer; `record_call_state` stores the state later."""
        return {}


@dataclass(frozen=True, slots=True)
class CallState:
    """The state of a call, with RingCentral's statuses. `connected`: both answered at some time; `over`: it ended."""

    call: str = IN_PROGRESS
    caller: str = IN_PROGRESS
    callee: str = IN_PROGRESS
    connected: bool = False
    over: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the state as the store keeps it."""
        return asdict(self)

    def wait_state(self, wait_for: str) -> WaitState:
        """Say whether the call has reached `wait_for` (one of `WAIT_FOR`). An unknown status means to wait."""
        if ring_out_remedy(self.call):
            return WaitState.FAILED
        if wait_for == "placed" or (self.connected and (self.over or wait_for == "connected")):
            return WaitState.DONE
        return WaitState.FAILED if self.over else WaitState.WAIT


def read_call_state(client: RingCentralClient, call_id: str, before: CallState) -> CallState:
    """Read the state of a call with one Light request. Source: operationId readRingOutCallStatus."""
    try:
        record = client.request_json("GET", _path(READ_RING_OUT, call_id))
    except NotFound:
        return replace(before, over=True)
    status = record.get("status") or {}
    call, caller, callee = (_spelled(status.get(f"{one}Status")) for one in ("call", "caller", "callee"))
    over = bool({call, caller, callee} & OVER)
    if call in OVER:
        return replace(before, over=True)
    return CallState(call, caller, callee, before.connected or call == SUCCESS, over)


def _spelled(status: Any) -> str:
    """Return a status as the OpenAPI file spells it; an unknown one as it is."""
    from airflow_provider_ringcentral.client.errors.remedies.delivery import RING_OUT

    spellings = {normalized(one): one for one in (IN_PROGRESS, SUCCESS, *OVER, *RING_OUT)}
    return spellings.get(normalized(status), str(status)) if status else IN_PROGRESS


def place_once(
    client: RingCentralClient, message: RingOutCall, store: IdempotencyStore, *, on_rerun: str = "send"
) -> Sent:
    """Place a call once, as `send_once` does.

    A call of an earlier try is placed again if it was cancelled. If it is over and nobody knows how it ended, it is
    placed again after a person has cleared the task.
    """
    state = store.read(message.key)
    if state is not None and state.id and _came_to_nothing(client, store, state):
        log.info("Call %s of an earlier try came to nothing; calling again.", state.id)
        store.forget(message.key)
    try:
        return send_once(client, message, store, on_unknown="fail", on_rerun=on_rerun)
    except OutcomeUnknown as error:
        if error.remedy is None or error.remedy.who == DAG_AUTHOR:
            error.remedy = CANNOT_BE_LISTED
        raise


def _came_to_nothing(client: RingCentralClient, store: IdempotencyStore, state: SendState) -> bool:
    if was_cancelled(client, state.id):
        return True
    before = _call_state(state)
    if state.max_tries == store.max_tries or before.connected:
        return False
    now = read_call_state(client, state.id, before)
    return now.over and not now.connected


def recorded_call_state(store: IdempotencyStore, key: str) -> CallState:
    """Return the last recorded state of the call, from any try."""
    state = store.read(key)
    return CallState() if state is None else _call_state(state)


def _call_state(state: SendState) -> CallState:
    return CallState(**state.record) if state.record else CallState()


def record_call_state(store: IdempotencyStore, key: str, call: CallState) -> None:
    """Record the state of the call: RingCentral forgets a call that is over."""
    state = store.read(key)
    if state is not None and state.id and state.record != call.as_json():
        state.record = call.as_json()
        # Another process of this task follows the call as well, or has placed another one.
        with suppress(WriteConflict):
            store.write(key, state)


def cancel(client: RingCentralClient, call_id: str) -> bool:
    """Cancel the call; return False if it is too late, because the first phone was answered.

    The ledger records that it was cancelled, so that the next try places it again. Source: operationId
    deleteRingOutCall.
    """
    try:
        answer = client.request("DELETE", _path(DELETE_RING_OUT, call_id))
    except (BadRequest, NotFound):
        return False
    if answer.status_code == 404:
        # The call is over and deleted already; nothing was cancelled.
        return False
    client.ledger.update(_cancelled(client, call_id), lambda _: (b"1", None))
    return True


def was_cancelled(client: RingCentralClient, call_id: str) -> bool:
    """Whether a try of any task has cancelled the call."""
    return client.ledger.read(_cancelled(client, call_id)) is not None


def _cancelled(client: RingCentralClient, call_id: str) -> str:
    return f"cancelled:{digest(client.credentials.server)}:{call_id}"


def not_connected_error(
    client: RingCentralClient, store: IdempotencyStore, key: str, call: CallState
) -> RingCentralError:
    """Make the error for a call that was not connected. If that is certain, the next try calls again."""
    state = store.read(key)
    if state is not None and was_cancelled(client, state.id):
        return DeliveryFailed("the call was cancelled, because the task was ended", remedy=CANCELLED, temporary=True)
    error = failure_of(call)
    if isinstance(error, DeliveryFailed):
        store.forget(key)
    return error


def failure_of(call: CallState) -> RingCentralError:
    """Make the error for a call that ended: not connected, or `OutcomeUnknown` if RingCentral does not say."""
    parties = f"caller {call.caller}, callee {call.callee}"
    if ring_out_remedy(call.call) is None:
        return OutcomeUnknown(
            f"the call is over, and RingCentral does not say any more whether it was connected (last seen: {parties})"
        )
    known = (ring_out_remedy(status) for status in (call.caller, call.callee, call.call))
    remedy = next(row for row in known if row)
    return DeliveryFailed(
        f"the call was not connected: {call.call} ({parties})", remedy=remedy, temporary=remedy.temporary
    )


def _path(endpoint: Any, call_id: str) -> str:
    return str(endpoint.at(accountId=OWN, extensionId=OWN, ringoutId=call_id))
