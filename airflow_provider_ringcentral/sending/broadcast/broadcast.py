"""A broadcast: its list of recipients is frozen, each chunk is sent once, and the result has every recipient."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.errors import OutcomeUnknown
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.usage import UsageDelta
from airflow_provider_ringcentral.files.atomic import complete_file, folder_of, make_folder
from airflow_provider_ringcentral.files.columns import Column, ColumnType
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.files.receipt import Receipt
from airflow_provider_ringcentral.sending.broadcast.a2p import A2PBatchMessage, batch_messages, recipient_of
from airflow_provider_ringcentral.sending.broadcast.folder import (
    DUPLICATE,
    OPTED_OUT,
    BroadcastFolder,
    Line,
    Rejected,
    Result,
)
from airflow_provider_ringcentral.sending.once.message import Record, Sent
from airflow_provider_ringcentral.sending.once.send_once import send_once
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore
from airflow_provider_ringcentral.sending.status.status import WaitState, wait_state_of

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.broadcast.rows import Addressee

REJECTED = "Rejected"
ACCEPTED = "Accepted"
"""RingCentral has accepted the message, and does not list it yet."""

UNKNOWN = "Unknown"
"""The batch does not have the message, and the answer that named rejected ones is lost."""

COLUMNS = (
    Column("row", ("row",), ColumnType.INTEGER),
    Column("to", ("to",)),
    Column("status", ("status",)),
    Column("errorCode", ("errorCode",)),
    Column("description", ("description",)),
    Column("batchId", ("batchId",)),
    Column("messageId", ("messageId",)),
    Column("segmentCount", ("segmentCount",), ColumnType.INTEGER),
    Column("cost", ("cost",), ColumnType.NUMBER),
    Column("lastModifiedTime", ("lastModifiedTime",), ColumnType.TIME),
)


@dataclass
class PublishedRows:
    """What was published: rows by status, how many failed, and the size and hash of the file."""

    statuses: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    bytes: int = 0
    sha256: str = ""


def publish(
    client: RingCentralClient,
    folder: BroadcastFolder,
    chunks: int,
    sent: Mapping[int, Sent],
    *,
    destination: UPath,
    chosen: Format,
) -> PublishedRows:
    """Read the statuses of all messages (10 requests for a chunk), and write the file, complete or not at all."""
    for chunk in range(1, chunks + 1):
        # Chunk by chunk, so that a task that defers in between does not start over.
        if not folder.has_results(chunk):
            batch = sent.get(chunk)
            records = {} if batch is None else _records(client, batch)
            folder.put_results(chunk, list(results(folder.lines(chunk), batch, records, folder.rejected(chunk))))
    count = PublishedRows()
    make_folder(destination.fs, folder_of(destination.path))
    with complete_file(destination) as out:
        chosen.write(_counted(folder, chunks, count), out, COLUMNS)
    count.bytes, count.sha256 = out.bytes, out.sha256
    return count


def results(
    lines: list[Line], batch: Sent | None, records: Mapping[str, Record], rejected: Mapping[int, Rejected] | None
) -> Iterator[Result]:
    """Combine the recipients of a chunk with what is known of their messages. Pure.

    `records` are the messages of the batch by number, `rejected` are the rejections by index (from 1, of those sent).
    None means that the answer is lost: then a message that is not listed has an unknown status.
    """
    messages = sum(not line.status for line in lines)
    complete = rejected is not None or (batch is not None and batch.record.get("batchSize") == messages)
    index = 0
    for line in lines:
        if line.status or batch is None:
            yield Result(line.row, line.to, line.status)
            continue
        index += 1
        why = (rejected or {}).get(index)
        if record := records.get(line.to):
            yield _result_of(line, batch.id, record)
        elif why is not None:
            yield Result(line.row, line.to, REJECTED, why.errorCode, why.description, batch.id)
        else:
            yield Result(line.row, line.to, ACCEPTED if complete else UNKNOWN, batchId=batch.id)


def _records(client: RingCentralClient, batch: Sent) -> dict[str, Record]:
    created = iso_time(batch.record.get("creationTime"))
    return {recipient_of(one): one for one in batch_messages(client, batch.id, created)}


def _counted(folder: BroadcastFolder, chunks: int, count: PublishedRows) -> Iterator[bytes]:
    decoder = msgspec.json.Decoder(Result)
    for chunk in range(1, chunks + 1):
        lines = folder.result_bytes(chunk)
        for one in decoder.decode_lines(lines):
            count.statuses[one.status] += 1
            count.failed += _failed(one)
        yield lines


def _failed(result: Result) -> bool:
    record = {"messageStatus": result.status, "errorCode": result.errorCode}
    return result.status == REJECTED or wait_state_of(record, "accepted") is WaitState.FAILED


def _result_of(line: Line, batch: str, record: Record) -> Result:
    message = record.get("id")
    return Result(
        line.row,
        line.to,
        str(record.get("messageStatus") or ACCEPTED),
        record.get("errorCode"),
        batchId=batch,
        messageId=None if message is None else str(message),
        segmentCount=record.get("segmentCount"),
        cost=record.get("cost"),
        lastModifiedTime=record.get("lastModifiedTime"),
    )


@dataclass(frozen=True, slots=True)
class BroadcastReceipt(Receipt):
    """The receipt of a broadcast's result, which has one row for each recipient given; for XCom and asset events.

    `batches` are the ids of its batches (the first 200). `statuses` counts rows by status: RingCentral's statuses,
    `Rejected` (by the answer that accepted the rest), `OptedOut` and `Duplicate` (both not sent). `failed` counts
    rejected and undelivered messages.
    """

    batches: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    failed: int = 0


log = logging.getLogger(__name__)

PLAN_KEY = "broadcast"
MOST_BATCHES = 200
"""Ids in a receipt."""


class Plan(msgspec.Struct):
    """What the store records of a broadcast.

    `token` names its folder, which lies beside `destination` (empty in records of older versions: beside the result).
    `chunks` is 0 until the list is frozen. `receipt` is set when everything is done.
    """

    token: str
    max_tries: int = msgspec.field(name="order")
    sender: str = ""
    destination: str = ""
    chunks: int = 0
    receipt: dict[str, Any] | None = None


class Broadcast:
    """The broadcast of one task. A retry resumes where the earlier try stopped.

    With `on_rerun="skip"`, a broadcast that was finished before a person cleared the task stays done. `known_batches`
    are ids of batches that a person has named as this broadcast's. `path_of` makes a path of a destination.
    """

    def __init__(
        self,
        client: RingCentralClient,
        store: IdempotencyStore,
        destination: str,
        path_of: Callable[[str], UPath],
        *,
        on_unknown: str = "look",
        on_rerun: str = "send",
        settling: float | None = None,
        known_batches: AbstractSet[str] = frozenset(),
    ) -> None:
        self._client = client
        self._store = store
        self._destination = path_of(destination)
        self._known = known_batches
        self._send_options: dict[str, Any] = {"on_unknown": on_unknown, "on_rerun": on_rerun, "settling": settling}
        self._usage = UsageDelta(client)
        plan = _plan(store.get(PLAN_KEY))
        if plan is None and on_rerun == "skip" and (finished := _plan(store.get_finished(PLAN_KEY))):
            plan = finished if finished.receipt else None
        self._plan = plan or Plan(uuid.uuid4().hex, store.max_tries, destination=destination)
        # A retry may render another destination; the list stays where it was frozen.
        beside = path_of(self._plan.destination or destination)
        self._folder = BroadcastFolder(beside, self._plan.token, store.attempt)

    @property
    def receipt(self) -> BroadcastReceipt | None:
        """The receipt, if an earlier try has done everything."""
        return None if self._plan.receipt is None else BroadcastReceipt(**self._plan.receipt)

    @property
    def begun(self) -> bool:
        """Whether any chunk may be at the server. Then the list stays as it was frozen, whatever is given now."""
        return any(self._is_out(chunk) for chunk in range(1, self._plan.chunks + 1))

    def freeze(self, sender: str, everybody: Iterable[Addressee], opted_out: AbstractSet[str], chunk_size: int) -> None:
        """Validate all recipients, and write them to the folder in chunks. Takes 100 bytes of memory for each number.

        A number that is given twice is sent the first text only.
        """
        seen = set[int]()
        lines: list[Line] = []
        chunks = 0
        plan = Plan(self._plan.token, self._store.max_tries, sender, self._plan.destination)
        self._record(plan)
        for one in everybody:
            number = int(one.to)
            status = DUPLICATE if number in seen else OPTED_OUT if one.to in opted_out else ""
            seen.add(number)
            lines.append(Line(one.row, one.to, "" if status else one.text, status))
            if len(lines) == chunk_size:
                chunks += 1
                self._folder.put_lines(chunks, lines)
                lines = []
        if lines:
            chunks += 1
            self._folder.put_lines(chunks, lines)
        if not chunks:
            raise BadArgument("to has no recipient; give at least one.", parameter="to")
        plan.chunks = chunks
        self._record(plan)

    def send(self) -> dict[int, Sent]:
        """Send every chunk once, in order. Returns batches by chunk, without chunks that have nothing to send."""
        sent: dict[int, Sent] = {}
        for chunk in range(1, self._plan.chunks + 1):
            messages = [(line.to, line.text) for line in self._folder.lines(chunk) if not line.status]
            if messages:
                sent[chunk] = self._send(chunk, messages)
                _log_batch(sent[chunk], len(messages))
        return sent

    def publish(self, sent: Mapping[int, Sent], chosen: Format) -> BroadcastReceipt:
        """Publish the result, and return its receipt."""
        count = publish(
            self._client, self._folder, self._plan.chunks, sent, destination=self._destination, chosen=chosen
        )
        return BroadcastReceipt(
            destination=str(self._destination),
            format=chosen.name,
            records=sum(count.statuses.values()),
            bytes=count.bytes,
            sha256=count.sha256,
            requests=self._usage.requests(0),
            seconds_waited=self._usage.seconds_waited(),
            batches=[one.id for one in sent.values()][:MOST_BATCHES],
            statuses=dict(sorted(count.statuses.items())),
            failed=count.failed,
        )

    def finish(self, receipt: BroadcastReceipt) -> None:
        """Record that everything is done, then remove the folder. May be repeated."""
        self._plan.receipt = receipt.as_dict()
        self._record(self._plan)
        self._store.finish()
        self._folder.remove()

    def _send(self, chunk: int, messages: Sequence[tuple[str, str]]) -> Sent:
        rejected = frozenset(self._folder.rejected(chunk) or ())
        message = A2PBatchMessage(
            self._plan.sender, chunk, messages, self._folder.put_rejected, rejected=rejected, known_ids=self._known
        )
        try:
            return send_once(self._client, message, self._store, **self._send_options)
        except OutcomeUnknown as error:
            raise message.undecided(error) from error.__cause__

    def _is_out(self, chunk: int) -> bool:
        state = self._store.read(A2PBatchMessage.key_of(chunk))
        return state is not None and state.may_be_out

    def _record(self, plan: Plan) -> None:
        self._plan = plan
        self._store.set(PLAN_KEY, msgspec.to_builtins(plan))


def _log_batch(sent: Sent, count: int) -> None:
    log.info("Batch %s of %d messages is at RingCentral%s.", sent.id, count, sent.log_suffix)


def _plan(value: Any) -> Plan | None:
    try:
        return None if value is None else msgspec.convert(value, Plan)
    except msgspec.ValidationError:
        return None
