"""Recordings of a window, each with its sidecar, into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_ringcentral.extract.call_log.query import RETENTION
from airflow_provider_ringcentral.extract.recordings.name_template import DEFAULT_TEMPLATE
from airflow_provider_ringcentral.operators.steps.deferral import deferring, task_hook
from airflow_provider_ringcentral.operators.steps.reporting import announce, log_done, log_start

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument, TimeArgument
    from airflow_provider_ringcentral.extract.recordings.archive import RecordingArchive
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

DAY_SECONDS = 86_400


class RingCentralDownloadRecordingsOperator(BaseOperator):
    """Download every recording of calls with `start <= startTime < end` into a folder, each once, with a sidecar.

    Source: operationIds readCompanyCallLog or readUserCallLog and readCallRecordingContent (app scopes ReadCallLog and
    ReadCallRecording; the user's role must see the calls and their recordings). Legs count: each recording that a row
    or a leg names is stored once. A file appears under its name when it is complete, then its sidecar (JSON: call,
    parties, times, content type, bytes, sha256) beside it. What is stored is skipped without a request.

    Recordings come later than their calls. What RingCentral does not have yet is pending, and every later run with the
    same destination tries it again; `late_window` after the end of its call it is gone, and no run asks for it.
    Hours long by nature (10 requests a minute unless RingCentral says otherwise), so a killed, retried or deferred task
    goes on where it was, on a local disk at the very byte. Several tasks, such as mapped ones, may share the
    destination.

    Returns the receipt (JSON, under 2 KB) of the manifest, `manifests/WINDOW.ndjson` in the destination with one line
    a recording: destination, records, bytes, sha256, stored, present, pending, gone, failed, bytes_downloaded,
    window_start, window_end, requests, seconds_waited. The asset events of `outlets` carry the same as `extra`.

    Every value is a template field.

    :param destination: the folder: a path or URL that Airflow's ObjectStoragePath knows, such as
        `s3://conn_id@bucket/recordings`. One account only.
    :param start: aware time or ISO 8601 text with zone; None: the start of the run's data interval.
    :param end: the same for the end, which is not part of the window.
    :param name_template: names of the files, folders included. Fields: recording_id, recording_type, call_id,
        session_id, telephony_session_id, extension_id, direction, from_number, to_number, ext (by content type), and
        start (UTC) with a format such as `{start:%Y/%m/%d}`. Names that two recordings would share fail the task
        before anything is downloaded.
    :param recording_type: `All`, `Automatic` or `OnDemand`; None: every call of the window is looked at, recorded or
        not, for recordings that only a leg names.
    :param scope: `account` for the company's log or `extension` for that of `extension_id`.
    :param extension_id: internal id of the extension for `scope="extension"`; None: the Connection's.
    :param late_window: seconds or timedelta; how long after the end of its call a recording may come. The window is
        widened backwards by as much.
    :param max_failures: how many recordings may fail before the task does, at its end; None or -1: any number. Pending
        and gone ones are no failures. The lack of an app scope, a refused login and RingCentral's outage stop at once.
    :param verify: what a stored file must have to be skipped: the right `size`, or the right `sha256`, for which it is
        read.
    :param retention: how long RingCentral keeps recordings: seconds or timedelta; None or 0: not looked at.
    :param if_expired: for a window that begins before that: `warn` in the log, or `fail`, before anything is sent.
    :param if_future: for a window that ends in the future, whose later recordings cannot be had: `warn` in the log, or
        `fail`, before anything is sent.
    :param deferrable: give the worker back when the quota is used up for longer than `max_wait` (10 s unless the
        Connection says otherwise), and go on when it is open again.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        "ringcentral_conn_id",
        "destination",
        "start",
        "end",
        "name_template",
        "recording_type",
        "scope",
        "extension_id",
        "late_window",
        "max_failures",
        "verify",
        "retention",
        "if_expired",
        "if_future",
    )
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        destination: str,
        start: TimeArgument = None,
        end: TimeArgument = None,
        name_template: str = DEFAULT_TEMPLATE,
        recording_type: str | None = "All",
        scope: str = "account",
        extension_id: str | None = None,
        late_window: DurationArgument = DAY_SECONDS,
        max_failures: int | str | None = 0,
        verify: str = "size",
        retention: DurationArgument = RETENTION,
        if_expired: str = "warn",
        if_future: str = "warn",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination = destination
        self.start = start
        self.end = end
        self.name_template = name_template
        self.recording_type = recording_type
        self.scope = scope
        self.extension_id = extension_id
        self.late_window = late_window
        self.max_failures = max_failures
        self.verify = verify
        self.retention = retention
        self.if_expired = if_expired
        self.if_future = if_future
        self.deferrable = deferrable
        self.ringcentral_conn_id = ringcentral_conn_id

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        return task_hook(self.ringcentral_conn_id, deferrable=self.deferrable)

    def execute(self, context: Context) -> dict[str, Any]:
        """Look at the window's age, then download."""
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.operators.steps.window import check_age, check_end, window_of

        with airflow_errors():
            start, end = window_of(self.start, self.end, None, context)
            check_age(start, self.retention, self.if_expired)
            check_end(end, self.if_future)
        return self._download(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the last recording."""
        return self._download(context)

    def _download(self, context: Context) -> dict[str, Any]:
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
        from airflow_provider_ringcentral.extract.call_log.query import call_log_query
        from airflow_provider_ringcentral.extract.recordings.archive import RecordingArchive
        from airflow_provider_ringcentral.files.receipt import utc_text
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.operators.steps.reporting import ArchiveLog, ProgressLog
        from airflow_provider_ringcentral.operators.steps.window import window_of

        late = parse_duration(
            "late_window", self.late_window, "it is the time after a call in which its recording may come"
        )
        query = call_log_query(
            self.hook.credentials,
            *window_of(self.start, self.end, late, context),
            view="Detailed",
            scope=self.scope,
            extension_id=self.extension_id,
            direction=None,
            call_type=None,
            recording_type=self.recording_type,
        )
        client = self.hook.get_conn()
        told = (utc_text(query.start + late), utc_text(query.end), query.path, self.destination)
        log_start("Recordings of calls from %s to %s of %s, into %s.", *told)
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
