"""Calls that RingOut places: two phones ring one after the other, the caller's first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Outcome
    from airflow_provider_ringcentral.sandbox.model.options import Options

_PHONE_STATUSES = {"Delivered": "Success", "Sent": "Success", "Queued": "InProgress"}
_NEVER = 1 << 62


@dataclass(slots=True)
class RingOutCall:
    """A call to two phones; `caller` and `callee` are the final statuses of the phones, times are in ms.

    `answered`: the caller's phone has its final status; `connected`: so has the callee's; `ended`: the call is over;
    `forgotten`: from then on the API answers 404.
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
        """Return the statuses of the call and of both phones at `now` (ms)."""
        caller = self.caller if now >= self.answered else "InProgress"
        callee = self.callee if now >= self.connected else "InProgress"
        call = "InProgress"
        if caller not in {"Success", "InProgress"}:
            call, callee = _failed_call(caller), "InProgress"
        elif callee != "InProgress":
            call = "Success" if callee == "Success" else _failed_call(callee)
        if call == "Success" and now >= self.ended:
            caller = callee = "Finished"
        return {"callStatus": call, "callerStatus": caller, "calleeStatus": callee}


def _failed_call(phone: str) -> str:
    return "NoAnsweringMachine" if phone == "NoAnsweringMachine" else "CannotReach"


class RingOuts:
    """All calls placed, by id, oldest first."""

    def __init__(self) -> None:
        self.calls: dict[str, RingOutCall] = {}

    def place(
        self,
        user: int,
        from_: dict[str, Any],
        to: str,
        now: int,
        *,
        outcome_of: Callable[[str], Outcome],
        options: Options,
    ) -> RingOutCall:
        """Ring two phones from `now` (ms) on; each ends as `outcome_of` says of its number."""
        outcomes = [outcome_of(str(from_.get("phoneNumber"))), outcome_of(to)]
        caller, callee = (_PHONE_STATUSES.get(one.status, one.status) for one in outcomes)
        rings = [options.ring_seconds if one.after_seconds is None else one.after_seconds for one in outcomes]
        answered = now + options.milliseconds(rings[0]) if caller != "InProgress" else _NEVER
        connected = answered + options.milliseconds(rings[1]) if callee != "InProgress" else _NEVER
        over = connected if caller == "Success" else answered
        ended = over + (options.milliseconds(options.talk_seconds) if caller == callee == "Success" else 0)
        call = RingOutCall(
            id=f"Y3MxNzE2{700_000 + 37 * len(self.calls)}MjY",
            user=user,
            from_=from_,
            to=to,
            created=now,
            caller=caller,
            callee=callee,
            answered=answered,
            connected=connected,
            ended=ended,
            forgotten=ended + options.milliseconds(options.ring_memory_seconds),
        )
        self.calls[call.id] = call
        return call
