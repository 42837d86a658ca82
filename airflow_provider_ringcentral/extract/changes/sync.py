"""Calls that changed since the last run into one file: complete or not at all, without a gap to the file before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors.arguments import DestinationError, EmptyWindow
from airflow_provider_ringcentral.client.usage_delta import Spent
from airflow_provider_ringcentral.extract.call_log.reader import PageSource, Progress
from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.extract.changes.reader import ChangeReading
from airflow_provider_ringcentral.extract.changes.receipt import SyncReceipt
from airflow_provider_ringcentral.extract.changes.run import STATE, SyncRun
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.publish import check_if_empty
from airflow_provider_ringcentral.files.atomic import check_destination, filesystem, make_folder
from airflow_provider_ringcentral.files.destination_failure import reaching
from airflow_provider_ringcentral.files.formats import FORMATS, format_of
from airflow_provider_ringcentral.files.receipt import utc_text

if TYPE_CHECKING:
    from upath import UPath


@dataclass(frozen=True, slots=True)
class Synced:
    """The receipt of a run, and the watermark that its file reaches; None when there is no file."""

    receipt: SyncReceipt
    watermark: Watermark | None


def sync_changes(
    client: PageSource,
    query: SyncQuery,
    begin: Watermark,
    destination: UPath,
    file_format: str = "ndjson",
    *,
    if_empty: str = "write",
    progress: Callable[[Progress], None] | None = None,
) -> Synced:
    """Write the calls that changed since `begin` to a new file in the folder `destination` and say what is in it.

    Operation: extractSyncAccountCallLog. A `begin` without a cursor means a full sync, and so does one whose token
    RingCentral refuses, from `overlap` before it. The order is RingCentral's, by time of change, oldest first; a call
    that changed twice may be there twice, and the later line is the later version. `"deleted": true` marks calls that
    were deleted; a full sync doesn't tell those.

    The file is named `calls-BEGIN-END.SUFFIX` by the times of the watermarks and appears when it is complete. Until
    then pages lie in `.sync/` in the folder; a run that was killed or raised goes on there, asking again for one page
    at most, when it is started with an equal query and watermark within 12 hours. One that had published its file and
    was not heard of reads anew, into a second file when more has changed since. Two runs at once may both write a
    file, or one of them raises `Unavailable`.

    For a run without changes `if_empty` says: "write" a file without rows, "skip" (there is no file and no watermark),
    or "fail" with `EmptyWindow`.

    Raises `BadArgument` and `DestinationError` before the first request, `Unavailable` for an answer that is no page
    of changes, and what the client raises.
    """
    check_if_empty(if_empty)
    chosen = format_of("", file_format)
    _check_folder(destination)
    run = SyncRun(query, begin, destination, chosen)
    spent = Spent(client)
    reading = ChangeReading(client, query, begin, run, progress)
    reading.read()
    requests, waited = spent.requests(reading.fetched), spent.seconds_waited()
    if run.mark.records or if_empty == "write":
        return Synced(run.publish(requests, waited), run.reached)
    receipt = run.leave_nothing(requests, waited)
    if if_empty == "fail":
        raise EmptyWindow(f"No call changed since {utc_text(begin.time)}, and if_empty is 'fail'.")
    return Synced(receipt, None)


def _check_folder(destination: UPath) -> None:
    """Find out before the first request that files can be written into the folder, which is made."""
    suffixes = tuple(suffix for known in FORMATS.values() for suffix in known.suffixes)
    fs = filesystem(destination)
    with reaching(destination):
        is_file = destination.path.lower().endswith(suffixes) or fs.isfile(destination.path)
    if is_file:
        raise DestinationError(f"The destination {destination} is a file; name the folder that a file a run goes into.")
    check_destination(destination / "calls")
    make_folder(fs, (destination / STATE).path)
