"""Alerts as texts to phones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.notifications.alert import SETTLING_SECONDS, RingCentralAccountNotifier

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.outcomes import Outcomes


class RingCentralSmsNotifier(RingCentralAccountNotifier):
    """Text an alert to each recipient, from a task's callback, a DAG's callback or a deadline.

    Source: operationId createSMSMessage (app scope SMS; 40 texts a minute). Each text goes out at most once: if its
    answer is lost, it is looked up, and not sent again if it cannot be found. Each recipient is tried, whatever happens
    to the others. A notifier never fails your task: problems are logged, without numbers and texts.

    Many alerts at once end in one text and one summary. The first alert goes out immediately. Later alerts are held
    until `gather` seconds pass without a new one; then one summary goes out. The same alert within `min_interval` is
    held, too. Notifiers coordinate through the ledger ([ringcentral] ledger_url): several machines must share it.

    All fields except `gather` are template fields.

    :param to: a phone number in E.164, such as `+16505550100`, or a list of them.
    :param text: up to 1000 UTF-16 units; longer texts are cut. None: what happened, where, and a link, which is also
        sent if a template cannot be rendered (the context of a deadline has `dag_run` and `deadline` only).
    :param from_number: one of the numbers of the JWT's user that can send SMS; None: the Default sender of the
        Connection, else the first of them.
    :param dedup_key: alerts with equal keys count as the same alert; None: DAG and task.
    :param min_interval: seconds in which the same alert is sent once, and named in one summary.
    :param max_per_hour: texts to each of these recipients in any hour, plus one summary; None: any number.
    :param gather: seconds without another alert after which a summary is sent. Airflow ends the process of a task 20 s
        after the task (`[core] task_success_overtime`). A notifier therefore ends after 18 s, or 10 s after `gather` if
        that is later.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = ("to", "from_number", *RingCentralAccountNotifier.account_fields)
    most_units: ClassVar[int] = 1000
    shows_markdown: ClassVar[bool] = False

    def __init__(self, *, to: str | Sequence[str], from_number: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.from_number = from_number

    def audience(self) -> str:
        """Return a digest of the recipients."""
        from airflow_provider_ringcentral.sending.once.message import digest
        from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number, recipients

        everybody = sorted(one.address for one in recipients(self.to, parse_phone_number))
        return digest("SMS", self.ringcentral_conn_id, *everybody)

    def send(self, client: RingCentralClient, text: str) -> Outcomes:
        """Send a text to each recipient, whatever happens to the others."""
        from airflow_provider_ringcentral.hooks.settings import log_personal_data
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.sending.channels.sms import SmsMessage
        from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number, recipients
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage, send_all_then_look_up
        from airflow_provider_ringcentral.sending.senders import SMS, sender

        everybody = recipients(self.to, parse_phone_number)
        own = sender(client, self.from_number, SMS, show_numbers=log_personal_data(), any_of_several=True)
        messages = [AddressedMessage(SmsMessage(own, (one.address,), text), one.positions) for one in everybody]
        # A store of its own: what the task itself has sent to the same number is another message.
        return send_all_then_look_up(client, messages, idempotency_store({}, client), settling=SETTLING_SECONDS)
