"""Send MMS: pictures, sounds and files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator
from airflow_provider_ringcentral.operators.steps.send_options import file_list, paths_as_texts

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.send_all import AddressedMessage


class RingCentralSendMmsOperator(RingCentralMessageOperator):
    """Send files, with or without a text, to each recipient once, and wait for its status.

    Source: operationId createMMS (app scope SMS, user permission OutboundSMS; 50 messages a minute; the sending number
    needs MmsSender, which toll-free numbers do not have). Recipients, text, files and sender are checked before
    anything is sent. Result and errors are those of `RingCentralSendSmsOperator`; `segments` is None.

    Every value is a template field, except `deferrable`.

    :param to: a phone number in E.164, such as `+16505550100`, or a list of them.
    :param files: up to 10 files with together 1,500,000 bytes: paths or URLs that Airflow's ObjectStoragePath
        understands, `ObjectStoragePath` or `Path`. The suffix tells the type: jpg, png, bmp, gif, tiff, svg, webp; 3gp,
        mp4, m4v, mpeg, avi, flv, wmv, mov, webm, ogg; mp3, m4a, oga, wav, amr; vcf; zip, gz; rtf, pdf, html, txt, csv,
        ics. Carriers may shrink or refuse some.
    :param text: up to 1000 UTF-16 units, or none. A template that renders to nothing is refused. Use
        `{% include "name.txt" %}` for a template file.
    :param from_number: a number of the JWT's user that can send MMS; None: the Connection's Default sender, else the
        only one.
    :param group: send one message to all of `to` (up to 10), who see each other and each other's answers.
    """

    template_fields: Sequence[str] = (
        *RingCentralMessageOperator.sending_fields,
        "to",
        "files",
        "text",
        "from_number",
        "group",
    )

    def __init__(
        self,
        *,
        to: str | Sequence[str],
        files: str | Path | ObjectStoragePath | Sequence[str | Path | ObjectStoragePath],
        text: str = "",
        from_number: str | None = None,
        group: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.files = paths_as_texts(files)
        self.text = text
        self._has_text = bool(text)
        self.from_number = from_number
        self.group = group

    def messages(self, client: RingCentralClient) -> list[AddressedMessage[RingCentralClient]]:
        """Return one message per recipient, or one to all."""
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.operators.steps.send_options import sender_and_recipients
        from airflow_provider_ringcentral.sending.channels.mms import MmsMessage, attachments
        from airflow_provider_ringcentral.sending.channels.sms import MOST_UNITS
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage
        from airflow_provider_ringcentral.sending.text import parse_text

        text = parse_text(self.text or "", MOST_UNITS, may_be_empty=not self._has_text)
        # Lazy: a retry that finds the message sent does not need the files, which may be gone.
        files = cache(lambda: attachments([storage_path(path, "file") for path in file_list("files", self.files)]))
        sender, recipients = sender_and_recipients(
            self.log, client, self.to, self.from_number, group=self.group, media=True
        )
        return [AddressedMessage(MmsMessage(sender, one.address, text, files), one.positions) for one in recipients]
