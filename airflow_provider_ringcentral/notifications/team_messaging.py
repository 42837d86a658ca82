"""Alerts as posts in chats of Team Messaging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.notifications.alert import SETTLING_SECONDS, RingCentralAccountNotifier

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.outcomes import Outcomes


class RingCentralTeamMessagingNotifier(RingCentralAccountNotifier):
    """Post an alert to a chat, from a task's callback, a DAG's callback or a deadline.

    Source: operationId createGlipPostNew (app scope TeamMessaging; 40 requests a minute, 2,500 posts a day). The JWT's
    user is the author, and must be a member of the chat. A post goes out at most once: if its answer is lost, it is
    looked up in the chat, and not posted again if it cannot be found. A notifier never fails your task: problems are
    logged. Many alerts at once end in one post and one summary; `RingCentralSmsNotifier` describes this and the
    parameters for it.

    All fields except `gather` are template fields.

    :param chat: the id of a chat.
    :param team: instead of `chat`: the exact name of a team that the JWT's user is a member of.
    :param email: instead of `chat`: the e-mail address of a person of the company, for their direct conversation.
    :param text: up to 10,000 UTF-16 units of RingCentral's Markdown; longer texts are cut. None: what happened, where,
        and a link.
    """

    template_fields: Sequence[str] = ("chat", "team", "email", *RingCentralAccountNotifier.account_fields)
    most_units: ClassVar[int] = 10_000

    def __init__(
        self, *, chat: str | int | None = None, team: str | None = None, email: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.chat = chat
        self.team = team
        self.email = email

    def audience(self) -> str:
        """Return a digest of the chat."""
        from airflow_provider_ringcentral.sending.once.message import digest

        return digest("post", self.ringcentral_conn_id, self.chat, self.team, self.email)

    def send(self, client: RingCentralClient, text: str) -> Outcomes:
        """Post the text."""
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.sending.channels.team_messaging.chats import chat_of
        from airflow_provider_ringcentral.sending.channels.team_messaging.post import TeamPost
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage, send_all

        message = TeamPost(chat_of(client, chat=self.chat, team=self.team, email=self.email), text)
        # A store of its own: what the task itself has posted to the chat is another post.
        return send_all(
            client, [AddressedMessage(message, ())], idempotency_store({}, client), settling=SETTLING_SECONDS
        )
