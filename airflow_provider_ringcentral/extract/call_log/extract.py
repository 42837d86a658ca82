"""A window of the call log into one file: every call once, complete or not at all, going on after a kill."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors.arguments import EmptyWindow
from airflow_provider_ringcentral.client.usage_delta import Spent
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.call_log.reader import PageSource, Progress, Reading
from airflow_provider_ringcentral.extract.publish import check_if_empty, publish, put_away
from airflow_provider_ringcentral.files.atomic import check_destination
from airflow_provider_ringcentral.files.formats import format_of
from airflow_provider_ringcentral.files.receipt import Receipt, microsecond_text, utc_text
from airflow_provider_ringcentral.files.staging.checkpoint import Parts

if TYPE_CHECKING:
    from upath import UPath

log = logging.getLogger(__name__)

LONGEST_REQUEST = timedelta(hours=1)
"""From asking for a page until its answer is kept, the wait for its place in the quota included: more than that."""


def extract_window(
    client: PageSource,
    query: CallLogQuery,
    destination: UPath,
    file_format: str | None = None,
    *,
    if_empty: str = "write",
    progress: Callable[[Progress], None] | None = None,
) -> Receipt:
    """Write the calls of the query's window to `destination` and say what is in it.

    Operations: readCompanyCallLog, readUserCallLog. The order is RingCentral's, newest first. `destination` appears,
    or is replaced, when it is complete. Pages of a window that needs several lie in `NAME.parts/` beside it until then;
    a run that was killed or raised goes on there when it is started again with an equal query within 12 hours.
    `file_format` is a name of FORMATS or None for the destination's suffix. `progress` is called after each page. A
    `usage` of the client, with `requests` and `waited` in seconds, goes into the receipt.

    For a window without calls `if_empty` says: "write" a file without rows, "skip" (the receipt has no destination,
    an older file stays as it is), or "fail" with `EmptyWindow`.

    Raises `BadArgument` and `DestinationError` before the first request, `WindowTooLarge` when RingCentral's page
    numbers don't suffice, `Unavailable` for a record without id or start time, and what the client raises.
    """
    check_if_empty(if_empty)
    chosen = format_of(destination.path, file_format)
    check_destination(destination)
    parts = Parts(destination, query.fingerprint)
    if parts.discarded:
        log.info("Discarded %d parts beside %s: of another window or query, or too old.", parts.discarded, destination)
    as_of = _as_of(parts)
    spent = Spent(client)
    reading = Reading(client, query, parts, progress)
    reading.read()
    # Versions of calls are dated by RingCentral's clock, and ours may be ahead of it.
    as_of -= timedelta(seconds=spent.date_behind())
    if not reading.records and if_empty != "write":
        size, digest, written = 0, None, None
    else:
        size, digest = publish(parts, reading.chunks(), destination, chosen)
        written = str(destination)
    put_away(parts)
    if not reading.records and if_empty == "fail":
        raise EmptyWindow(
            f"RingCentral shows no call from {utc_text(query.start)} to {utc_text(query.end)} for this query, and "
            "if_empty is 'fail'."
        )
    return Receipt(
        destination=written,
        format=chosen.name,
        records=reading.records,
        bytes=size,
        sha256=digest,
        first_start_time=microsecond_text(reading.oldest),
        last_start_time=microsecond_text(reading.newest),
        window_start=utc_text(query.start),
        window_end=utc_text(query.end),
        view=query.view,
        complete_as_of=utc_text(as_of) if query.whole_account else None,
        requests=spent.requests(reading.fetched),
        seconds_waited=spent.seconds_waited(),
    )


def _as_of(parts: Parts) -> datetime:
    """A moment before the first page was asked for, perhaps by an earlier try: a part is dated by its answer."""
    first = next(iter(parts), None)
    if first is None:
        return datetime.now(UTC).replace(microsecond=0)
    return datetime.fromtimestamp(first.written, UTC) - LONGEST_REQUEST
