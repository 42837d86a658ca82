"""Post through an incoming webhook of Team Messaging."""

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
    """Post a text, cards or both through an incoming webhook once. It needs no app, JWT or quota.

    Source: guide page "Incoming webhooks" (team-messaging/incoming-webhooks), format 2. An answer that says that
    nothing was posted is an error, whatever its status. RingCentral does not tell what a webhook has posted: when the
    answer is lost, the task fails with `OutcomeUnknown` (`on_unknown="resend"` posts again, at the risk of a second
    post).

    The URL is a secret, since anybody who knows it can post. Put it into the **password** of a Connection of any type
    (HTTP will do), where Airflow encrypts and masks it, exactly as RingCentral shows it, such as
    `https://hooks.ringcentral.com/webhook/v2/<id>`. It must be https to a host of RingCentral or in
    `[ringcentral] allowed_hosts` (http to loopback, for the sandbox). The Connection's extra may have a `timeout`
    (seconds).

    Returns `{"posted": true}`: RingCentral tells no id.

    Every value is a template field, except `deferrable`.

    :param text: up to 10,000 UTF-16 units of RingCentral's Markdown, or the name of a template file that ends in
        `.txt`. A template that renders to nothing is refused.
    :param title: a line above the text.
    :param activity: the name that the post is from.
    :param icon_uri: URL of a picture beside it.
    :param attachments: an object (or its JSON) of type `AdaptiveCard`, or of the older type `Card`, or a list of them;
        up to 1,500,000 bytes together.
    :param on_unknown: when the response is lost: `look` and `fail` both fail the task, `resend` posts again.
    :param deferrable: defer while the webhook has had too many posts.
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
        """Return the client of the Connection."""
        from airflow_provider_ringcentral.hooks.webhook import webhook_client

        max_wait = DEFERRABLE_MAX_WAIT_SECONDS if self.deferrable else DEFAULT_MAX_WAIT_SECONDS
        return webhook_client(self.webhook_conn_id, max_wait=max_wait)

    def message(self, client: WebhookClient) -> WebhookPost:
        """Return the post."""
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
        """Return no id: the one in `sent` is ours, unknown to RingCentral."""
        return {"posted": True}
