"""Everything about messages that one sandbox knows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.api.messaging.consents import Consents
from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batches
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import OPTED_OUT, Outcome, Outcomes
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Mailbox
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import TeamMessaging

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.messaging.ring_out import RingOutCall
    from airflow_provider_ringcentral.sandbox.model.company import Company


class SendRate:
    """How many sends a user may make a minute, over all apps (`openapi26: createSMSMessage, createMMS`)."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, int], deque[float]] = {}

    def wait(self, kind: str, user: int, most: int, minute: float, now: float) -> float:
        """Counts a send at `now` (monotonic seconds); when there is no room, how many seconds until there is."""
        times = self._times.setdefault((kind, user), deque())
        while times and times[0] <= now - minute:
            times.popleft()
        if len(times) >= most:
            return times[0] + minute - now
        times.append(now)
        return 0.0


class MessagingState:
    """What the company sent and received."""

    def __init__(self, company: Company, now: int) -> None:
        self.mailbox = Mailbox()
        self.outcomes = Outcomes()
        self.rate = SendRate()
        self.team_messaging = TeamMessaging(company, now)
        self.consents = Consents()
        self.batches = Batches()
        self.ring_outs: dict[str, RingOutCall] = {}

    def outcome(self, number: str, sender: str) -> Outcome:
        """What becomes of a text; an opt-out beats everything."""
        if self.consents.opted_out(sender, number):
            return Outcome(status="SendingFailed", code=OPTED_OUT)
        return self.outcomes.of(number)
