"""Send SMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.send_all import AddressedMessage


class RingCentralSendSmsOperator(RingCentralMessageOperator):
    """Send a text to each recipient once, and wait for its status.

    Source: operationId createSMSMessage (app scope SMS, user permission OutboundSMS; 40 messages a minute). Recipients,
    text and sender are checked before anything is sent. A recipient that is named twice gets one message. Airflow's
    retries, also after a killed worker, do not send again: a message whose answer was lost is looked for.

    Returns a list (JSON) with one dict per message: `to` (positions of its recipients in the argument `to`, from 0),
    `id` (string), `status` (RingCentral's messageStatus when the wait ended), `segments` (SMS segments), `found` (true
    if it was found after its answer was lost). XCom takes at most 48 KB: a result of more than about 500 messages has
    `to` and `id` only, and of more than about 1,000 only the first.

    Raises `OutcomeUnknown` when it is unknown whether a message was sent, `DeliveryFailed` (with code and remedy) when
    it was sent and failed, `NotConfirmed` when `timeout` passed without the status.

    Every value is a template field, except `deferrable`.

    :param to: a phone number in E.164, such as `+16505550100`, or a list of them.
    :param text: up to 1000 UTF-16 units. A text that ends in `.txt` is the name of a template file of the DAG, whose
        content is rendered and sent.
    :param from_number: a number of the JWT's user that can send SMS; None: the Connection's Default sender, else the
        only one.
    :param group: send one message to all of `to` (up to 10), who see each other and each other's answers.
    """

    template_fields: Sequence[str] = (*RingCentralMessageOperator.sending_fields, "to", "text", "from_number", "group")
    template_ext: Sequence[str] = (".txt",)

    def __init__(
        self,
        *,
        to: str | Sequence[str],
        text: str,
        from_number: str | None = None,
        group: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.text = text
        self.from_number = from_number
        self.group = group

    def messages(self, client: RingCentralClient) -> list[AddressedMessage[RingCentralClient]]:
        """Return one message per recipient, or one to all."""
        from airflow_provider_ringcentral.operators.steps.send_options import sender_and_recipients
        from airflow_provider_ringcentral.sending.channels.sms import MOST_UNITS, SmsMessage
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage
        from airflow_provider_ringcentral.sending.text import parse_text, segments

        text = parse_text(self.text, MOST_UNITS)
        sender, recipients = sender_and_recipients(self.log, client, self.to, self.from_number, group=self.group)
        self.log.info("Sending %d messages of %d SMS segments each.", len(recipients), segments(text))
        return [AddressedMessage(SmsMessage(sender, one.address, text), one.positions) for one in recipients]

    def segments(self, record: Mapping[str, Any]) -> int:
        """Return RingCentral's count of segments, else ours."""
        from airflow_provider_ringcentral.sending.text import segments

        return int(record.get("segmentCount") or segments(self.text))
