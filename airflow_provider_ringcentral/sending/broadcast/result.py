"""The result of a broadcast: what became of every recipient that was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from airflow_provider_ringcentral.files.atomic import complete_file, folder_of, make_folder
from airflow_provider_ringcentral.files.columns import Column, Kind
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.sending.broadcast.a2p import batch_messages, recipient_of
from airflow_provider_ringcentral.sending.broadcast.folder import BroadcastFolder, Line, Rejected, Result
from airflow_provider_ringcentral.sending.once.message import Record, Sent, moment
from airflow_provider_ringcentral.sending.status.status import Outcome, outcome_of

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient

REJECTED = "Rejected"
ACCEPTED = "Accepted"
"""RingCentral has it, and does not list it yet."""

UNKNOWN = "Unknown"
"""The answer that said who was rejected is lost, and the batch does not have this one."""

COLUMNS = (
    Column("row", ("row",), Kind.INTEGER),
    Column("to", ("to",)),
    Column("status", ("status",)),
    Column("errorCode", ("errorCode",)),
    Column("description", ("description",)),
    Column("batchId", ("batchId",)),
    Column("messageId", ("messageId",)),
    Column("segmentCount", ("segmentCount",), Kind.INTEGER),
    Column("cost", ("cost",), Kind.NUMBER),
    Column("lastModifiedTime", ("lastModifiedTime",), Kind.TIME),
)


@dataclass
class Count:
    """What was written: rows by status, those that failed, and the file."""

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
) -> Count:
    """Ask how the messages of every chunk stand (10 requests each), and write the file, complete at once."""
    for chunk in range(1, chunks + 1):
        # A chunk at a time: a task that gives its worker back in between does not begin anew.
        if not folder.has_results(chunk):
            batch = sent.get(chunk)
            records = {} if batch is None else _records(client, batch)
            folder.put_results(chunk, list(results(folder.lines(chunk), batch, records, folder.rejected(chunk))))
    count = Count()
    make_folder(destination.fs, folder_of(destination.path))
    with complete_file(destination) as out:
        chosen.write(_counted(folder, chunks, count), out, COLUMNS)
    count.bytes, count.sha256 = out.bytes, out.sha256
    return count


def results(
    lines: list[Line], batch: Sent | None, records: Mapping[str, Record], rejected: Mapping[int, Rejected] | None
) -> Iterator[Result]:
    """What became of the lines of a chunk. Pure.

    `records` are the messages of its batch by number, `rejected` what the answer rejected by index (from 1, of those
    sent); None: that answer is lost. Then nobody who is not listed is called rejected, since the answer alone tells.
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
            yield _told(line, batch.id, record)
        elif why is not None:
            yield Result(line.row, line.to, REJECTED, why.errorCode, why.description, batch.id)
        else:
            yield Result(line.row, line.to, ACCEPTED if complete else UNKNOWN, batchId=batch.id)


def _records(client: RingCentralClient, batch: Sent) -> dict[str, Record]:
    created = moment(batch.record.get("creationTime"))
    return {recipient_of(one): one for one in batch_messages(client, batch.id, created)}


def _counted(folder: BroadcastFolder, chunks: int, count: Count) -> Iterator[bytes]:
    decoder = msgspec.json.Decoder(Result)
    for chunk in range(1, chunks + 1):
        lines = folder.result_bytes(chunk)
        for one in decoder.decode_lines(lines):
            count.statuses[one.status] += 1
            count.failed += _failed(one)
        yield lines


def _failed(result: Result) -> bool:
    record = {"messageStatus": result.status, "errorCode": result.errorCode}
    return result.status == REJECTED or outcome_of(record, "accepted") is Outcome.FAILED


def _told(line: Line, batch: str, record: Record) -> Result:
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
