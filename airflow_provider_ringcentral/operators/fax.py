"""Send faxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.arguments import is_unset, parse_time
from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator
from airflow_provider_ringcentral.operators.steps.send_options import file_list, paths_as_texts

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

    from airflow_provider_ringcentral.arguments import DurationArgument, TimeArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.operators.steps.send_options import SendOptions
    from airflow_provider_ringcentral.sending.channels.attachment import FileAttachment
    from airflow_provider_ringcentral.sending.once.message import Sent
    from airflow_provider_ringcentral.sending.once.store import IdempotencyStore
    from airflow_provider_ringcentral.sending.send_all import AddressedMessage
    from airflow_provider_ringcentral.sending.status.status import DeliveryState

POLL_INTERVAL_SECONDS = 30.0
TIMEOUT_SECONDS = 3600.0
"""A page takes a minute, five with pictures (guide page messaging/fax/polling-fax-status)."""


class RingCentralSendFaxOperator(RingCentralMessageOperator):
    """Fax files to each recipient once, and wait for its status.

    Source: operationId createFaxMessage (app scope Faxes, user permission OutboundFaxes; 10 requests a minute, shared
    with the call log and recordings). The sender is the number in the user's outbound fax settings. Files are streamed.
    Everything is checked before anything is sent.

    Airflow's retries do not send again: a fax whose answer was lost is looked for by recipient, time, file sizes and
    pages. When several faxes match, the task fails with `OutcomeUnknown`.

    Returns a list (JSON) with one dict per fax: `to` (positions of its recipients in the argument `to`, from 0), `id`
    (string), `status` (RingCentral's messageStatus when the wait ended), `pages` (if they were counted by then),
    `found` (true if it was found after its answer was lost). Errors are those of `RingCentralSendSmsOperator`. `Sent`
    is the last status, so `sent` and `delivered` mean the same.

    Every value is a template field, except `deferrable`.

    :param to: a phone number in E.164, such as `+16505550100`, or a list of them; each gets a separate fax.
    :param files: what to fax, in this order, up to 50,000,000 bytes and 200 pages: paths or URLs that Airflow's
        ObjectStoragePath understands (also `ObjectStoragePath` or `Path`), texts as
        `{"name": "letter.html", "text": "Dear {{ params.name }}, …"}`, and templates as
        `{"template": "s3://my-bucket/letter.html"}`, which are read and rendered. The suffix tells the type: pdf, doc,
        docx, xls, xlsx, ppt, pptx, rtf, txt, html, csv, xml, tif, png, jpg, gif, bmp and some more.
    :param original_message_id: instead of `to` and `files`: the id of a failed fax to send again.
    :param cover: index of a cover page (1-13), 0 for none, None for the default of the user's fax settings. With an
        index, `files` may be empty: the fax is then the cover page alone.
    :param cover_text: up to 1024 UTF-16 units on the cover page. A template that renders to nothing is refused.
    :param resolution: `High` or `Low`.
    :param send_time: when to send (aware time or ISO 8601 text with zone); None or a past time: at once.
    :param poll_interval: seconds between two polls of the status.
    :param timeout: seconds to wait for the status, from `send_time` on.
    """

    template_fields: Sequence[str] = (
        *RingCentralMessageOperator.sending_fields,
        "to",
        "files",
        "original_message_id",
        "cover",
        "cover_text",
        "resolution",
        "send_time",
    )

    def __init__(
        self,
        *,
        to: str | Sequence[str] = (),
        files: str | Path | ObjectStoragePath | Mapping[str, str] | Sequence[Any] = (),
        original_message_id: str | int | None = None,
        cover: int | str | None = None,
        cover_text: str = "",
        resolution: str = "High",
        send_time: TimeArgument = None,
        poll_interval: DurationArgument = POLL_INTERVAL_SECONDS,
        timeout: DurationArgument = TIMEOUT_SECONDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.to = to
        self.files = paths_as_texts(files)
        self.original_message_id = original_message_id
        self.cover = cover
        self.cover_text = cover_text
        self._has_cover_text = bool(cover_text)
        self.resolution = resolution
        self.send_time = send_time
        self._run_context: Context = {}

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Fax and wait. A retry finds the faxes that an earlier try has sent."""
        self._run_context = context
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Resume waiting, or sending after a rate limit."""
        self._run_context = context
        return super().execute_complete(context, event)

    def messages(self, client: RingCentralClient) -> list[AddressedMessage[RingCentralClient]]:
        """Return one fax per recipient, or the failed one."""
        from airflow_provider_ringcentral.operators.steps.send_options import message_recipients
        from airflow_provider_ringcentral.sending.channels.fax.fax import (
            FaxMessage,
            failed_fax,
            fax_style,
            only_original,
        )
        from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number
        from airflow_provider_ringcentral.sending.send_all import AddressedMessage

        moment = parse_time("send_time", self.send_time)
        if not is_unset(self.original_message_id):
            only_original(to=self.to, files=self.files, cover=self.cover, cover_text=self.cover_text)
            return [AddressedMessage(failed_fax(client, self.original_message_id, moment), ())]
        recipients = message_recipients(self.log, self.to, parse_phone_number, group=False)
        style = fax_style(self.resolution, self.cover, self.cover_text, has_text=self._has_cover_text)
        # Lazy: a retry that finds the fax sent does not need the files, which may be gone.
        files = cache(partial(self._attachments, alone=bool(style.cover)))
        return [AddressedMessage(FaxMessage(one.address[0], files, style, moment), one.positions) for one in recipients]

    def _attachments(self, *, alone: bool) -> tuple[FileAttachment, ...]:
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.sending.channels.fax.files import fax_files

        items = file_list("files", self.files)
        return fax_files(
            [self._rendered_text(item) if isinstance(item, Mapping) else storage_path(item, "file") for item in items],
            cover_alone=alone,
        )

    def _rendered_text(self, item: Mapping[str, str]) -> Mapping[str, str]:
        """Return a text with its name; a template is read from its store and rendered."""
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.sending.channels.attachment import read_text

        if "template" not in item:
            return item
        path = storage_path(item["template"], "template")
        text = self.render_template(read_text(path), self._run_context)
        return {"name": path.name, **{name: value for name, value in item.items() if name != "template"}, "text": text}

    def _wait_for_status(
        self,
        client: RingCentralClient,
        store: IdempotencyStore,
        keys: Mapping[str, str],
        state: DeliveryState,
        options: SendOptions,
    ) -> DeliveryState:
        moment = parse_time("send_time", self.send_time)
        ahead = 0.0 if moment is None else max(0.0, moment.timestamp() - store.now())
        return super()._wait_for_status(client, store, keys, state, replace(options, timeout=options.timeout + ahead))

    def _result(
        self, addressed: AddressedMessage[RingCentralClient], sent: Sent, record: Mapping[str, Any]
    ) -> dict[str, Any]:
        result = super()._result(addressed, sent, record)
        del result["segments"]
        return {**result, "pages": record.get("faxPageCount")}
