"""Download the recordings of a window, each with its sidecar, into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.extract.recordings.name_template import DEFAULT_TEMPLATE
from airflow_provider_ringcentral.operators.steps.deferral import deferring
from airflow_provider_ringcentral.operators.steps.extract_operator import RingCentralWindowOperator
from airflow_provider_ringcentral.operators.steps.reporting import announce, log_done, log_start

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument
    from airflow_provider_ringcentral.extract.recordings.archive import RecordingArchive

DAY_SECONDS = 86_400


class RingCentralDownloadRecordingsOperator(RingCentralWindowOperator):
    """Download every recording of calls with `start <= startTime < end` into a folder, each once, with a sidecar.

    Source: operationIds readCompanyCallLog or readUserCallLog, and readCallRecordingContent (app scopes ReadCallLog and
    ReadCallRecording; the user's role must see the calls and their recordings). Each recording that a row or a leg
    names is stored once. A file appears under its name when it is complete, then its sidecar (JSON: call, parties,
    times, content type, bytes, sha256) beside it. Stored files are skipped without a request.

    Recordings appear later than their calls. A missing one is pending, and every later run with the same destination
    tries it again; `late_window` after the end of its call it is gone, and no run requests it again. A large window
    takes hours (10 requests a minute unless RingCentral allows more). A killed, retried or deferred task resumes where
    it stopped, on a local disk at the very byte. Several tasks, such as mapped ones, may share the destination.

    Returns the receipt (JSON, under 2 KB) of the manifest, `manifests/WINDOW.ndjson` in the destination with one line
    per recording: destination, records, bytes, sha256, stored, present, pending, gone, failed, bytes_downloaded,
    window_start, window_end, requests, seconds_waited. The asset events of `outlets` have it as `extra`.

    Every value is a template field.

    :param destination: the folder: a path or URL that Airflow's ObjectStoragePath understands, such as
        `s3://conn_id@bucket/recordings`. One account only.
    :param name_template: names of the files with their folders. Fields: recording_id, recording_type, call_id,
        session_id, telephony_session_id, extension_id, direction, from_number, to_number, ext (by content type), and
        start (UTC) with a format such as `{start:%Y/%m/%d}`. If two recordings would get the same name, the task fails
        before it downloads anything.
    :param recording_type: `All`, `Automatic` or `OnDemand`; None: read every call of the window, to find recordings
        that only a leg names.
    :param late_window: seconds or timedelta: how long after the end of its call a recording may appear. The window
        starts earlier by as much.
    :param max_failures: how many recordings may fail before the task fails, at its end; None or -1: any number. Pending
        and gone ones are not failures. A missing app scope, a refused login or an outage stops the task at once.
    :param verify: how a stored file is checked before it is skipped: by `size`, or by `sha256`, which reads it.
    """

    template_fields: Sequence[str] = (
        *RingCentralWindowOperator.window_fields,
        "name_template",
        "recording_type",
        "late_window",
        "max_failures",
        "verify",
    )

    def __init__(
        self,
        *,
        name_template: str = DEFAULT_TEMPLATE,
        recording_type: str | None = "All",
        late_window: DurationArgument = DAY_SECONDS,
        max_failures: int | str | None = 0,
        verify: str = "size",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name_template = name_template
        self.recording_type = recording_type
        self.late_window = late_window
        self.max_failures = max_failures
        self.verify = verify

    def _extract(self, context: Context) -> dict[str, Any]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            receipt = self._archive(context).run()
        self.log.info(
            "%d recordings: %d stored, %d present, %d pending, %d gone, %d failed.",
            *(receipt.records, receipt.stored, receipt.present, receipt.pending, receipt.gone, receipt.failed),
        )
        log_done(receipt)
        return announce(receipt, context, self.outlets)

    def _archive(self, context: Context) -> RecordingArchive:
        from airflow_provider_ringcentral.arguments import parse_count, parse_duration
        from airflow_provider_ringcentral.extract.recordings.archive import RecordingArchive
        from airflow_provider_ringcentral.files.receipt import utc_text
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.operators.steps.reporting import ArchiveLog, ProgressLog

        late = parse_duration(
            "late_window", self.late_window, "it is the time after a call in which its recording may appear"
        )
        query = self._query(
            context, late, view="Detailed", direction=None, call_type=None, recording_type=self.recording_type
        )
        client = self.hook.get_conn()
        details = (utc_text(query.start + late), utc_text(query.end), query.path, self.destination)
        log_start("Recordings of calls from %s to %s of %s, into %s.", *details)
        return RecordingArchive(
            client,
            query,
            storage_path(self.destination),
            self.name_template,
            late_window=late,
            max_failures=parse_count("max_failures", self.max_failures),
            verify=self.verify,
            listing_progress=ProgressLog(self.log, client),
            progress=ArchiveLog(self.log, client),
        )
