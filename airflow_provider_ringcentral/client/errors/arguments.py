"""What can go wrong between the records of RingCentral and a file, beyond what RingCentral itself refuses."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.client.errors import BadRequest, ConfigurationError, RingCentralError, Unavailable


class BadArgument(BadRequest, ValueError):
    """A value of the caller cannot be meant; `parameter` names it. Nothing was sent: trying again cannot help."""


class DestinationError(ConfigurationError):
    """The destination cannot take the file: unknown scheme, a folder, not writable, or a missing package."""


class DestinationUnavailable(Unavailable):
    """The destination's store failed in a way that may pass: out of reach, overloaded, full."""


class NotMedia(Unavailable):
    """The answer to a download is a success and no media: a page, JSON, or nothing. A later try may get the media.

    `found` says in a word what came: a content type, or "empty".
    """

    def __init__(self, message: str = "", *, found: str = "", **fields: Any) -> None:
        super().__init__(message, **fields)
        self.found = found

    def fields(self) -> dict[str, Any]:
        """As for every error, and what came."""
        return {**super().fields(), "found": self.found}


class WindowTooLarge(BadRequest):
    """RingCentral counts pages to 1000 and the window needs more: ask for a narrower one."""


class EmptyWindow(RingCentralError):
    """The window holds no call, and the caller asked to fail then."""


class RecordingsFailed(RingCentralError):
    """More recordings than allowed could not be downloaded; all others are stored, and the manifest lists each."""
