"""Alerts as texts to phones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.notifications.alert import SECONDS_OF_LOOKING, RingCentralAccountNotifier

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.outcomes import Outcomes


class RingCentralSmsNotifier(RingCentralAccountNotifier):
    """Text an alert to each recipient, from a task's callback, a DAG's callback or a deadline.

    Source: operationId createSMSMessage (app scope SMS; 40 texts a minute). Each text goes out once: one whose answer
    is lost is looked for, and not sent again when it cannot be found. Everybody in `to` is tried, whatever the others
    met. Never raises; what goes wrong is logged, without number and text.

    Storms end in one text and one summary: the first alert goes out at once. What comes before it has been quiet for
    `gather` seconds, or is the same within `min_interval`, is held back, and the last one sends a summary of them. They
    know of each other by the ledger ([ringcentral] ledger_url), so on several machines it must be shared.

    Every value is a template field, `gather` excepted.

    :param to: a phone number in E.164, such as `+16505550100`, or a list of them.
    :param text: up to 1000 UTF-16 units, the rest is cut; None: what happened, where, and a link. A template that
        cannot be rendered in a context (deadlines have `dag_run` and `deadline` only) gives way to that.
    :param from_number: one of the numbers of the JWT's user that can send SMS; None: the Default sender of the
        Connection, else the first of them.
    :param dedup_key: alerts of the same key are the same; None: DAG and task.
    :param min_interval: seconds in which the same alert is sent once and named in one summary.
    :param max_per_hour: texts to each of these recipients in any hour, one summary more apart; None: any number.
    :param gather: seconds without a further alert that end a storm. Airflow ends the process of a task 20 s after its
        task (`[core] task_success_overtime`), and everything here together ends after 18 s, or `gather` and 10 more.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = ("to", "from_number", *RingCentralAccountNotifier.account_fields)
    most_units: ClassVar[int] = 1000
    shows_markdown: ClassVar[bool] = False

    def __init__(self, *, to: str | Sequence[str], from_number: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.from_number = from_number

    def line(self) -> str:
        """These recipients by SMS."""
        from airflow_provider_ringcentral.sending.once.message import digest
        from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number, recipients

        everybody = sorted(one.address for one in recipients(self.to, parse_phone_number))
        return digest("SMS", self.ringcentral_conn_id, *everybody)

    def send(self, client: RingCentralClient, text: str) -> Outcomes:
        """A message each; nobody keeps the others back."""
        from airflow_provider_ringcentral.hooks.settings import log_personal_data
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.sending.channels.sms import SmsMessage
        from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number, recipients
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage, send_all_then_look_up
        from airflow_provider_ringcentral.sending.senders import SMS, sender

        everybody = recipients(self.to, parse_phone_number)
        own = sender(client, self.from_number, SMS, show_numbers=log_personal_data(), any_of_several=True)
        messages = [AddressedMessage(SmsMessage(own, (one.address,), text), one.positions) for one in everybody]
        # A notebook of its own: what the task itself has sent to the same number is another message.
        return send_all_then_look_up(client, messages, idempotency_store({}, client), settling=SECONDS_OF_LOOKING)
