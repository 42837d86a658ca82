"""Alerts through an incoming webhook of Team Messaging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.notifications.alert import RingCentralAlertNotifier

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.webhook import WebhookClient
    from airflow_provider_ringcentral.sending.outcomes import Outcomes


class RingCentralWebhookNotifier(RingCentralAlertNotifier):
    """Post an alert through an incoming webhook, from a task's callback, a DAG's callback or a deadline.

    Source: guide page "Incoming webhooks" (team-messaging/incoming-webhooks), format 2. It needs no app, no JWT and no
    quota: the URL is the password of a Connection of any type, as for `RingCentralPostWebhookOperator`. An alert is
    posted once; if its answer is lost, it cannot be looked up, and is not posted again. A notifier never fails your
    task: problems are logged. Many alerts at once end in one post and one summary; `RingCentralSmsNotifier` describes
    this and the parameters for it.

    All fields except `gather` are template fields.

    :param text: up to 10,000 UTF-16 units of RingCentral's Markdown; longer texts are cut. None: what happened, where,
        and a link.
    :param title: a line above the text.
    :param activity: a name for the source of the post, shown as its author.
    :param icon_uri: URL of a picture beside the post.
    :param webhook_conn_id: the Connection whose password is the URL.
    """

    template_fields: Sequence[str] = (
        "webhook_conn_id",
        "title",
        "activity",
        "icon_uri",
        *RingCentralAlertNotifier.alert_fields,
    )
    most_units: ClassVar[int] = 10_000

    def __init__(
        self,
        *,
        title: str | None = None,
        activity: str | None = None,
        icon_uri: str | None = None,
        webhook_conn_id: str = "ringcentral_webhook_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.activity = activity
        self.icon_uri = icon_uri
        self.webhook_conn_id = webhook_conn_id

    def run_with_client(self, job: Callable[[WebhookClient], None], ends_at: float) -> None:
        """Call `job` with a client of the webhook."""
        from airflow_provider_ringcentral.hooks.client import run_with_webhook

        run_with_webhook(self.webhook_conn_id, job, ends_at)

    async def run_with_client_async(self, job: Callable[[WebhookClient], None], ends_at: float) -> None:
        """Do the same in a thread."""
        from airflow_provider_ringcentral.hooks.client import run_with_webhook_async

        await run_with_webhook_async(self.webhook_conn_id, job, ends_at)

    def audience(self) -> str:
        """Return a digest of the Connection: whoever reads the chat of the webhook."""
        from airflow_provider_ringcentral.sending.once.message import digest

        return digest("webhook", self.webhook_conn_id)

    def send(self, client: WebhookClient, text: str) -> Outcomes:
        """Post the text."""
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.sending.channels.webhook import WebhookPost, webhook_body
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage, send_all

        body = webhook_body(text, title=self.title, activity=self.activity, icon_uri=self.icon_uri)
        return send_all(client, [AddressedMessage(WebhookPost(body), ())], idempotency_store({}, client))
