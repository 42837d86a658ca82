"""The recordings of a window into a folder: each once, complete or absent, with a manifest of what became of it.

Why a recording could not be had, and whether the others can be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.client.classify import SCOPE_CODE
from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument, NotMedia, RecordingsFailed
from airflow_provider_ringcentral.client.usage import UsageDelta
from airflow_provider_ringcentral.extract.call_log.extract import Progress, extract_window
from airflow_provider_ringcentral.extract.recordings.manifest import (
    ArchiveProgress,
    Entry,
    Manifest,
    RecordingsReceipt,
    Status,
    manifest_name,
)
from airflow_provider_ringcentral.extract.recordings.name_template import MANIFESTS, NameTemplate, check_names
from airflow_provider_ringcentral.extract.recordings.recording import ANY_TYPE, Recording, recordings_of
from airflow_provider_ringcentral.extract.recordings.store import NameTaken, PendingRecordings, RecordingStore
from airflow_provider_ringcentral.files.atomic import check_destination, filesystem, tidying
from airflow_provider_ringcentral.files.receipt import fingerprint_of, utc_text

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery

_NO_ROUTE = frozenset({"AGW-404", "CMN-120"})
"""A 404 of the gateway is about the path, not about what it names (FACTS 4.2)."""

IN_A_ROW = {"unavailable": 5, "no_recording": 5, "forbidden": 20}
"""So many failures of one kind, one after the other, are no longer about single recordings: the run stops."""


def failure_of(error: RingCentralError) -> str | None:
    """A word for a failure of this one recording; None when the whole run must stop with `error`.

    `host_refused`, `forbidden`, `not_found` (no such path), `refused`, `name_taken`, `no_recording` (another kind of
    answer) or `unavailable`. Whatever says when to come back stops the run, which then goes on.
    """
    if error.retry_after is not None:
        return None
    if isinstance(error, ConfigurationError):
        return "host_refused" if any(problem.kind == HOST_REFUSED for problem in error.problems) else None
    if isinstance(error, PermissionDenied):
        return None if SCOPE_CODE in error.codes else "forbidden"
    if isinstance(error, NameTaken):
        return "name_taken"
    kinds = (
        (NotFound, "not_found"),
        (BadRequest, "refused"),
        (NotMedia, "no_recording"),
        (Unavailable, "unavailable"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), None)


def is_absent(error: RingCentralError) -> bool:
    """RingCentral knows no such recording: not yet, or no longer."""
    return isinstance(error, NotFound) and not _NO_ROUTE & set(error.codes)


def is_late(recording: Recording, late_window: timedelta, now: datetime) -> bool:
    """The call ended so recently that its recording may still come."""
    return now < recording.end + late_window


def detail_of(error: RingCentralError) -> str:
    """HTTP status and codes, or what came in place of a recording; unlike RingCentral's words nothing personal."""
    if isinstance(error, NotMedia):
        return error.found
    return " ".join([f"HTTP {error.status}"] * (error.status is not None) + list(error.codes))


def with_both_scopes(error: PermissionDenied) -> PermissionDenied:
    """The error, its cure naming both app permissions: who lacks one learns of the other before the next run."""
    if SCOPE_CODE in error.codes and error.remedy is not None:
        cure = f"{error.remedy.cure} Downloading recordings needs both ReadCallLog and ReadCallRecording."
        error.remedy = replace(error.remedy, cure=cure)
    return error


log = logging.getLogger(__name__)

HIDDEN = ".recordings"
"""The folder in the destination for what is no data: lists of calls, beginnings of files, recordings not there."""

PENDING, GONE = "pending", "gone"
"""Its folders for recordings that may still come, and for those that will not: removed, these are asked for again."""

_LAYOUT = 1


class RecordingArchive:
    """Downloads the recordings of `query`'s window (view Detailed) and of those that were pending.

    The window should begin `late_window` earlier than asked for, since rows name a recording later than they appear:
    the difference is added here. `destination` is a folder, which several runs may share. `template` names files,
    `verify` is for `RecordingStore`; `max_failures` recordings may fail (None: any number).

    `run` raises `BadArgument` and `DestinationError` before anything is downloaded, `RecordingsFailed` when all is
    done, and what the client raises for more than a single recording. What is stored stays stored; an equal run that
    follows within 12 hours of the last recording goes on there.
    """

    def __init__(
        self,
        client: RingCentralClient,
        query: CallLogQuery,
        destination: UPath,
        template: str,
        *,
        late_window: timedelta,
        max_failures: int | None = 0,
        verify: str = "size",
        reading: Callable[[Progress], None] | None = None,
        progress: Callable[[ArchiveProgress], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._query, self._destination = client, query, destination
        self._late, self._max_failures = late_window, max_failures
        start, end = self._asked()
        if start >= end:
            raise BadArgument(f"start {utc_text(start)} is not before end {utc_text(end)}.", parameter="start")
        self._template = NameTemplate(template)
        self._reading, self._progress, self._now = reading, progress, now
        self._hidden = destination / HIDDEN
        self._index = self._hidden / f"{query.fingerprint}.calls.ndjson"
        self._store = RecordingStore(destination, self._hidden, self._template, verify)
        self._row: list[Entry] = []
        """Failures of one kind that came one after the other, not yet in the manifest."""
        self._total = self._fetched = 0

    def run(self) -> RecordingsReceipt:
        """Do all that is left to do, and say what became of it."""
        path = self._destination / MANIFESTS / manifest_name(self._query, *self._asked())
        check_destination(path)
        spent = UsageDelta(self._client)
        self._manifest = Manifest(path, self._fingerprint())
        try:
            self._list_calls()
            self._pending, self._gone = (PendingRecordings(self._hidden / folder) for folder in (PENDING, GONE))
            self._total = check_names(self._everything(), self._template)
            self._walk()
        except PermissionDenied as error:
            raise with_both_scopes(error) from error.__cause__
        size, digest = self._manifest.publish()
        self._clear_up()
        receipt = self._receipt(path, size, digest, spent)
        self._judge(receipt)
        return receipt

    def _list_calls(self) -> None:
        """The rows of the window, unless an earlier try has listed them; a list left by a run long ago is made anew."""
        if self._manifest.begun and filesystem(self._index).exists(self._index.path):
            log.info("Going on after %d recordings of an earlier try.", self._manifest.counts.total())
            return
        extract_window(self._client, self._query, self._index, "ndjson", progress=self._reading)
        self._manifest.begin()

    def _everything(self) -> Iterator[Recording]:
        """Those of the window, then those pending from whatever window; some may repeat."""
        wanted = self._query.filters.get("recordingType") or ANY_TYPE
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        with filesystem(self._index).open(self._index.path, "rb") as lines:
            for line in lines:
                yield from recordings_of(decode(line), str(wanted))
        yield from self._pending

    def _walk(self) -> None:
        try:
            for recording in self._everything():
                if self._manifest.listed.add(recording.recording_id):
                    self._note(self._attempt(recording))
                    self._tell()
            self._settle_row()
        finally:
            # Of what follows a deferral or a retry, only what was downloaded meanwhile must not be lost.
            self._manifest.flush()

    def _attempt(self, recording: Recording) -> Entry:
        """Look whether it is there, else fetch it; an error comes out only when the run must stop with it."""
        try:
            sidecar = self._store.stored(recording)
            status = Status.PRESENT if sidecar else Status.STORED
            if sidecar is None:
                if recording in self._gone and not is_late(recording, self._late, self._now()):
                    return _entry(recording, Status.GONE, "not_there (in an earlier run)")
                if recording.content_uri is None:
                    return _entry(recording, Status.FAILED, "no_content_uri")
                self._fetched += 1
                sidecar = self._store.fetch(self._client, recording, recording.content_uri)
        except RingCentralError as error:
            return self._missed(recording, error)
        self._pending.settle(recording)
        self._gone.settle(recording)
        return Entry(recording.recording_id, recording.call_id, status, sidecar.file, sidecar.bytes, sidecar.sha256)

    def _missed(self, recording: Recording, error: RingCentralError) -> Entry:
        if is_absent(error):
            if is_late(recording, self._late, self._now()):
                self._pending.add(recording)
                return _entry(recording, Status.PENDING, "not_there_yet", error)
            self._pending.settle(recording)
            self._gone.add(recording)
            return _entry(recording, Status.GONE, "not_there", error)
        word = failure_of(error)
        if word is None:
            self._settle_row()
            raise error
        entry = _entry(recording, Status.FAILED, word, error)
        if self._row and self._row[-1].reason == entry.reason and len(self._row) + 1 >= IN_A_ROW.get(word, 10**9):
            log.warning("The last %d recordings failed alike: the run stops, to go on with them.", len(self._row) + 1)
            raise error
        return entry

    def _note(self, entry: Entry) -> None:
        """Into the manifest; failures alike wait until something else shows that they are about single recordings."""
        if entry.status is Status.FAILED:
            log.warning("Recording %s failed: %s.", entry.recording_id, entry.reason)
        if self._row and self._row[-1].reason != entry.reason:
            self._settle_row()
        if entry.status is Status.FAILED:
            self._row.append(entry)
        else:
            self._manifest.add(entry)

    def _settle_row(self) -> None:
        for entry in self._row:
            self._manifest.add(entry)
        self._row.clear()

    def _tell(self) -> None:
        if self._progress is not None:
            manifest = self._manifest
            counts = {status.value: count for status, count in manifest.counts.items()}
            done = manifest.counts.total() + len(self._row)
            self._progress(ArchiveProgress(done, self._total, self._fetched, manifest.bytes_downloaded, counts))

    def _clear_up(self) -> None:
        with tidying("The list of calls of a finished run"):
            filesystem(self._index).rm_file(self._index.path)
            self._store.forget_parts()

    def _judge(self, receipt: RecordingsReceipt) -> None:
        if receipt.gone:
            log.warning("%d recordings are gone: RingCentral has them no longer, or never had them.", receipt.gone)
        if self._max_failures is None or receipt.failed <= self._max_failures:
            return
        reasons = ", ".join(f"{count} x {reason}" for reason, count in self._manifest.reasons.most_common(5))
        raise RecordingsFailed(
            f"{receipt.failed} of {receipt.records} recordings failed ({reasons}), more than max_failures="
            f"{self._max_failures} allows. All others are stored; {receipt.destination} lists each. A retry asks for "
            "those that are missing only."
        )

    def _receipt(self, path: UPath, size: int, digest: str, spent: UsageDelta) -> RecordingsReceipt:
        manifest, (start, end) = self._manifest, self._asked()
        counts = manifest.counts
        return RecordingsReceipt(
            destination=str(path),
            format="ndjson",
            records=counts.total(),
            bytes=size,
            sha256=digest,
            requests=spent.requests(0),
            seconds_waited=spent.seconds_waited(),
            window_start=utc_text(start),
            window_end=utc_text(end),
            stored=counts[Status.STORED],
            present=counts[Status.PRESENT],
            pending=counts[Status.PENDING],
            gone=counts[Status.GONE],
            failed=counts[Status.FAILED],
            bytes_downloaded=manifest.bytes_downloaded,
        )

    def _asked(self) -> tuple[datetime, datetime]:
        return self._query.start + self._late, self._query.end

    def _fingerprint(self) -> str:
        return fingerprint_of(_LAYOUT, self._query.fingerprint, self._template.text, self._late.total_seconds())


def _entry(recording: Recording, status: Status, word: str, error: RingCentralError | None = None) -> Entry:
    detail = detail_of(error) if error is not None else ""
    reason = f"{word} ({detail})" if detail else word
    return Entry(recording.recording_id, recording.call_id, status, reason=reason)
