"""The change-sync query of an operator's arguments."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_ringcentral.arguments import Span, one_of, span_of
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.endpoints import EXTRACT_SYNC_ACCOUNT_CALL_LOG
from airflow_provider_ringcentral.extract.call_log.query import PER_PAGE
from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.files.fingerprint import fingerprint_of
from airflow_provider_ringcentral.files.formats import format_of


def sync_query(
    credentials: Credentials,
    conn_id: str,
    destination: str,
    *,
    task: Sequence[str],
    view: str,
    file_format: str,
    overlap: Span,
) -> tuple[SyncQuery, str]:
    """The query, each value checked, and what earlier versions called its series.

    `task` has the ids of DAG and task: `destination` is as it was written, before templates were rendered, and so two
    DAGs of a factory may have the same. Raises `BadArgument` that names the argument and the right spelling.
    """
    path = EXTRACT_SYNC_ACCOUNT_CALL_LOG.at(accountId=credentials.account_id)
    one_of("view", view, tuple(PER_PAGE))
    # None would ask for the format of a name, and the operator makes the name.
    kind = format_of("", str(file_format)).name
    # Not what tells credentials apart: a secret is rotated without the series beginning anew, and one Connection id
    # means one account.
    told = (conn_id, credentials.server, path, view, kind, destination)
    span = span_of("overlap", overlap, "a full sync goes back by it")
    return SyncQuery(path, view, fingerprint_of(*told, *task), span), fingerprint_of(*told)
