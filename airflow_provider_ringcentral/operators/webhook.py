"""Posts through an incoming webhook of Team Messaging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.operators.steps.post_operator import RingCentralPostOperator, as_list

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.webhook import WebhookClient
    from airflow_provider_ringcentral.sending.channels.webhook import WebhookPost
    from airflow_provider_ringcentral.sending.once.message import Sent


class RingCentralPostWebhookOperator(RingCentralPostOperator):
    """Post a text, cards or both through an incoming webhook, once. No app, no JWT and no quota are needed.

    Source: guide pages team-messaging/incoming-webhooks, format 2. An answer that says that no post was made is an
    error, whatever its status. Nobody can ask what a webhook has posted: when the answer is lost, the task fails with
    `OutcomeUnknown` (`on_unknown="resend"` posts again instead, at the risk of a second post).

    The URL is a secret, since whoever knows it can post. It belongs into the **password** of a Connection of any type
    (HTTP will do), where Airflow encrypts and masks it: whole, as RingCentral shows it, such as
    `https://hooks.ringcentral.com/webhook/v2/<id>`. Only https to RingCentral's hosts and those in
    `[ringcentral] allowed_hosts` is accepted (http to loopback, for the sandbox). `timeout` (seconds) may stand in the
    Connection's extra.

    Returns `{"posted": true}`: RingCentral tells no id.

    Every value is a template field, `deferrable` excepted.

    :param text: up to 10,000 UTF-16 units of RingCentral's Markdown, or the name of a template file that ends in
        `.txt`. A template that renders nothing is refused.
    :param title: a line above the text.
    :param activity: what the post says it comes from, in the place of a name.
    :param icon_uri: URL of a picture beside it.
    :param attachments: an object (or its JSON) of type `AdaptiveCard`, or of the older type `Card`, or a list of them;
        up to 1,500,000 bytes together.
    :param on_unknown: when the answer is lost: `look` or `fail` fail, `resend` posts again.
    :param on_rerun: when a person clears the task after it succeeded: `send` again or `skip` (Airflow 3.3 and later).
    :param deferrable: give the worker back while the webhook has had too many posts.
    :param webhook_conn_id: the Connection whose password is the URL.
    """

    template_fields: Sequence[str] = (
        *RingCentralPostOperator.post_fields,
        "webhook_conn_id",
        "text",
        "title",
        "activity",
        "icon_uri",
        "attachments",
    )
    template_ext: Sequence[str] = (".txt",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"attachments": "json"}

    def __init__(
        self,
        *,
        text: str = "",
        title: str | None = None,
        activity: str | None = None,
        icon_uri: str | None = None,
        attachments: Mapping[str, Any] | str | Sequence[Mapping[str, Any] | str] = (),
        webhook_conn_id: str = "ringcentral_webhook_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.text = text
        self._has_text = bool(text)
        self.title = title
        self.activity = activity
        self.icon_uri = icon_uri
        self.attachments = attachments
        self.webhook_conn_id = webhook_conn_id

    def client(self) -> WebhookClient:
        """The client of the Connection."""
        from airflow_provider_ringcentral.hooks.webhook import webhook_client

        patience = DEFERRABLE_MAX_WAIT_SECONDS if self.deferrable else DEFAULT_MAX_WAIT_SECONDS
        return webhook_client(self.webhook_conn_id, max_wait=patience)

    def message(self, client: WebhookClient) -> WebhookPost:
        """A post."""
        from airflow_provider_ringcentral.sending.channels.webhook import WebhookPost, webhook_body

        return WebhookPost(
            webhook_body(
                self.text,
                title=self.title,
                activity=self.activity,
                icon_uri=self.icon_uri,
                attachments=as_list(self.attachments),
                has_text=self._has_text,
            )
        )

    def result(self, message: WebhookPost, sent: Sent) -> dict[str, Any]:
        """The id is ours and means nothing to RingCentral."""
        return {"posted": True}
