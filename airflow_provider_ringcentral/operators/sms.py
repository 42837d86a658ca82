"""Texts to phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.send_all import AddressedMessage


class RingCentralSendSmsOperator(RingCentralMessageOperator):
    """Send a text to each recipient, once, and wait for its status as asked.

    Source: operationId createSMSMessage (app scope SMS, user permission OutboundSMS; 40 messages a minute). Recipients,
    text and sender are checked before anything is sent; a recipient that is named twice gets one message. Airflow's
    retries, also after a killed worker, do not send again: a message whose answer was lost is looked for.

    Returns a list (JSON) with one dict a message: `to` (the places of its recipients in the argument `to`, from 0),
    `id` (text), `status` (RingCentral's word when the wait ended), `segments` (into how many SMS it is cut), `found`
    (whether it was found after its answer was lost). Of more than some 500 messages it has `to` and `id` only, and of
    more than some 1,000 only the first: XCom gets at most 48 KB, and the log says what is left.

    Raises `OutcomeUnknown` when nobody can tell whether a message went out, `DeliveryFailed` (with code and remedy)
    when it went out and came to nothing, `NotConfirmed` when the status did not come in time.

    Every value is a template field, `deferrable` excepted.

    :param to: a phone number in E.164, such as `+16505550100`, or a list of them.
    :param text: up to 1000 UTF-16 units. A text that ends in `.txt` is the name of a template file, found like every
        template of the DAG; its content is rendered and sent.
    :param from_number: one of the numbers of the JWT's user that can send SMS;
        None: the Connection's Default sender, else the only one.
    :param group: one message to all of `to` (up to 10), who see each other and each other's answers.
    :param wait_for: `accepted` (RingCentral has it), `sent` (the carrier has it, which is often the last that is heard)
        or `delivered` (the phone has it; not every carrier says so).
    :param on_unknown: when the answer to a send is lost: `look` for the message and fail when it cannot be found,
        `resend` it then, at the risk of a second message, or `fail` at once.
    :param on_rerun: when a person clears the task after it succeeded: `send` again or `skip` (Airflow 3.3 and later).
    :param settling: seconds over which a message whose answer was lost is looked for.
    :param deferrable: wait without a worker.
    :param poll_interval: seconds between two looks at the status. Deferred, all waits of the Connection share them.
    :param timeout: seconds until the task gives up waiting. A retry waits on for the same message.
    :param ringcentral_conn_id: the Connection.
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
        """One message a recipient, or one to all."""
        from airflow_provider_ringcentral.operators.steps.send_options import sender_and_recipients
        from airflow_provider_ringcentral.sending.channels.sms import MOST_UNITS, SmsMessage
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage
        from airflow_provider_ringcentral.sending.text import parse_text, segments

        text = parse_text(self.text, MOST_UNITS)
        sender, recipients = sender_and_recipients(self.log, client, self.to, self.from_number, group=self.group)
        self.log.info("Messages: %d, of SMS segments each: %d.", len(recipients), segments(text))
        return [AddressedMessage(SmsMessage(sender, one.address, text), one.positions) for one in recipients]

    def segments(self, record: Mapping[str, Any]) -> int:
        """RingCentral's count, else ours."""
        from airflow_provider_ringcentral.sending.text import segments

        return int(record.get("segmentCount") or segments(self.text))
