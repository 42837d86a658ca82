"""Calls placed by RingOut (guide page voice/ringout)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import check_outcome, is_e164
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model.company import account_path

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.messaging.ring_outs import RingOutCall


def create_ring_out(context: RequestContext) -> ApiResponse:
    """`createRingOutCall`: the caller's phone rings first, then the other."""
    state, extension, body = context.state, context.own_extension(), context.json_object()
    to, from_ = _party(body, "to"), _party(body, "from")
    number = to.get("phoneNumber")
    if number is None:
        raise responses.missing_parameter("to.phoneNumber")
    for name, value in (("to", number), ("from", from_.get("phoneNumber", number))):
        if not is_e164(value):
            raise responses.invalid_parameter(f"{name}.phoneNumber", str(value))
    if not from_.get("phoneNumber") and not from_.get("forwardingNumberId"):
        raise responses.missing_parameter("from.phoneNumber")
    check_outcome(state, number)
    call = state.messaging.ring_outs.place(
        extension.id, from_, number, state.now(), outcome_of=state.messaging.outcomes.of, options=state.options
    )
    call.caller_id, call.prompt = (body.get("callerId") or {}).get("phoneNumber"), body.get("playPrompt")
    return context.json(_record(context, call, call.created))


def _party(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        raise responses.missing_parameter(name)
    if not isinstance(value, dict):
        raise responses.invalid_parameter(name)
    return value


def read_ring_out(context: RequestContext) -> ApiResponse:
    """`readRingOutCallStatus`; 404 once the call is over and forgotten."""
    return context.json(_record(context, _find(context), context.state.now()))


def delete_ring_out(context: RequestContext) -> ApiResponse:
    """`deleteRingOutCall`, only while the caller's phone rings."""
    call = _find(context)
    if context.state.now() >= call.answered:
        raise responses.invalid_parameter("ringoutId", call.id, detail="the call cannot be cancelled any more")
    call.cancelled = True
    return ApiResponse(204, media_type=None)


def _find(context: RequestContext) -> RingOutCall:
    extension, wanted = context.extension(), context.ids["ringoutId"]
    call = context.state.messaging.ring_outs.calls.get(wanted)
    if call is None or call.user != extension.id or call.cancelled or context.state.now() >= call.forgotten:
        raise responses.not_found("ringoutId", wanted)
    return call


def _record(context: RequestContext, call: RingOutCall, now: int) -> dict[str, Any]:
    uri = f"{context.state.url}{account_path()}/extension/{call.user}/ring-out/{call.id}"
    return {"uri": uri, "id": call.id, "status": call.statuses(now)}
