"""RingOut: a call that rings one phone and, when that is answered, another."""

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
    "The task was ended before anybody answered.", "Nothing: a retry of the task calls anew.", DAG_AUTHOR
)
LOST = Remedy(
    "The phones may or may not have rung: RingCentral has no list of RingOut calls to look in.",
    "Ask those who were to be called, or look into the call log. If nothing rang, clear the task: it calls then.",
    DAG_AUTHOR,
)


@dataclass(frozen=True)
class RingOutCall(Message["RingCentralClient"]):
    """A call. `caller` is the JSON of `from`; `options` are further fields of the request.

    Source: operationId createRingOutCall, app scope RingOut, 10 a minute. Calls cannot be listed, so one whose answer
    is lost stays unknown.
    """

    caller: Mapping[str, str] = field(repr=False)
    to: str = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    channel: ClassVar[str] = "RingOut call"
    can_look_up: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """By who is called."""
        return digest(self.channel, self.to)

    @property
    def content(self) -> str:
        """Both ends."""
        return digest(*sorted(self.caller.values()), self.to)

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """One POST."""
        path = CREATE_RING_OUT.at(accountId=OWN, extensionId=OWN)
        body = {"from": dict(self.caller), "to": {"phoneNumber": self.to}, **self.options}
        return post(client, path, observer, json=body)

    def reduced(self, record: Record) -> dict[str, Any]:
        """Nothing yet; `CallState.as_json` comes later."""
        return {}


@dataclass(frozen=True, slots=True)
class CallState:
    """How a call stands, in RingCentral's words. `connected`: both have answered at some time; `over`: it has ended."""

    call: str = IN_PROGRESS
    caller: str = IN_PROGRESS
    callee: str = IN_PROGRESS
    connected: bool = False
    over: bool = False

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def outcome(self, wait_for: str) -> WaitState:
        """Whether it is where `wait_for` (one of `WAIT_FOR`) wants it. A status that nobody knows yet waits."""
        if ring_out_remedy(self.call):
            return WaitState.FAILED
        if wait_for == "placed" or (self.connected and (self.over or wait_for == "connected")):
            return WaitState.DONE
        return WaitState.FAILED if self.over else WaitState.WAIT


def look(client: RingCentralClient, call_id: str, before: CallState) -> CallState:
    """Ask once how the call stands (a Light request). Source: operationId readRingOutCallStatus."""
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


def place(client: RingCentralClient, message: RingOutCall, store: IdempotencyStore, *, on_rerun: str = "send") -> Sent:
    """`send_once`, with the cure for a call of which nobody knows.

    A call of an earlier try that was cancelled is placed anew. So is one that is over, nobody knows how, when a person
    has cleared the task since.
    """
    state = store.read(message.key)
    if state is not None and state.id and _is_void(client, store, state):
        log.info("Call %s of an earlier try came to nothing; calling anew.", state.id)
        store.forget(message.key)
    try:
        return send_once(client, message, store, on_unknown="fail", on_rerun=on_rerun)
    except OutcomeUnknown as error:
        if error.remedy is None or error.remedy.who == DAG_AUTHOR:
            error.remedy = LOST
        raise


def _is_void(client: RingCentralClient, store: IdempotencyStore, state: SendState) -> bool:
    if was_cancelled(client, state.id):
        return True
    before = _ringing(state)
    if state.max_tries == store.max_tries or before.connected:
        return False
    now = look(client, state.id, before)
    return now.over and not now.connected


def noted(store: IdempotencyStore, key: str) -> CallState:
    """How the call stood when it was last looked at, by whatever try."""
    state = store.read(key)
    return CallState() if state is None else _ringing(state)


def _ringing(state: SendState) -> CallState:
    return CallState(**state.record) if state.record else CallState()


def remember(store: IdempotencyStore, key: str, ringing: CallState) -> None:
    """Note how it stands: RingCentral forgets a call that is over."""
    state = store.read(key)
    if state is not None and state.id and state.record != ringing.as_json():
        state.record = ringing.as_json()
        # Whoever has written it meanwhile follows the call, or has placed another.
        with suppress(WriteConflict):
            store.write(key, state)


def cancel(client: RingCentralClient, call_id: str) -> bool:
    """Cancel the call; False when it is too late, which it is once the first phone was answered.

    That it was cancelled is noted in the ledger: the next try places it anew. Source: operationId deleteRingOutCall.
    """
    try:
        answer = client.request("DELETE", _path(DELETE_RING_OUT, call_id))
    except (BadRequest, NotFound):
        return False
    if answer.status_code == 404:
        # A call that is over is gone: deleting it is done, and cancelled nothing.
        return False
    client.ledger.update(_cancelled(client, call_id), lambda _: (b"1", None))
    return True


def was_cancelled(client: RingCentralClient, call_id: str) -> bool:
    """Whether a try of a task cancelled the call."""
    return client.ledger.read(_cancelled(client, call_id)) is not None


def _cancelled(client: RingCentralClient, call_id: str) -> str:
    return f"cancelled:{digest(client.credentials.server)}:{call_id}"


def not_connected_error(
    client: RingCentralClient, store: IdempotencyStore, key: str, ringing: CallState
) -> RingCentralError:
    """The error for a call that was not connected; when that is certain, the next try calls anew."""
    state = store.read(key)
    if state is not None and was_cancelled(client, state.id):
        return DeliveryFailed("the call was cancelled, because the task was ended", remedy=CANCELLED, temporary=True)
    error = failure_of(ringing)
    if isinstance(error, DeliveryFailed):
        store.forget(key)
    return error


def failure_of(ringing: CallState) -> RingCentralError:
    """The error for a call that was not connected, as far as anybody knows."""
    parties = f"caller {ringing.caller}, callee {ringing.callee}"
    if ring_out_remedy(ringing.call) is None:
        return OutcomeUnknown(
            f"the call is over, and RingCentral does not say any more whether it was connected (last seen: {parties})"
        )
    known = (ring_out_remedy(status) for status in (ringing.caller, ringing.callee, ringing.call))
    remedy = next(row for row in known if row)
    return DeliveryFailed(
        f"the call was not connected: {ringing.call} ({parties})", remedy=remedy, temporary=remedy.temporary
    )


def _path(endpoint: Any, call_id: str) -> str:
    return str(endpoint.at(accountId=OWN, extensionId=OWN, ringoutId=call_id))
