"""Archive the recordings of a window in a folder: each once, complete or absent, and listed in a manifest."""

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
    Manifest,
    ManifestEntry,
    RecordingsReceipt,
    RecordingStatus,
    manifest_name,
)
from airflow_provider_ringcentral.extract.recordings.name_template import MANIFESTS, NameTemplate, check_names
from airflow_provider_ringcentral.extract.recordings.recording import ANY_TYPE, Recording, recordings_of
from airflow_provider_ringcentral.extract.recordings.store import MissingRecordings, NameTaken, RecordingStore
from airflow_provider_ringcentral.files.atomic import check_destination, filesystem, tolerate_cleanup_errors
from airflow_provider_ringcentral.files.receipt import fingerprint_of, utc_text

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery

_NO_ROUTE = frozenset({"AGW-404", "CMN-120"})
"""The codes of a 404 of RingCentral's gateway, which concerns the path and not the recording."""

MAX_CONSECUTIVE_FAILURES = {"unavailable": 5, "no_recording": 5, "forbidden": 20}
"""After so many consecutive failures of one kind the cause is not a single recording: the run stops."""


def failure_reason(error: RingCentralError) -> str | None:
    """Return the reason when `error` concerns this one recording; None when the whole run must stop.

    `host_refused`, `forbidden`, `not_found` (no such path), `refused`, `name_taken`, `no_recording` (the answer is not
    audio) or `unavailable`. An error that says when to retry stops the run, which resumes then.
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
    return next((reason for kind, reason in kinds if isinstance(error, kind)), None)


def is_absent(error: RingCentralError) -> bool:
    """Whether `error` says that RingCentral does not have the recording: not yet, or no longer."""
    return isinstance(error, NotFound) and not _NO_ROUTE & set(error.codes)


def may_appear(recording: Recording, late_window: timedelta, now: datetime) -> bool:
    """Whether the call ended so recently that its recording may still appear."""
    return now < recording.end + late_window


def detail_of(error: RingCentralError) -> str:
    """Return the HTTP status and codes, or the type of the answer. RingCentral's message may hold personal data."""
    if isinstance(error, NotMedia):
        return error.found
    return " ".join([f"HTTP {error.status}"] * (error.status is not None) + list(error.codes))


def with_both_scopes(error: PermissionDenied) -> PermissionDenied:
    """Name both app permissions in the error's remedy, so that the user does not learn of the second one later."""
    if SCOPE_CODE in error.codes and error.remedy is not None:
        cure = f"{error.remedy.cure} Downloading recordings needs both ReadCallLog and ReadCallRecording."
        error.remedy = replace(error.remedy, cure=cure)
    return error


log = logging.getLogger(__name__)

STATE_FOLDER = ".recordings"
"""The folder in the destination for state: lists of calls, partial downloads, missing recordings."""

PENDING, GONE = "pending", "gone"
"""Its folders for recordings that may still appear and for those that will not. Delete one to request them again."""

_LAYOUT_VERSION = 1


class RecordingArchive:
    """Downloads the recordings of a window, and of earlier windows those that were pending.

    `query` has the view Detailed. Its window must begin `late_window` before the one asked for, because a recording may
    appear so long after its call. `destination` is a folder, which several runs may share. `template` names files,
    `verify` is explained at `RecordingStore`; `max_failures` recordings may fail (None: any number). `listing_progress`
    and `progress` are called while the calls are listed and after each recording.

    `run` raises `BadArgument` and `DestinationError` before the first download, `RecordingsFailed` after the last one,
    and the client's errors that concern more than one recording. Stored recordings stay. An equal run that starts
    within 12 hours of the last recording resumes there.
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
        listing_progress: Callable[[Progress], None] | None = None,
        progress: Callable[[ArchiveProgress], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._query, self._destination = client, query, destination
        self._late_window, self._max_failures = late_window, max_failures
        start, end = self._window()
        if start >= end:
            raise BadArgument(f"start {utc_text(start)} is not before end {utc_text(end)}.", parameter="start")
        self._template = NameTemplate(template)
        self._listing_progress, self._progress, self._now = listing_progress, progress, now
        self._state_folder = destination / STATE_FOLDER
        self._index = self._state_folder / f"{query.fingerprint}.calls.ndjson"
        self._store = RecordingStore(destination, self._state_folder, self._template, verify)
        self._streak: list[ManifestEntry] = []
        """Consecutive failures of one kind, not yet in the manifest."""
        self._total = self._fetched = 0

    def run(self) -> RecordingsReceipt:
        """Download what is missing and return the receipt."""
        path = self._destination / MANIFESTS / manifest_name(self._query, *self._window())
        check_destination(path)
        usage = UsageDelta(self._client)
        self._manifest = Manifest(path, self._fingerprint())
        try:
            self._list_calls()
            self._pending, self._gone = (MissingRecordings(self._state_folder / folder) for folder in (PENDING, GONE))
            self._total = check_names(self._recordings(), self._template)
            self._process_all()
        except PermissionDenied as error:
            raise with_both_scopes(error) from error.__cause__
        size, sha256 = self._manifest.publish()
        self._clear_up()
        receipt = self._receipt(path, size, sha256, usage)
        self._check_failures(receipt)
        return receipt

    def _list_calls(self) -> None:
        """Extract the calls of the window, unless an earlier attempt of this run did."""
        if self._manifest.resumed and filesystem(self._index).exists(self._index.path):
            log.info("Resuming after %d recordings of an earlier attempt.", self._manifest.counts.total())
            return
        extract_window(self._client, self._query, self._index, "ndjson", progress=self._listing_progress)
        self._manifest.begin()

    def _recordings(self) -> Iterator[Recording]:
        """The recordings of the window, then the pending ones of all windows. Some may repeat."""
        wanted = self._query.filters.get("recordingType") or ANY_TYPE
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        with filesystem(self._index).open(self._index.path, "rb") as lines:
            for line in lines:
                yield from recordings_of(decode(line), str(wanted))
        yield from self._pending

    def _process_all(self) -> None:
        try:
            for recording in self._recordings():
                if self._manifest.listed_ids.add(recording.recording_id):
                    self._record(self._attempt(recording))
                    self._report_progress()
            self._end_streak()
        finally:
            # A deferral or an error ends the run here. The entries of the downloads must not be lost.
            self._manifest.flush()

    def _attempt(self, recording: Recording) -> ManifestEntry:
        """Download the recording unless it is stored. Raises only errors that must stop the run."""
        try:
            sidecar = self._store.stored(recording)
            status = RecordingStatus.PRESENT if sidecar else RecordingStatus.STORED
            if sidecar is None:
                if recording in self._gone and not may_appear(recording, self._late_window, self._now()):
                    return _entry(recording, RecordingStatus.GONE, "not_there (in an earlier run)")
                if recording.content_uri is None:
                    return _entry(recording, RecordingStatus.FAILED, "no_content_uri")
                self._fetched += 1
                sidecar = self._store.fetch(self._client, recording, recording.content_uri)
        except RingCentralError as error:
            return self._handle_error(recording, error)
        self._pending.remove(recording)
        self._gone.remove(recording)
        return ManifestEntry(
            recording.recording_id, recording.call_id, status, sidecar.file, sidecar.bytes, sidecar.sha256
        )

    def _handle_error(self, recording: Recording, error: RingCentralError) -> ManifestEntry:
        if is_absent(error):
            if may_appear(recording, self._late_window, self._now()):
                self._pending.add(recording)
                return _entry(recording, RecordingStatus.PENDING, "not_there_yet", error)
            self._pending.remove(recording)
            self._gone.add(recording)
            return _entry(recording, RecordingStatus.GONE, "not_there", error)
        reason = failure_reason(error)
        if reason is None:
            self._end_streak()
            raise error
        entry = _entry(recording, RecordingStatus.FAILED, reason, error)
        if (
            self._streak
            and self._streak[-1].reason == entry.reason
            and len(self._streak) + 1 >= MAX_CONSECUTIVE_FAILURES.get(reason, 10**9)
        ):
            log.warning(
                "The last %d recordings failed for the same reason. The run stops, and a retry resumes with them.",
                len(self._streak) + 1,
            )
            raise error
        return entry

    def _record(self, entry: ManifestEntry) -> None:
        """Add the entry to the manifest; a streak of equal failures only once another result has ended it."""
        if entry.status is RecordingStatus.FAILED:
            log.warning("Recording %s failed: %s.", entry.recording_id, entry.reason)
        if self._streak and self._streak[-1].reason != entry.reason:
            self._end_streak()
        if entry.status is RecordingStatus.FAILED:
            self._streak.append(entry)
        else:
            self._manifest.add(entry)

    def _end_streak(self) -> None:
        for entry in self._streak:
            self._manifest.add(entry)
        self._streak.clear()

    def _report_progress(self) -> None:
        if self._progress is not None:
            manifest = self._manifest
            counts = {status.value: count for status, count in manifest.counts.items()}
            done = manifest.counts.total() + len(self._streak)
            self._progress(ArchiveProgress(done, self._total, self._fetched, manifest.bytes_downloaded, counts))

    def _clear_up(self) -> None:
        with tolerate_cleanup_errors("The list of calls of a finished run"):
            filesystem(self._index).rm_file(self._index.path)
            self._store.remove_stale_downloads()

    def _check_failures(self, receipt: RecordingsReceipt) -> None:
        if receipt.gone:
            log.warning("%d recordings are gone: RingCentral no longer has them, or never had them.", receipt.gone)
        if self._max_failures is None or receipt.failed <= self._max_failures:
            return
        reasons = ", ".join(f"{count} x {reason}" for reason, count in self._manifest.reasons.most_common(5))
        raise RecordingsFailed(
            f"{receipt.failed} of {receipt.records} recordings failed ({reasons}), more than max_failures="
            f"{self._max_failures} allows. All others are stored; {receipt.destination} lists each. A retry downloads "
            "only the missing ones."
        )

    def _receipt(self, path: UPath, size: int, sha256: str, usage: UsageDelta) -> RecordingsReceipt:
        manifest, (start, end) = self._manifest, self._window()
        counts = manifest.counts
        return RecordingsReceipt(
            destination=str(path),
            format="ndjson",
            records=counts.total(),
            bytes=size,
            sha256=sha256,
            requests=usage.requests(0),
            seconds_waited=usage.seconds_waited(),
            window_start=utc_text(start),
            window_end=utc_text(end),
            stored=counts[RecordingStatus.STORED],
            present=counts[RecordingStatus.PRESENT],
            pending=counts[RecordingStatus.PENDING],
            gone=counts[RecordingStatus.GONE],
            failed=counts[RecordingStatus.FAILED],
            bytes_downloaded=manifest.bytes_downloaded,
        )

    def _window(self) -> tuple[datetime, datetime]:
        return self._query.start + self._late_window, self._query.end

    def _fingerprint(self) -> str:
        return fingerprint_of(
            _LAYOUT_VERSION, self._query.fingerprint, self._template.text, self._late_window.total_seconds()
        )


def _entry(
    recording: Recording, status: RecordingStatus, reason: str, error: RingCentralError | None = None
) -> ManifestEntry:
    detail = detail_of(error) if error is not None else ""
    reason = f"{reason} ({detail})" if detail else reason
    return ManifestEntry(recording.recording_id, recording.call_id, status, reason=reason)
