"""The query of a change sync, and which refusals concern its sync token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_provider_ringcentral.arguments import DurationArgument, parse_choice, parse_duration
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.endpoints import EXTRACT_SYNC_ACCOUNT_CALL_LOG
from airflow_provider_ringcentral.client.errors import LoginFailed, RingCentralError
from airflow_provider_ringcentral.extract.call_log.query import PER_PAGE
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.files.formats import format_of
from airflow_provider_ringcentral.files.receipt import fingerprint_of

_LAYOUT_VERSION = 1
"""Increased when the chunks of a series change, so that chunks of an older version are discarded, not resumed."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class SyncQuery:
    """Changes of the company's call log under `path`, that of extractSyncAccountCallLog, in `view`.

    `series` identifies the syncs that share a watermark. A full sync after a refused token starts `overlap` before the
    watermark.
    """

    path: str
    view: str
    series: str
    overlap: timedelta = timedelta(hours=1)

    def full(self, since: datetime) -> dict[str, str | int]:
        """Return the parameters of a full sync: everything that changed at `since` (aware) or later."""
        # RingCentral returns what was updated "after" the time, which may exclude that very millisecond.
        moment = since.astimezone(UTC) - _MILLISECOND
        text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        return {
            "syncType": "FSync",
            "dateFrom": text,
            "recordCount": EXTRACT_SYNC_ACCOUNT_CALL_LOG.page_size,
            "view": self.view,
        }

    def incremental(self, token: str) -> dict[str, str]:
        """Return the parameters of the page after `token`, which includes recordCount: only a full sync may set it."""
        return {"syncType": "ISync", "syncToken": token, "view": self.view}

    def fingerprint(self, begin: Watermark) -> str:
        """Return a hash (16 hexadecimal digits) of everything that shapes the file of a run from `begin`."""
        return fingerprint_of(
            str(_LAYOUT_VERSION), self.path, self.view, self.series, begin.time.isoformat(), begin.cursor or ""
        )


def sync_query(
    credentials: Credentials,
    conn_id: str,
    destination: str,
    *,
    task: Sequence[str],
    view: str,
    file_format: str,
    overlap: DurationArgument,
) -> tuple[SyncQuery, str]:
    """Make the query of an operator's arguments; also return the name that earlier versions gave its series.

    `task` has the ids of the DAG and the task. They are needed because `destination` is the template as written, and
    several DAGs of a factory may have the same. Raises `BadArgument` naming the argument and its valid values.
    """
    path = EXTRACT_SYNC_ACCOUNT_CALL_LOG.at(accountId=credentials.account_id)
    parse_choice("view", view, tuple(PER_PAGE))
    # `str`, because None would take the format from the file's name, which the operator makes.
    kind = format_of("", str(file_format)).name
    # The Connection id, not the credentials: a series must survive a new secret.
    identity = (conn_id, credentials.server, path, view, kind, destination)
    overlap_duration = parse_duration("overlap", overlap, "a full sync goes back by it")
    return SyncQuery(path, view, fingerprint_of(*identity, *task), overlap_duration), fingerprint_of(*identity)


def token_refused(error: RingCentralError) -> bool:
    """Whether `error`, the answer to an incremental request, means that the sync token no longer works.

    The codes CLG-101 to CLG-105 mean that, and so does every refusal that names `syncToken`. A 400 that names no
    parameter counts, too: apart from the token, the request repeats what the full sync before it was allowed. A full
    sync that was not needed only costs requests, while keeping a dead token would fail all further runs.
    """
    status = error.status or 0
    # A refused login is a 400, too, but it is not about this request.
    if isinstance(error, LoginFailed) or not 400 <= status < 500 or status in (408, 429):
        return False
    if error.parameter == "syncToken" or any(code.startswith("CLG-10") for code in error.codes):
        return True
    return status == 400 and error.parameter is None
