"""A window of the call log into one file: every call once, complete or not at all, going on after a kill."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.extract.call_columns import CALL_COLUMNS
from airflow_provider_ringcentral.extract.errors import BadArgument, EmptyWindow
from airflow_provider_ringcentral.extract.files import check_destination, complete_file
from airflow_provider_ringcentral.extract.formats import Format, format_of
from airflow_provider_ringcentral.extract.parts import Parts
from airflow_provider_ringcentral.extract.query import CallLogQuery
from airflow_provider_ringcentral.extract.reading import PageSource, Progress, Reading
from airflow_provider_ringcentral.extract.receipt import Receipt, utc_text

if TYPE_CHECKING:
    from upath import UPath

log = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    if if_empty not in ("write", "skip", "fail"):
        raise BadArgument(f"if_empty {if_empty!r} is unknown; it is 'write', 'skip' or 'fail'.", parameter="if_empty")
    chosen = format_of(destination.path, file_format)
    check_destination(destination)
    parts = Parts(destination, query.fingerprint)
    if parts.discarded:
        log.info("Discarded %d parts beside %s: of another window or query, or too old.", parts.discarded, destination)
    usage = _usage(client)
    reading = Reading(client, query, parts, progress)
    reading.read()
    if not reading.records and if_empty != "write":
        size, digest, written = 0, None, None
    else:
        size, digest = _publish(reading, parts, destination, chosen)
        written = str(destination)
    _remove(parts)
    if not reading.records and if_empty == "fail":
        raise EmptyWindow(
            f"RingCentral shows no call from {utc_text(query.start)} to {utc_text(query.end)} for this query, and "
            "if_empty is 'fail'."
        )
    requests, waited = _used(client, usage, reading.fetched)
    return Receipt(
        destination=written,
        format=chosen.name,
        records=reading.records,
        bytes=size,
        sha256=digest,
        first_start_time=_text(reading.oldest),
        last_start_time=_text(reading.newest),
        window_start=utc_text(query.start),
        window_end=utc_text(query.end),
        view=query.view,
        requests=requests,
        seconds_waited=round(waited, 3),
    )


def _publish(reading: Reading, parts: Parts, destination: UPath, chosen: Format) -> tuple[int, str]:
    if chosen.verbatim and (published := parts.publish()):
        return published
    with complete_file(destination) as out:
        chosen.write(reading.chunks(), out, CALL_COLUMNS)
    return out.bytes, out.sha256


def _remove(parts: Parts) -> None:
    try:
        parts.remove()
    except OSError as error:
        # The file is out: a store that forbids removing must not fail the job. The next run discards or reuses them.
        log.warning("The parts of a finished extract could not be removed: %s", error)


def _usage(client: PageSource) -> tuple[int, float] | None:
    usage = getattr(client, "usage", None)
    return None if usage is None else (usage.requests, usage.waited)


def _used(client: PageSource, before: tuple[int, float] | None, fetched: int) -> tuple[int, float]:
    after = _usage(client)
    if before is None or after is None:
        return fetched, 0.0
    return after[0] - before[0], after[1] - before[1]


def _text(microseconds: int | None) -> str | None:
    return None if microseconds is None else utc_text(_EPOCH + timedelta(microseconds=microseconds))
