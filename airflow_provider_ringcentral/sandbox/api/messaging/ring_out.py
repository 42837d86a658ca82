"""Calls placed by RingOut (`createRingOutCall`, `docs/voice/ringout.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import is_e164, refused, sending_extension
from airflow_provider_ringcentral.sandbox.api.request_context import json_object
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model.company import account_path

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.state import State

_CONNECTED = {"Delivered": "Success", "Sent": "Success", "Queued": "InProgress"}
_NEVER = 1 << 62


@dataclass(slots=True)
class RingOutCall:
    """A call to two phones, the caller's first. Moments in ms; `caller` and `callee` are how their phones end up.

    `answered`: the caller's phone has its end status; `connected`: so has the other; `ended`: the call is over;
    `forgotten`: nobody can ask for it any more.
    """

    id: str
    user: int
    from_: dict[str, Any]
    to: str
    created: int
    caller: str
    callee: str
    answered: int
    connected: int
    ended: int
    forgotten: int
    caller_id: str | None = None
    prompt: bool | None = None
    cancelled: bool = False

    def statuses(self, now: int) -> dict[str, str]:
        """What the API says at a moment."""
        caller = self.caller if now >= self.answered else "InProgress"
        callee = self.callee if now >= self.connected else "InProgress"
        call = "InProgress"
        if caller not in {"Success", "InProgress"}:
            call, callee = _failed(caller), "InProgress"
        elif callee != "InProgress":
            call = "Success" if callee == "Success" else _failed(callee)
        if call == "Success" and now >= self.ended:
            caller = callee = "Finished"
        return {"callStatus": call, "callerStatus": caller, "calleeStatus": callee}


def _failed(party: str) -> str:
    return "NoAnsweringMachine" if party == "NoAnsweringMachine" else "CannotReach"


def create_ring_out(context: RequestContext) -> ApiResponse:
    """`createRingOutCall`: phones ring."""
    state, extension, body = context.state, sending_extension(context), json_object(context)
    to, from_ = _party(body, "to"), _party(body, "from")
    number = to.get("phoneNumber")
    if number is None:
        raise responses.missing_parameter("to.phoneNumber")
    for name, value in (("to", number), ("from", from_.get("phoneNumber", number))):
        if not is_e164(value):
            raise responses.invalid_parameter(f"{name}.phoneNumber", str(value))
    if not from_.get("phoneNumber") and not from_.get("forwardingNumberId"):
        raise responses.missing_parameter("from.phoneNumber")
    refuse = state.messaging.outcomes.of(number).refuse
    if refuse is not None:
        raise refused(refuse)
    ring = _place(state, extension.id, from_, number)
    ring.caller_id, ring.prompt = (body.get("callerId") or {}).get("phoneNumber"), body.get("playPrompt")
    return context.json(_record(context, ring, ring.created))


def _party(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        raise responses.missing_parameter(name)
    if not isinstance(value, dict):
        raise responses.invalid_parameter(name)
    return value


def _place(state: State, user: int, from_: dict[str, Any], to: str) -> RingOutCall:
    now, options = state.now(), state.options
    caller, callee = state.messaging.outcomes.of(str(from_.get("phoneNumber"))), state.messaging.outcomes.of(to)
    ends = [_CONNECTED.get(one.status, one.status) for one in (caller, callee)]
    waits = [options.ring_seconds if one.after_seconds is None else one.after_seconds for one in (caller, callee)]
    answered = now + state.milliseconds(waits[0]) if ends[0] != "InProgress" else _NEVER
    connected = answered + state.milliseconds(waits[1]) if ends[1] != "InProgress" else _NEVER
    over = connected if ends[0] == "Success" else answered
    ended = over + (state.milliseconds(options.talk_seconds) if ends == ["Success", "Success"] else 0)
    forgotten = ended + state.milliseconds(options.ring_memory_seconds)
    ring_outs = state.messaging.ring_outs
    ring = RingOutCall(
        f"Y3MxNzE2{700_000 + 37 * len(ring_outs)}MjY",
        user,
        from_,
        to,
        now,
        caller=ends[0],
        callee=ends[1],
        answered=answered,
        connected=connected,
        ended=ended,
        forgotten=forgotten,
    )
    ring_outs[ring.id] = ring
    return ring


def read_ring_out(context: RequestContext) -> ApiResponse:
    """`readRingOutCallStatus`; 404 once the call is over and forgotten."""
    return context.json(_record(context, _find(context), context.state.now()))


def delete_ring_out(context: RequestContext) -> ApiResponse:
    """`deleteRingOutCall`: only while the first phone still rings."""
    ring = _find(context)
    if context.state.now() >= ring.answered:
        raise responses.invalid_parameter("ringoutId", ring.id, detail="the call cannot be cancelled any more")
    ring.cancelled = True
    return ApiResponse(204, media_type=None)


def _find(context: RequestContext) -> RingOutCall:
    extension, wanted = context.extension(), context.ids["ringoutId"]
    ring = context.state.messaging.ring_outs.get(wanted)
    if ring is None or ring.user != extension.id or ring.cancelled or context.state.now() >= ring.forgotten:
        raise responses.not_found("ringoutId", wanted)
    return ring


def _record(context: RequestContext, ring: RingOutCall, now: int) -> dict[str, Any]:
    uri = f"{context.state.url}{account_path()}/extension/{ring.user}/ring-out/{ring.id}"
    return {"uri": uri, "id": ring.id, "status": ring.statuses(now)}
