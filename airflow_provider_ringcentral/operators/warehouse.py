"""Load files of calls into the tables of a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_ringcentral.operators.steps.reporting import announce

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class RingCentralLoadCallLogOperator(BaseOperator):
    """Load files of RingCentralExtractCallLogOperator or RingCentralSyncCallLogOperator into tables of calls and legs.

    `{table_prefix}calls` (key `id`) has the columns of CSV and Parquet in snake_case, `raw` (the record as JSON),
    `member_missed` (below) and `loaded_at`, the time of the load that wrote the row. `{table_prefix}legs` (key
    `call_id`, `position`) has the columns of legs, and `{table_prefix}deleted_calls` remembers deletions. Times are
    UTC. Missing tables and columns are created; other columns are left as they are.

    **Which version stays.** The one with the later `last_modified_time`. When both have the same, or one has none (view
    Simple), a finished call wins over one in progress, otherwise the one loaded later stays. A Simple version keeps the
    legs, costs and `last_modified_time` of a Detailed one. A deleted call is removed with its legs, and comes back only
    as a version that changed after its deletion (after the removed version, when the deletion has no time). So files
    may be loaded again and in any order: the same version changes nothing, not even `loaded_at`, and an older one never
    replaces a newer one.

    **Missed calls.** The log has a row for the queue and for each member whose phone rang. `member_missed` is true for
    an inbound row that was not answered when another inbound row of the same telephony session, of another extension,
    was answered or started earlier: count `where not member_missed`.

    Each file is one transaction, and loads into the same tables wait for each other (PostgreSQL, MySQL and MariaDB,
    SQLite; other databases need `CREATE TEMPORARY TABLE` and a pool of one slot for these tasks). Memory does not grow
    with the file. Neither logs nor errors contain values of rows.

    **Bad records.** A value of the wrong type or out of range becomes null in its column; `raw` has it. A record that
    is not a call (not a JSON object, without id, not UTF-8, longer than 2 MiB), or that the database refuses, fails the
    load of its file, and the error names file and line. With `on_bad_record="keep"` the other records are loaded, and
    this one is stored as text in `{table_prefix}bad_records` (key `sha256`; `file`, `line`, `reason`, `text`).

    Returns the receipt (JSON): files, rows_read, calls_inserted, calls_updated, calls_unchanged, calls_deleted, legs,
    bad_records, seconds. The asset events of `outlets` have it as `extra`.

    Every value is a template field.

    :param source: a path or URL of a file (`.ndjson`, `.ndjson.gz`, `.parquet`) or folder (with subfolders, in the
        order of paths, which for a sync is that of time), a pattern such as
        `s3://aws_default@my-bucket/changes/2026-11-*`, the receipt of an extract or sync (`extract.output`), or a list
        of these. A receipt without a file loads nothing.
    :param sql_conn_id: the Connection of the database; its hook must be a DbApiHook.
    :param schema: the schema (on MySQL: database) of the tables, which must exist; None: the Connection's own.
    :param table_prefix: prefix of the table names: letters, digits and `_`.
    :param delete_missing: also remove calls that RingCentral deleted without a sync telling it: those in the window of
        `source`, a receipt of RingCentralExtractCallLogOperator over the whole account, that are not in its file and
        were last changed an hour or more before the extract started. Rows without `last_modified_time` must have been
        loaded a day before.
    :param on_bad_record: "fail" or "keep", as above. With "keep" a file with bad records removes no missing calls.
    """

    template_fields: Sequence[str] = (
        "source",
        "sql_conn_id",
        "schema",
        "table_prefix",
        "delete_missing",
        "on_bad_record",
    )
    template_fields_renderers = {"source": "json"}  # noqa: RUF012  # as Airflow declares it
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        source: Any,
        sql_conn_id: str,
        schema: str | None = None,
        table_prefix: str = "ringcentral_",
        delete_missing: bool = False,
        on_bad_record: str = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.sql_conn_id = sql_conn_id
        self.schema = schema
        self.table_prefix = table_prefix
        self.delete_missing = delete_missing
        self.on_bad_record = on_bad_record

    def execute(self, context: Context) -> dict[str, Any]:
        """Load, and return the receipt."""
        from airflow_provider_ringcentral.arguments import is_unset, parse_bool
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.storage import sql_engine, storage_path
        from airflow_provider_ringcentral.warehouse.load import load_files
        from airflow_provider_ringcentral.warehouse.source import files_of

        with airflow_errors():
            receipt = load_files(
                sql_engine(self.sql_conn_id),
                files_of(self.source, lambda url: storage_path(url, "source")),
                schema=None if is_unset(self.schema) else self.schema,
                table_prefix=self.table_prefix,
                delete_missing=parse_bool("delete_missing", self.delete_missing),
                on_bad_record=self.on_bad_record,
            )
        return announce(receipt, context, self.outlets)
