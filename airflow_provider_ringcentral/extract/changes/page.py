"""One page of a change sync, read without rebuilding its records."""

from __future__ import annotations

from datetime import datetime

import msgspec

from airflow_provider_ringcentral.client.answer import UNREADABLE
from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.extract.call_log.page import as_lines, start_moment, without_layout


class _Info(msgspec.Struct, rename="camel"):
    sync_token: str
    sync_time: str
    newer_records_exist: bool | None = None


class _Answer(msgspec.Struct, rename="camel"):
    records: list[msgspec.Raw]
    sync_info: _Info


# gc=False: a thousand of these a page would wake the garbage collector, and strings form no cycles.
class _Change(msgspec.Struct, rename="camel", gc=False):
    id: str | int
    start_time: str | None = None
    deleted: bool | None = None


class _Changes(msgspec.Struct):
    records: list[_Change]


_answer = msgspec.json.Decoder(_Answer)
_changes = msgspec.json.Decoder(_Changes)


class ChangePage:
    """An answer of extractSyncAccountCallLog.

    `lines` are its records as NDJSON, `deleted` counts those that are, `times` are the start times of all others;
    `token` and `time` (aware) say what to go on from, `more` whether newer records exist.

    Raises `Unavailable` when the answer is no such page, or one of its records has no id, or is not deleted and has no
    start time.
    """

    def __init__(self, body: bytes) -> None:
        try:
            body = without_layout(body)
            answer, changes = _answer.decode(body), _changes.decode(body).records
        except UNREADABLE as error:
            raise Unavailable(f"RingCentral's answer is no page of a call log's changes: {error}") from error
        self.token = answer.sync_info.sync_token
        self.more = bool(answer.sync_info.newer_records_exist)
        self.time = start_moment(answer.sync_info.sync_time, "RingCentral's answer has a syncTime")
        self.lines = as_lines(answer.records)
        self.deleted = sum(bool(change.deleted) for change in changes)
        self.times: list[datetime] = []
        for change in changes:
            if change.deleted:
                continue
            if change.start_time is None:
                raise Unavailable("A record among the changes of RingCentral's call log has no startTime.")
            self.times.append(start_moment(change.start_time))

    def __len__(self) -> int:
        return len(self.times) + self.deleted
