"""Base classes of the operators that post: once, without a status to wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_ringcentral.arguments import is_unset
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.operators.steps.deferral import deferring, task_hook
from airflow_provider_ringcentral.operators.steps.message_operator import SETTLING_SECONDS

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.operators.steps.send_options import OnceOptions
    from airflow_provider_ringcentral.sending.once.message import Message, Sent


class RingCentralPostOperator(BaseOperator):
    """Post one message once. Subclasses define the `client` and the `message`, or the `update` of an earlier one.

    :param on_unknown: when the response is lost: `look` looks the post up and fails if it is not found; `resend` looks
        it up and posts again if it is not found, so it may appear twice; `fail` fails at once.
    :param on_rerun: when a person clears the task after its success: `send` again or `skip` (Airflow 3.3 and later).
    :param deferrable: defer while the quota is used up.
    """

    post_fields: Sequence[str] = ("on_unknown", "on_rerun")
    settling: DurationArgument = SETTLING_SECONDS
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        on_unknown: str = "look",
        on_rerun: str = "send",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_unknown = on_unknown
        self.on_rerun = on_rerun
        self.deferrable = deferrable

    def client(self) -> Any:
        """Return the client to post with."""
        raise BadArgument(f"{type(self).__name__} must override client().")

    def message(self, client: Any) -> Message[Any]:
        """Return the message to post. Raises `BadArgument` for an invalid argument."""
        raise BadArgument(f"{type(self).__name__} must override message().")

    def update(self, client: Any) -> dict[str, Any] | None:
        """Update an earlier post and return the task's result; None when the task posts a new one."""
        return None

    def result(self, message: Any, sent: Sent) -> dict[str, Any]:
        """Return the task's result."""
        return {"found": sent.found}

    def execute(self, context: Context) -> dict[str, Any]:
        """Post. A retry finds the message that an earlier try has posted."""
        return self._post(context, resumed=False)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Post after a rate limit has passed."""
        return self._post(context, resumed=True)

    def _post(self, context: Context, *, resumed: bool) -> dict[str, Any]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.operators.steps.send_options import once_options

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            options = once_options(self, context)
            client = self.client()
            updated = self.update(client)
            return self._once(context, client, options, resumed=resumed) if updated is None else updated

    def _once(self, context: Context, client: Any, options: OnceOptions, *, resumed: bool) -> dict[str, Any]:
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.sending.once.send_once import send_once

        message, store = self.message(client), idempotency_store(context, client, resumed=resumed)
        sent = send_once(
            client,
            message,
            store,
            on_unknown=options.on_unknown,
            on_rerun=options.on_rerun,
            settling=options.settling,
        )
        store.finish()
        self.log.info("%s %s is at RingCentral%s.", message.channel, sent.id, sent.log_suffix)
        return self.result(message, sent)


class RingCentralChatOperator(RingCentralPostOperator):
    """Post one message to a chat once, as the JWT's user.

    Returns a dict (JSON): `id` and `chat` (strings), `found` (true if it was found after its answer was lost).

    :param chat: the id of a chat.
    :param team: instead of `chat`: the exact name of a team that the JWT's user is a member of.
    :param email: instead of `chat`: the e-mail address of a person of the company, for their direct conversation.
    :param settling: seconds to look for a post whose answer was lost.
    :param ringcentral_conn_id: the Connection.
    """

    chat_fields: Sequence[str] = (
        *RingCentralPostOperator.post_fields,
        "ringcentral_conn_id",
        "chat",
        "team",
        "email",
        "settling",
    )

    def __init__(
        self,
        *,
        chat: str | int | None = None,
        team: str | None = None,
        email: str | None = None,
        settling: DurationArgument = SETTLING_SECONDS,
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.chat = chat
        self.team = team
        self.email = email
        self.settling = settling
        self.ringcentral_conn_id = ringcentral_conn_id

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        return task_hook(self.ringcentral_conn_id, deferrable=self.deferrable)

    def client(self) -> RingCentralClient:
        """Return the hook's client."""
        return self.hook.get_conn()

    def chat_id(self, client: RingCentralClient) -> str:
        """Return the id of the chat to post to."""
        from airflow_provider_ringcentral.sending.channels.team_messaging.chats import chat_of

        return chat_of(client, chat=self.chat, team=self.team, email=self.email)

    def result(self, message: Any, sent: Sent) -> dict[str, Any]:
        """Return the task's result."""
        return post_result(sent.id, message.chat, found=sent.found)


def post_result(post_id: Any, chat: Any, *, found: bool = False) -> dict[str, Any]:
    """Return a task's result for a post."""
    return {"id": str(post_id), "chat": None if chat is None else str(chat), "found": found}


def as_list(value: Any) -> list[Any]:
    """Return an argument that is one value or a sequence of them as a list."""
    if value is None or isinstance(value, (str, int, Mapping)):
        return [] if is_unset(value) else [value]
    return list(value)
