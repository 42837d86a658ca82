"""Base classes of the operators that write the call log or its recordings to files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_ringcentral.extract.call_log import RETENTION
from airflow_provider_ringcentral.operators.steps.deferral import task_hook

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument, TimeArgument
    from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook


class RingCentralExtractOperator(BaseOperator):
    """Write calls or recordings to files, and resume after a deferral where it stopped.

    :param retention: how long RingCentral keeps calls: seconds or timedelta; None or 0 turns the check off. RingCentral
        publishes no number; users observe 90 days.
    :param if_expired: when `start` is older than that: `warn` in the log, or `fail` before anything is requested.
    :param deferrable: defer while the quota is used up for longer than `max_wait` (10 s unless the Connection sets it),
        and resume after what is stored.
    :param ringcentral_conn_id: the Connection.
    """

    extract_fields: Sequence[str] = ("ringcentral_conn_id", "destination", "start", "retention", "if_expired")
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        destination: str,
        start: TimeArgument = None,
        retention: DurationArgument = RETENTION,
        if_expired: str = "warn",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination = destination
        self.start = start
        self.retention = retention
        self.if_expired = if_expired
        self.deferrable = deferrable
        self.ringcentral_conn_id = ringcentral_conn_id

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        return task_hook(self.ringcentral_conn_id, deferrable=self.deferrable)


class RingCentralWindowOperator(RingCentralExtractOperator):
    """Write what belongs to calls with `start <= startTime < end`. Subclasses define `_extract`.

    :param start: aware time or ISO 8601 text with zone; None: the start of the run's data interval.
    :param end: the same for the end, which is not part of the window; None: the end of the data interval.
    :param scope: `account` for the company's log or `extension` for that of `extension_id`.
    :param extension_id: internal id of the extension for `scope="extension"`; None: the Connection's, else the JWT's
        user.
    :param if_future: when `end` is in the future, so that later calls will be missing: `warn` in the log, or `fail`
        before anything is requested.
    """

    window_fields: Sequence[str] = (
        *RingCentralExtractOperator.extract_fields,
        "end",
        "scope",
        "extension_id",
        "if_future",
    )
    lookback: DurationArgument = None

    def __init__(
        self,
        *,
        end: TimeArgument = None,
        scope: str = "account",
        extension_id: str | None = None,
        if_future: str = "warn",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.end = end
        self.scope = scope
        self.extension_id = extension_id
        self.if_future = if_future

    def execute(self, context: Context) -> dict[str, Any]:
        """Check the window, extract, and return the receipt."""
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.operators.steps.window import check_age, check_end

        with airflow_errors():
            start, end = self._window(context, self.lookback)
            check_age(start, self.retention, self.if_expired)
            check_end(end, self.if_future)
        return self._extract(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Resume after what is stored already."""
        return self._extract(context)

    def _extract(self, context: Context) -> dict[str, Any]:
        """Extract the window, and return the receipt."""
        raise NotImplementedError

    def _window(self, context: Mapping[str, Any], lookback: DurationArgument) -> tuple[datetime, datetime]:
        """Return start and end (UTC) of the window, widened backwards by `lookback`."""
        from airflow_provider_ringcentral.operators.steps.window import window_of

        return window_of(self.start, self.end, lookback, context)

    def _query(self, context: Context, lookback: DurationArgument, **filters: Any) -> CallLogQuery:
        """Return the query of the window; `filters` are view, direction, call_type and recording_type."""
        from airflow_provider_ringcentral.extract.call_log.query import call_log_query

        return call_log_query(
            self.hook.credentials,
            *self._window(context, lookback),
            scope=self.scope,
            extension_id=self.extension_id,
            **filters,
        )
