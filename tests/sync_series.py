"""Runs of the change sync one after the other, as a scheduled task does them, and what a warehouse has of their files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.extract.changes.sync import SyncResult, sync_changes
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.sandbox import Sandbox

if TYPE_CHECKING:
    from upath import UPath

PATH = "/restapi/v1.0/account/~/call-log-extract-sync"
OPERATION = "extractSyncAccountCallLog"
CALL_LOG = "/restapi/v1.0/account/~/call-log"
DAY = timedelta(days=1)
START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(hours=6)


def credentials_of(sandbox: Sandbox) -> Credentials:
    return Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)


@dataclass
class Series:
    """Runs one after the other, each from where the last one ended."""

    sandbox: Sandbox
    folder: UPath
    ledger: str
    """A shared one: a client alone with its ledger puts its first login off at random."""
    view: str = "Detailed"
    overlap: timedelta = timedelta(hours=1)
    watermark: Watermark = field(default_factory=lambda: Watermark(START))
    files: list[UPath] = field(default_factory=list)

    def __post_init__(self) -> None:
        credentials, ledger = credentials_of(self.sandbox), open_ledger(self.ledger)
        self.client = RingCentralClient(credentials, ledger, policy=Policy(backoff=0.01))

    @property
    def query(self) -> SyncQuery:
        return SyncQuery(PATH, self.view, "0123456789abcdef", self.overlap)

    def try_once(self, client: Any = None, **options: Any) -> SyncResult:
        """A run of which nobody hears: it is killed before its asset event is stored."""
        return sync_changes(client or self.client, self.query, self.watermark, self.folder, **options)

    def run(self, client: Any = None, **options: Any) -> SyncResult:
        """A run that succeeds."""
        synced = self.try_once(client, **options)
        self.announce(synced)
        return synced

    def announce(self, synced: SyncResult) -> None:
        """What the asset event of a run does."""
        self.watermark = synced.watermark or self.watermark
        if synced.receipt.destination:
            self.files.append(self.folder / synced.receipt.destination.rsplit("/", 1)[-1])

    def merged(self) -> dict[str, dict[str, Any]]:
        """What a warehouse has after loading the files by name: the last line of each call, without deleted ones."""
        rows: dict[str, dict[str, Any]] = {}
        for path in sorted(set(self.files), key=lambda path: path.name):
            rows |= {row["id"]: row for row in rows_of(path)}
        return {name: row for name, row in rows.items() if not row.get("deleted")}

    def truth(self) -> dict[str, dict[str, Any]]:
        log = self.client.records(
            CALL_LOG, {"view": self.view, "dateFrom": START - DAY, "dateTo": datetime.now(tz=UTC) + DAY}
        )
        rows = {row["id"]: row for row in log}
        assert rows.keys() == set(self.sandbox.call_ids())
        return rows

    def queries(self) -> list[str]:
        return [request["query"] for request in self.sandbox.requests() if request["operation"] == OPERATION]


def rows_of(path: Path | UPath) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
