"""Extract calls: those of a window, or those that changed since the last run, each to one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.operators.steps.deferral import deferring
from airflow_provider_ringcentral.operators.steps.extract_operator import (
    RingCentralExtractOperator,
    RingCentralWindowOperator,
)
from airflow_provider_ringcentral.operators.steps.reporting import announce, log_done, log_start
from airflow_provider_ringcentral.operators.steps.watermarks import (
    FIELD,
    load_watermark,
    save_watermark,
    watermark_asset_of,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument
    from airflow_provider_ringcentral.extract.changes.query import SyncQuery
    from airflow_provider_ringcentral.extract.changes.sync import SyncResult
    from airflow_provider_ringcentral.extract.changes.watermark import Watermark

Choice = str | Sequence[str] | None


class RingCentralExtractCallLogOperator(RingCentralWindowOperator):
    """Write every call with `start <= startTime < end` to one file, each exactly once.

    Source: operationIds readCompanyCallLog and readUserCallLog (app scope ReadCallLog; the user's role needs the
    company call log for `scope="account"`). The file appears under its name when it is complete. RingCentral shows a
    call 15 to 30 s after its end and may change it later, so run some time after `end`, or widen the window by
    `lookback` and merge on `id`.

    Returns the receipt (JSON, under 2 KB): destination, format, records, bytes, sha256, first_start_time,
    last_start_time, window_start, window_end, view, requests, seconds_waited. The asset events of `outlets` have it as
    `extra`.

    Every value is a template field.

    :param destination: the file: a path or URL that Airflow's ObjectStoragePath understands, such as
        `file:///data/calls.ndjson` or `s3://conn_id@bucket/calls.parquet`.
    :param view: `Simple` (1000 calls a request) or `Detailed` (250; with legs, costs and time of the last change).
    :param direction: `Inbound` and/or `Outbound`; None: both.
    :param call_type: `Voice` and/or `Fax`; None: both.
    :param recording_type: only calls with such a recording: `Automatic`, `OnDemand` or `All`; None: all calls.
    :param lookback: seconds or timedelta by which the window starts earlier; files of adjacent runs then overlap.
    :param file_format: `ndjson`, `ndjson.gz`, `csv` or `parquet` (extra `parquet`); None: by the suffix of
        `destination`.
    :param if_empty: for a window without calls: `write` a file without rows, `skip` the task, or `fail` it.
    """

    template_fields: Sequence[str] = (
        *RingCentralWindowOperator.window_fields,
        "view",
        "direction",
        "call_type",
        "recording_type",
        "lookback",
        "file_format",
        "if_empty",
    )

    def __init__(
        self,
        *,
        view: str = "Simple",
        direction: Choice = None,
        call_type: Choice = None,
        recording_type: str | None = None,
        lookback: DurationArgument = None,
        file_format: str | None = None,
        if_empty: str = "write",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.view = view
        self.direction = direction
        self.call_type = call_type
        self.recording_type = recording_type
        self.lookback = lookback
        self.file_format = file_format
        self.if_empty = if_empty

    def _extract(self, context: Context) -> dict[str, Any]:
        """Extract the window to the file, and return the receipt."""
        from airflow_provider_ringcentral.extract.call_log.extract import extract_window
        from airflow_provider_ringcentral.files.receipt import utc_text
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.storage import file_path
        from airflow_provider_ringcentral.operators.steps.reporting import ProgressLog

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            query = self._query(
                context,
                self.lookback,
                view=self.view,
                direction=self.direction,
                call_type=self.call_type,
                recording_type=self.recording_type,
            )
            client = self.hook.get_conn()
            log_start(
                "Calls from %s to %s of %s, view %s, to %s.",
                *(utc_text(query.start), utc_text(query.end), query.path, query.view, self.destination),
            )
            receipt = extract_window(
                client,
                query,
                file_path(self.destination),
                self.file_format,
                if_empty=self.if_empty,
                progress=ProgressLog(self.log, client),
            )
        log_done(receipt)
        if receipt.destination is None:
            raise AirflowSkipException(f"no calls from {receipt.window_start} to {receipt.window_end}")
        return announce(receipt, context, self.outlets)


class RingCentralSyncCallLogOperator(RingCentralExtractOperator):
    """Write every call that is new, changed or deleted since the last run to one file, without a gap between runs.

    Source: operationId extractSyncAccountCallLog (app scope ReadCallLog): the company's log by time of change, 1000
    rows a request. Late calls, results and recordings added later, and deletions (`"deleted": true`) are in the file of
    the next run. A call that changes again is in several files, or several times in one with the latest version last:
    merge on `id`, as RingCentralLoadCallLogOperator does.

    The file is `destination/calls-BEGIN-END.SUFFIX`, named by both watermarks in UTC, so that names sort by time. It
    appears when it is complete. The hidden folder `.sync` beside it has the state of unfinished runs.

    **Watermark.** An asset event of this task keeps it, so it moves only when the file is complete and the task has
    succeeded. The asset is the first one in `outlets`, or `ringcentral://sync/DAG_ID/TASK_ID`, which is added to
    `outlets` and `inlets`. A mapped task must name both: `partial(inlets=[asset], outlets=[asset])`. A watermark
    belongs to one task of one DAG and to its Connection id, server, account, view, format and destination (before
    rendering); with any other, the next run is a first run. On Airflow 3.3 and later the asset's state store keeps it,
    too, in case events are deleted. To go back, create an asset event with an older event's extra
    (`POST /api/v2/assets/events`).

    A run after a pause resumes from the last watermark. When RingCentral refuses its sync token (expired, or the call
    log was reset), the task log has one WARNING and everything changed since the watermark minus `overlap` is read:
    nothing is missing except deletions in between, which a full sync does not show. A cleared run reads what changed
    since the last run. If two runs overlap, one may fail; its retry continues where the other ended.

    Returns the receipt (JSON, under 2 KB): destination, format, records, records_new (started since watermark_start),
    records_changed, records_deleted, bytes, sha256, first_start_time, last_start_time, watermark_start, watermark_end,
    full_sync, full_sync_reason, view, requests, seconds_waited. The asset events have it and the watermark as `extra`.

    Every value is a template field.

    :param destination: the folder: a path or URL that Airflow's ObjectStoragePath understands, such as
        `file:///data/calls` or `s3://conn_id@bucket/calls`.
    :param start: where the first run starts: aware time or ISO 8601 text with zone. Later runs ignore it. It is a time
        of change: calls before it are included if they changed since.
    :param overlap: seconds or timedelta by which a full sync after a refused token starts before the watermark, for
        changes that RingCentral indexed late.
    :param view: `Detailed` has legs, costs and lastModifiedTime, which tells two versions of a call apart; `Simple`
        has not, at about a third of the bytes. Both cost the same number of requests.
    :param file_format: `ndjson`, `ndjson.gz`, `csv` or `parquet` (extra `parquet`).
    :param if_empty: for a run without changes: `write` a file without rows, `skip` the task, or `fail` it. With
        `skip` and `fail` the watermark stays, so its sync token may expire; the next run then does a full sync.
    """

    template_fields: Sequence[str] = (
        *RingCentralExtractOperator.extract_fields,
        "overlap",
        "view",
        "file_format",
        "if_empty",
    )

    def __init__(
        self,
        *,
        destination: str,
        overlap: DurationArgument = timedelta(hours=1),
        view: str = "Detailed",
        file_format: str = "ndjson",
        if_empty: str = "write",
        **kwargs: Any,
    ) -> None:
        super().__init__(destination=destination, **kwargs)
        self.overlap = overlap
        self.view = view
        self.file_format = file_format
        self.if_empty = if_empty
        # Not rendered: a folder per day may be a template, and must not start a new series every day.
        self.destination_as_written = destination
        self.watermark_asset = watermark_asset_of(self)

    def execute(self, context: Context) -> dict[str, Any]:
        """Sync, and return the receipt."""
        return self._run(context, check=True)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Resume after the last complete chunk."""
        return self._run(context, check=False)

    def _run(self, context: Context, *, check: bool) -> dict[str, Any]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.operators.steps.window import check_age

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            query, legacy_series = self._query()
            begin = self._begin(context, query.series, legacy_series)
            if check:
                name = "the watermark" if begin.cursor else "start"
                check_age(begin.time, self.retention, self.if_expired, name=name)
            synced = self._sync(query, begin)
        log_done(synced.receipt)
        if synced.watermark is None:
            raise AirflowSkipException(f"no call changed since {synced.receipt.watermark_start}")
        extra = {FIELD: synced.watermark.as_dict(query.series)}
        receipt = announce(synced.receipt, context, self.outlets, extra)
        save_watermark(context, self.watermark_asset, query.series, begin=begin, reached=synced.watermark)
        return receipt

    def _sync(self, query: SyncQuery, begin: Watermark) -> SyncResult:
        from airflow_provider_ringcentral.extract.changes.sync import sync_changes
        from airflow_provider_ringcentral.files.receipt import utc_text
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.operators.steps.reporting import ProgressLog

        client = self.hook.get_conn()
        how = "from the last run on" if begin.cursor else "a first run"
        details = (utc_text(begin.time), query.path, how, query.view, self.destination)
        log_start("Calls changed since %s of %s (%s), view %s, into %s.", *details)
        return sync_changes(
            client,
            query,
            begin,
            storage_path(self.destination),
            self.file_format,
            if_empty=self.if_empty,
            progress=ProgressLog(self.log, client),
        )

    def _begin(self, context: Context, series: str, legacy_series: str) -> Watermark:
        from airflow_provider_ringcentral.arguments import parse_time
        from airflow_provider_ringcentral.extract.changes.watermark import Watermark

        start = parse_time("start", self.start)
        found = load_watermark(
            context, self.watermark_asset, series, legacy_series=legacy_series, task=(self.dag_id, self.task_id)
        )
        if found is not None:
            return found
        if start is None:
            raise BadArgument(
                "there is no watermark of an earlier run, and start is not given. Set the time where the first run "
                "starts, such as start='2026-01-31T00:00:00Z'; later runs ignore it.",
                parameter="start",
            )
        if start > datetime.now(tz=UTC):
            raise BadArgument(f"start {start.isoformat()} is in the future.", parameter="start")
        return Watermark(start)

    def _query(self) -> tuple[SyncQuery, str]:
        from airflow_provider_ringcentral.extract.changes.query import sync_query

        return sync_query(
            self.hook.credentials,
            self.ringcentral_conn_id,
            str(self.destination_as_written),
            task=(self.dag_id, self.task_id),
            view=self.view,
            file_format=self.file_format,
            overlap=self.overlap,
        )
