"""Calls of a window to one file, and calls that changed since the last run (`call_log_sync.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator, conf

from airflow_provider_ringcentral.extract.call_log.retention import KEPT
from airflow_provider_ringcentral.operators.call_log_sync import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.operators.steps.deferral import deferring, patient_hook
from airflow_provider_ringcentral.operators.steps.receipts import announce, tell_end, tell_start

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import Moment, Span
    from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

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
        start: Moment = None,
        end: Moment = None,
        view: str = "Simple",
        scope: str = "account",
        extension_id: str | None = None,
        direction: Choice = None,
        call_type: Choice = None,
        recording_type: str | None = None,
        lookback: Span = None,
        file_format: str | None = None,
        if_empty: str = "write",
        retention: Span = KEPT,
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
        return patient_hook(self.ringcentral_conn_id, deferrable=self.deferrable)

    def execute(self, context: Context) -> dict[str, Any]:
        """Extract, and return the receipt."""
        from airflow_provider_ringcentral.hooks.failures import airflow_errors
        from airflow_provider_ringcentral.operators.steps.retention import guard_future, guard_retention

        with airflow_errors():
            start, end = self._window(context)
            guard_retention(start, self.retention, self.if_expired)
            guard_future(end, self.if_future)
        return self._extract(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the last complete part."""
        return self._extract(context)

    def _extract(self, context: Context) -> dict[str, Any]:
        from airflow_provider_ringcentral.extract.call_log.extract import extract_window
        from airflow_provider_ringcentral.files.receipt import utc_text
        from airflow_provider_ringcentral.hooks.failures import airflow_errors
        from airflow_provider_ringcentral.hooks.storage import file_path
        from airflow_provider_ringcentral.operators.steps.reporting import ProgressLog

        with deferring(self, context, deferrable=self.deferrable), airflow_errors():
            query, client = self._query(context), self.hook.get_conn()
            tell_start(
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
        tell_end(receipt)
        if receipt.destination is None:
            raise AirflowSkipException(f"no calls from {receipt.window_start} to {receipt.window_end}")
        return announce(receipt, context, self.outlets)

    def _window(self, context: Context) -> tuple[datetime, datetime]:
        from airflow_provider_ringcentral.operators.steps.window import window_of

        return window_of(self.start, self.end, self.lookback, context)

    def _query(self, context: Context) -> CallLogQuery:
        from airflow_provider_ringcentral.operators.steps.query import call_log_query

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
