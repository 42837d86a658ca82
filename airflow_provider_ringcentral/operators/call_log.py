"""Calls of a window to one file, and calls that changed since the last run (`call_log_sync.py`).

Calls that changed since the last run to one file a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator, conf

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.query import RETENTION
from airflow_provider_ringcentral.operators.steps.deferral import deferring, task_hook
from airflow_provider_ringcentral.operators.steps.reporting import announce, log_done, log_start
from airflow_provider_ringcentral.operators.steps.watermarks import (
    FIELD,
    load_watermark,
    save_watermark,
    watermark_asset_of,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument, TimeArgument
    from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
    from airflow_provider_ringcentral.extract.changes.query import SyncQuery
    from airflow_provider_ringcentral.extract.changes.sync import SyncResult
    from airflow_provider_ringcentral.extract.changes.watermark import Watermark
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook


class RingCentralSyncCallLogOperator(BaseOperator):
    """Write every call that is new, corrected or deleted since the last run to one file, without a gap between runs.

    Source: operationId extractSyncAccountCallLog (app scope ReadCallLog), the company's log by time of change, 1000
    rows a request. Calls that came late, results and recordings added afterwards, and deletions
    (`"deleted": true`) are in the file of the run after they happened. A call that changes again is in several files,
    or several times in one, the later line being the later version: merge on `id`, as RingCentralLoadCallLogOperator
    does.

    The file is `destination/calls-BEGIN-END.SUFFIX`, named by both ends of the watermark in UTC, so that names sort by
    time. It appears when it is complete; the hidden folder `.sync` beside it holds the state of unfinished runs.

    **Watermark.** It is stored with the asset event of this task, and so moves only when the file is there and the
    task has succeeded: the first asset of `outlets`, or `ringcentral://sync/DAG_ID/TASK_ID`, which is added, as is the
    asset to `inlets`. A mapped task has to name it twice: `partial(inlets=[asset], outlets=[asset])`. Tasks may share
    an asset: a watermark belongs to one task of one DAG, and to its Connection id, server, account, view, format and
    destination (as written in the DAG, before templates are rendered); change one and the next run is a first run. On
    Airflow 3.3+ the asset's state store keeps it, too, in case that events are cleaned away. To wind back, create an
    asset event with an older event's extra (`POST /api/v2/assets/events`).

    A run after a pause goes on from where the last one ended. When RingCentral refuses the sync token of the watermark
    (expired, or the log was reset), one WARNING says so and everything changed since the watermark minus `overlap` is
    read: no change is missed but deletions in between, which a full sync does not tell. A cleared run reads what
    changed since the last run, not once more what it read. Two runs at once overlap; one of them may fail, and its
    retry goes on from the other.

    Returns the receipt (JSON, under 2 KB): destination, format, records, records_new (started since watermark_start),
    records_changed, records_deleted, bytes, sha256, first_start_time, last_start_time, watermark_start, watermark_end,
    full_sync, full_sync_reason, view, requests, seconds_waited. The asset events carry the same and the watermark.

    Every value is a template field.

    :param destination: the folder, a path or URL that Airflow's ObjectStoragePath knows, such as `file:///data/calls`
        or `s3://conn_id@bucket/calls`.
    :param start: where the first run begins: aware time or ISO 8601 text with zone. Later runs ignore it. It is a time
        of change: calls before it are there if they changed since.
    :param overlap: seconds or timedelta by which a full sync after a refused token goes back behind the watermark, for
        changes that RingCentral indexed late.
    :param view: `Detailed` has legs, costs and lastModifiedTime, which tells two versions of a call apart; `Simple`
        has not, at about a third of the bytes. Both cost the same number of requests.
    :param file_format: `ndjson`, `ndjson.gz`, `csv` or `parquet` (extra `parquet`).
    :param if_empty: for a run without changes: `write` a file without rows, `skip` the task, or `fail` it. Only
        `write` moves the watermark, which keeps its token young; no choice misses a change.
    :param retention: how long RingCentral keeps calls: seconds or timedelta; None or 0: not looked at. Not published;
        90 days is what users observe.
    :param if_expired: when `start`, or the watermark after a long pause, lies before that: `warn` in the log, or
        `fail`, before anything is sent.
    :param deferrable: give the worker back when the quota is used up for longer than `max_wait` (10 s unless the
        Connection says otherwise), and go on after the last complete part when it is open again.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        "ringcentral_conn_id",
        "destination",
        "start",
        "overlap",
        "view",
        "file_format",
        "if_empty",
        "retention",
        "if_expired",
    )
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        destination: str,
        start: TimeArgument = None,
        overlap: DurationArgument = timedelta(hours=1),
        view: str = "Detailed",
        file_format: str = "ndjson",
        if_empty: str = "write",
        retention: DurationArgument = RETENTION,
        if_expired: str = "warn",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination = destination
        self.start = start
        self.overlap = overlap
        self.view = view
        self.file_format = file_format
        self.if_empty = if_empty
        self.retention = retention
        self.if_expired = if_expired
        self.deferrable = deferrable
        self.ringcentral_conn_id = ringcentral_conn_id
        # A folder per day is a template like any other, and must not begin a new series every day.
        self.destination_as_written = destination
        self.watermark_asset = watermark_asset_of(self)

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        return task_hook(self.ringcentral_conn_id, deferrable=self.deferrable)

    def execute(self, context: Context) -> dict[str, Any]:
        """Sync, and return the receipt."""
        return self._run(context, guard=True)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the last complete part."""
        return self._run(context, guard=False)

    def _run(self, context: Context, *, guard: bool) -> dict[str, Any]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.operators.steps.window import check_age

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            query, legacy_series = self._query()
            begin = self._begin(context, query.series, legacy_series)
            if guard:
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
        how = "going on from the last run" if begin.cursor else "a first run"
        told = (utc_text(begin.time), query.path, how, query.view, self.destination)
        log_start("Calls changed since %s of %s (%s), view %s, into %s.", *told)
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
                "there is no watermark of an earlier run yet, and start is not given. Give the time from which on the "
                "first run is to read, such as start='2026-01-31T00:00:00Z'; later runs ignore it.",
                parameter="start",
            )
        if start > datetime.now(tz=UTC):
            raise BadArgument(f"start {start.isoformat()} lies in the future.", parameter="start")
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


__all__ = ["RingCentralExtractCallLogOperator", "RingCentralSyncCallLogOperator"]

Choice = str | Sequence[str] | None


class RingCentralExtractCallLogOperator(BaseOperator):
    """Write every call of `start <= startTime < end` to one file, each exactly once.

    Source: operationIds readCompanyCallLog and readUserCallLog (app scope ReadCallLog; the user's role needs the
    company call log for `scope="account"`). The file appears under its name when it is complete. A call shows up 15 to
    30 s after it ends and its row may change later, so leave a delay after `end`, or widen the window by `lookback`
    and merge on `id`.

    Returns the receipt (JSON, under 2 KB): destination, format, records, bytes, sha256, first_start_time,
    last_start_time, window_start, window_end, view, requests, seconds_waited. The asset events of `outlets` carry the
    same as `extra`.

    Every value is a template field.

    :param destination: where the file goes: a path or URL that Airflow's ObjectStoragePath knows, such as
        `file:///data/calls.ndjson` or `s3://conn_id@bucket/calls.parquet`.
    :param start: aware time or ISO 8601 text with zone; None: the start of the run's data interval.
    :param end: the same for the end, which is not part of the window.
    :param view: `Simple` (1000 calls a request) or `Detailed` (250; with legs, costs and time of the last change).
    :param scope: `account` for the company's log or `extension` for that of `extension_id`.
    :param extension_id: internal id of the extension for `scope="extension"`; None: the Connection's, by default the
        JWT's.
    :param direction: `Inbound` and/or `Outbound`; None: both.
    :param call_type: `Voice` and/or `Fax`; None: both.
    :param recording_type: `Automatic`, `OnDemand` or `All`: only calls with such a recording.
    :param lookback: seconds or timedelta by which the window is widened backwards; files of adjacent runs then
        overlap.
    :param file_format: `ndjson`, `ndjson.gz`, `csv` or `parquet` (extra `parquet`); None: by the suffix of
        `destination`.
    :param if_empty: for a window without calls: `write` a file without rows, `skip` the task, or `fail` it.
    :param retention: how long RingCentral keeps calls: seconds or timedelta; None or 0: not looked at. Not published;
        90 days is what users observe.
    :param if_expired: for a window that begins before that: `warn` in the log, or `fail`, before anything is sent.
    :param if_future: for a window that ends in the future, whose later calls the file cannot have: `warn` in the log,
        or `fail`, before anything is sent.
    :param deferrable: give the worker back when the quota is used up for longer than `max_wait` (10 s unless the
        Connection says otherwise), and go on after the last complete part when it is open again.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        "ringcentral_conn_id",
        "destination",
        "start",
        "end",
        "view",
        "scope",
        "extension_id",
        "direction",
        "call_type",
        "recording_type",
        "lookback",
        "file_format",
        "if_empty",
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
        view: str = "Simple",
        scope: str = "account",
        extension_id: str | None = None,
        direction: Choice = None,
        call_type: Choice = None,
        recording_type: str | None = None,
        lookback: DurationArgument = None,
        file_format: str | None = None,
        if_empty: str = "write",
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
        self.view = view
        self.scope = scope
        self.extension_id = extension_id
        self.direction = direction
        self.call_type = call_type
        self.recording_type = recording_type
        self.lookback = lookback
        self.file_format = file_format
        self.if_empty = if_empty
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
        """Extract, and return the receipt."""
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.operators.steps.window import check_age, check_end

        with airflow_errors():
            start, end = self._window(context)
            check_age(start, self.retention, self.if_expired)
            check_end(end, self.if_future)
        return self._extract(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the last complete part."""
        return self._extract(context)

    def _extract(self, context: Context) -> dict[str, Any]:
        from airflow_provider_ringcentral.extract.call_log.extract import extract_window
        from airflow_provider_ringcentral.files.receipt import utc_text
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.storage import file_path
        from airflow_provider_ringcentral.operators.steps.reporting import ProgressLog

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            query, client = self._query(context), self.hook.get_conn()
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

    def _window(self, context: Context) -> tuple[datetime, datetime]:
        from airflow_provider_ringcentral.operators.steps.window import window_of

        return window_of(self.start, self.end, self.lookback, context)

    def _query(self, context: Context) -> CallLogQuery:
        from airflow_provider_ringcentral.extract.call_log.query import call_log_query

        return call_log_query(
            self.hook.credentials,
            *self._window(context),
            view=self.view,
            scope=self.scope,
            extension_id=self.extension_id,
            direction=self.direction,
            call_type=self.call_type,
            recording_type=self.recording_type,
        )
