"""Send personal texts to many recipients from a high-volume number."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.operators.steps.deferral import pause_or_defer
from airflow_provider_ringcentral.operators.steps.message_operator import RingCentralMessageOperator
from airflow_provider_ringcentral.operators.steps.send_options import paths_as_texts

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.operators.steps.send_options import SendOptions
    from airflow_provider_ringcentral.sending.broadcast.a2p import BatchProgress
    from airflow_provider_ringcentral.sending.broadcast.broadcast import Broadcast, BroadcastReceipt
    from airflow_provider_ringcentral.sending.broadcast.rows import Addressee
    from airflow_provider_ringcentral.sending.once.store import IdempotencyStore

Recipients = str | Sequence[str | Mapping[str, Any]]


class RingCentralSendA2PSmsOperator(RingCentralMessageOperator):
    """Text many recipients, each once, from a high-volume number, and write the outcome of each to a file.

    Source: operationIds createA2PSMS, readA2PBatch, listA2PSMS (app scope A2PSMS; 50 requests a minute) and
    searchSmsConsentRecords (app scope SMS). The sending number needs A2PSmsSender. RingCentral takes 250,000 messages a
    day per number, to the US and Canada only.

    All recipients and texts are checked, then stored beside the destination, so that a killed or retried task resumes
    with the same list. Batches that were sent are not sent again; one whose answer was lost is looked for by its size,
    numbers and texts. A smaller batch of the same messages may be this one without rejected ones: `OutcomeUnknown`
    names it. A recipient that is named twice gets the first text only; one that has opted out gets none. Failures of
    single recipients do not fail the task, unless there are more than `max_failures`.

    The result has one row per recipient, in their order: row (from 1), to, status (RingCentral's, or `Rejected`,
    `OptedOut`, `Duplicate`), errorCode, description, batchId, messageId, segmentCount, cost, lastModifiedTime. It
    contains phone numbers, but no texts.

    Returns its receipt (JSON, below 8 KB): destination, format, records, bytes, sha256, requests, seconds_waited,
    batches (ids), statuses (rows by status), failed. The asset events of `outlets` have it as `extra`.

    Raises `OutcomeUnknown` when it is unknown whether a batch was sent, `NotConfirmed` when `timeout` passed first (a
    retry waits again), `DeliveryFailed` with more than `max_failures`, after the result is written.

    Every value is a template field, except `deferrable`.

    :param destination: the file of the result: a path or URL that Airflow's ObjectStoragePath understands.
    :param to: a list (also from XCom) of phone numbers in E.164, or of dicts with `to`, optionally `text`, and values
        for placeholders.
    :param recipients_file: instead of `to`, a file with the same keys: .csv with a header (UTF-8), or .ndjson. It is
        streamed.
    :param text: up to 1000 UTF-16 units, for recipients without a text of their own; `{name}` is the recipient's
        `name`. A text that ends in `.txt` is the name of a template file.
    :param from_number: a number of the JWT's user that can send batches; None: the Connection's Default sender, else
        the only one.
    :param file_format: of the result: `ndjson`, `ndjson.gz`, `csv` or `parquet`; None: by the destination's suffix.
    :param chunk_size: recipients per batch, at most 10,000.
    :param max_failures: how many recipients may be rejected or not delivered to; None or -1: any number.
    :param wait_for: `accepted` (RingCentral has the batches), `sent` (all messages have left its queue) or `delivered`
        (the batches are Completed: no status changes any more).
    :param known_batches: ids of batches that you know to be this task's: one whose answer was lost is found among them
        even with fewer messages.
    :param on_unknown: when the response to a batch is lost: `look` looks it up and fails if it is not found; `resend`
        looks it up and sends it again if it is not found, so all of it may arrive twice; `fail` fails at once.
    """

    template_fields: Sequence[str] = (
        *RingCentralMessageOperator.sending_fields,
        "destination",
        "to",
        "recipients_file",
        "text",
        "from_number",
        "file_format",
        "chunk_size",
        "max_failures",
        "known_batches",
    )
    template_ext: Sequence[str] = (".txt",)

    def __init__(
        self,
        *,
        destination: str | Path | ObjectStoragePath,
        to: Recipients | None = None,
        recipients_file: str | Path | ObjectStoragePath | None = None,
        text: str | None = None,
        from_number: str | None = None,
        file_format: str | None = None,
        chunk_size: int | str = 10_000,
        max_failures: int | str | None = None,
        known_batches: str | Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination = paths_as_texts(destination)
        self.to = to
        self.recipients_file = paths_as_texts(recipients_file)
        self.text = text
        self.from_number = from_number
        self.file_format = file_format
        self.chunk_size = chunk_size
        self.max_failures = max_failures
        self.known_batches = known_batches

    def execute(self, context: Context) -> dict[str, Any]:  # type: ignore[override]
        """Send, wait, and write the result. A retry resumes where an earlier try stopped."""
        return self._broadcast(context, resumed=False)

    def execute_complete(  # type: ignore[override]
        self, context: Context, event: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Resume sending or waiting."""
        return self._broadcast(context, resumed=True)

    def _broadcast(self, context: Context, *, resumed: bool) -> dict[str, Any]:
        from airflow_provider_ringcentral.arguments import parse_texts
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.hooks.task_state import idempotency_store
        from airflow_provider_ringcentral.operators.steps.deferral import deferring
        from airflow_provider_ringcentral.operators.steps.reporting import announce
        from airflow_provider_ringcentral.operators.steps.send_options import send_options
        from airflow_provider_ringcentral.sending.broadcast.broadcast import Broadcast

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            options = send_options(self, context)
            client = self.hook.get_conn()
            store = idempotency_store(context, client, resumed=resumed)
            broadcast = Broadcast(
                client,
                store,
                str(self.destination),
                storage_path,
                on_unknown=options.on_unknown,
                on_rerun=options.on_rerun,
                settling=options.settling,
                known_batches=frozenset(parse_texts("known_batches", self.known_batches)),
            )
            receipt = broadcast.receipt or self._send_and_publish(broadcast, client, store, options)
            broadcast.finish(receipt)
        return announce(receipt, context, self.outlets)

    def _send_and_publish(
        self, broadcast: Broadcast, client: RingCentralClient, store: IdempotencyStore, options: SendOptions
    ) -> BroadcastReceipt:
        from airflow_provider_ringcentral.arguments import parse_count
        from airflow_provider_ringcentral.files.atomic import check_destination
        from airflow_provider_ringcentral.files.formats import format_of
        from airflow_provider_ringcentral.hooks.storage import file_path

        chosen, most = (
            format_of(str(self.destination), self.file_format),
            parse_count("max_failures", self.max_failures),
        )
        check_destination(file_path(self.destination))
        if broadcast.begun:
            self.log.info("Resuming with the stored list of recipients.")
        else:
            self._freeze(broadcast, client)
        sent = broadcast.send()
        self._wait(client, store, [one.id for one in sent.values()], options)
        receipt = broadcast.publish(sent, chosen)
        self.log.info("Recipients: %s.", ", ".join(f"{count} {status}" for status, count in receipt.statuses.items()))
        _check_failures(receipt, most)
        return receipt

    def _freeze(self, broadcast: Broadcast, client: RingCentralClient) -> None:
        from airflow_provider_ringcentral.hooks.settings import log_personal_data
        from airflow_provider_ringcentral.sending.broadcast.a2p import SENDER
        from airflow_provider_ringcentral.sending.broadcast.rows import opted_out
        from airflow_provider_ringcentral.sending.senders import sender

        recipients, size = self._recipients(), self._checked_chunk_size()
        own = sender(client, self.from_number, SENDER, show_numbers=log_personal_data())
        broadcast.freeze(own, recipients, opted_out(client, own), size)

    def _recipients(self) -> Iterable[Addressee]:
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.sending.broadcast.rows import (
            addressees,
            recipients_in_file,
            recipients_in_list,
        )

        if (self.to is None) == (not self.recipients_file):
            raise BadArgument("set either to or recipients_file.", parameter="to")
        if self.recipients_file:
            return addressees(recipients_in_file(storage_path(self.recipients_file, "recipients_file")), self.text)
        return addressees(recipients_in_list(self.to), self.text)

    def _checked_chunk_size(self) -> int:
        from airflow_provider_ringcentral.arguments import parse_count
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.sending.broadcast.a2p import MOST_MESSAGES

        size = parse_count("chunk_size", self.chunk_size) or 0
        if not 0 < size <= MOST_MESSAGES:
            raise BadArgument(f"chunk_size {size} is not from 1 to {MOST_MESSAGES}.", parameter="chunk_size")
        return size

    def _wait(
        self, client: RingCentralClient, store: IdempotencyStore, batches: list[str], options: SendOptions
    ) -> None:
        """Wait until all batches have the wanted status."""
        from airflow_provider_ringcentral.sending.broadcast.a2p import BatchProgress, batches_by_id
        from airflow_provider_ringcentral.sending.status.status import NotConfirmed

        progress = BatchProgress(batches if options.wait_for != "accepted" else [], options.wait_for)
        while (progress := progress.updated(batches_by_id(client, progress.pending))).pending:
            defer = partial(self._defer_until_done, progress, options.poll_interval) if self.deferrable else None
            if not pause_or_defer(store, seconds=options.poll_interval, timeout=options.timeout, defer=defer):
                raise NotConfirmed(
                    f"{len(progress.pending)} of {len(batches)} batches are not {options.wait_for} after "
                    f"{options.timeout:g} s. They were accepted and are not sent again; a retry waits for them again"
                )

    def _defer_until_done(self, progress: BatchProgress, interval: float, left: float) -> None:
        """Defer until the batches have the status. The worker then polls again itself, whatever the event says."""
        from airflow_provider_ringcentral.triggers.batches import MAX_BATCHES, RingCentralA2PBatchTrigger

        trigger = RingCentralA2PBatchTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            ids=progress.pending[:MAX_BATCHES],
            wait_for=progress.wait_for,
            since=progress.since,
            poke_interval=interval,
            deadline=time.time() + left,
        )
        self.defer(trigger=trigger, method_name="execute_complete")


def _check_failures(receipt: BroadcastReceipt, most: int | None) -> None:
    from airflow_provider_ringcentral.client.errors import DeliveryFailed

    if most is not None and receipt.failed > most:
        raise DeliveryFailed(
            f"{receipt.failed} of {receipt.records} recipients were rejected or not delivered to, and max_failures is "
            f"{most}; {receipt.destination} has the reason for each"
        )
