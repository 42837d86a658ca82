"""Everything about messages that one sandbox knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batches
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Consents, Outcomes
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Mailbox
from airflow_provider_ringcentral.sandbox.model.messaging.ring_outs import RingOuts
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import TeamMessaging
from airflow_provider_ringcentral.sandbox.model.rate_limits import SendRate

if TYPE_CHECKING:
    from random import Random

    from airflow_provider_ringcentral.sandbox.model.company import Company


class MessagingState:
    """What the company has sent and received, and what will become of what it sends."""

    def __init__(self, company: Company, now: int, random: Random) -> None:
        self.mailbox = Mailbox()
        self.consents = Consents()
        self.outcomes = Outcomes(self.consents)
        self.rate = SendRate()
        self.team_messaging = TeamMessaging(company, now, random)
        self.batches = Batches()
        self.ring_outs = RingOuts()
