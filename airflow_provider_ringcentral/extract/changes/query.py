"""Which changes are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from airflow_provider_ringcentral.client.errors import LoginFailed, RingCentralError
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.files.receipt import fingerprint_of

RECORD_COUNT: Final = 1000
"""Rows a page, the most that RingCentral allows, in both views (FACTS 6.4)."""

_LAYOUT = 1
"""Raised when what is written for a series changes, so that parts of an older version are not gone on with."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class SyncQuery:
    """Changes of the company's call log under `path`, that of extractSyncAccountCallLog, in `view`.

    `series` tells apart what must not take each other's watermark; `overlap` is by how much a full sync goes back
    behind a watermark whose token is refused.
    """

    path: str
    view: str
    series: str
    overlap: timedelta = timedelta(hours=1)

    def everything(self, since: datetime) -> dict[str, str | int]:
        """Parameters of a full sync: everything that changed at `since` (aware) or later."""
        # "Updated after the specified time" may leave out what was updated at it.
        moment = since.astimezone(UTC) - _MILLISECOND
        text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        return {"syncType": "FSync", "dateFrom": text, "recordCount": RECORD_COUNT, "view": self.view}

    def changes(self, token: str) -> dict[str, str]:
        """Parameters of the page after `token`; recordCount is allowed in a full sync only, and the token knows it."""
        return {"syncType": "ISync", "syncToken": token, "view": self.view}

    def fingerprint(self, begin: Watermark) -> str:
        """16 hexadecimal digits over everything that shapes the file of a run from `begin` on."""
        return fingerprint_of(
            str(_LAYOUT), self.path, self.view, self.series, begin.time.isoformat(), begin.cursor or ""
        )


def token_refused(error: RingCentralError) -> bool:
    """Whether `error`, the answer to a page after a token, means that the token no longer works.

    Codes CLG-101 to CLG-105 say so (FACTS 4.2), as does every refusal that names `syncToken`. A 400 that names no
    parameter counts too: besides the token such a request only repeats what the full sync before it was allowed, and
    a full sync that is not needed costs requests, while a token that is kept in error costs all further runs.
    """
    status = error.status or 0
    # A refused login answers 400, too, and was never about this request.
    if isinstance(error, LoginFailed) or not 400 <= status < 500 or status in (408, 429):
        return False
    if error.parameter == "syncToken" or any(code.startswith("CLG-10") for code in error.codes):
        return True
    return status == 400 and error.parameter is None
