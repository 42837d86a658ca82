"""Send pager messages: texts between extensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.send_all import AddressedMessage

Extension = str | int | Mapping[str, str]


class RingCentralSendPagerOperator(RingCentralMessageOperator):
    """Send a pager message (a text within the company) to each extension once, and wait for its status.

    Source: operationId createInternalTextMessage (app scope InternalMessages, user permission InternalSMS). The JWT's
    user is the sender. Recipients and text are checked before anything is sent. Result and errors are those of
    `RingCentralSendSmsOperator`; `segments` is None. `Sent` is the last status, so `sent` and `delivered` mean the
    same.

    Every value is a template field, except `deferrable`.

    :param to: an extension number, such as `"101"`, or RingCentral's internal id as `{"extensionId": "400131427008"}`,
        or a list of these.
    :param text: up to 1024 UTF-16 units, or the name of a template file that ends in `.txt`.
    :param group: send one message to all of `to` (up to 10), who see each other.
    """

    template_fields: Sequence[str] = (*RingCentralMessageOperator.sending_fields, "to", "text", "group")
    template_ext: Sequence[str] = (".txt",)

    def __init__(self, *, to: Extension | Sequence[Extension], text: str, group: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.text = text
        self.group = group

    def messages(self, client: RingCentralClient) -> list[AddressedMessage[RingCentralClient]]:
        """Return one message per extension, or one to all."""
        from airflow_provider_ringcentral.operators.steps.send_options import message_recipients
        from airflow_provider_ringcentral.sending.channels.pager import MOST_UNITS, PagerMessage, parse_extension
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage
        from airflow_provider_ringcentral.sending.text import parse_text

        text = parse_text(self.text, MOST_UNITS)
        recipients = message_recipients(self.log, self.to, parse_extension, group=self.group)
        return [AddressedMessage(PagerMessage(one.address, text), one.positions) for one in recipients]
