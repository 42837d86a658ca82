"""Errors of arguments, files and downloads, which RingCentral itself does not raise."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.client.errors import BadRequest, ConfigurationError, RingCentralError, Unavailable


class BadArgument(BadRequest, ValueError):
    """An argument has a wrong value; `parameter` names it. No request was sent, and a retry cannot help."""


class DestinationError(ConfigurationError):
    """The destination cannot take the file: unknown scheme, a folder, no write permission, or a missing package."""


class DestinationUnavailable(Unavailable):
    """The destination's storage failed temporarily: unreachable, overloaded, full."""


class NotMedia(Unavailable):
    """A download succeeded, but its body is not media: a web page, JSON, or empty. A later attempt may get the media.

    `found` is the content type of the body, or "empty".
    """

    def __init__(self, message: str = "", *, found: str = "", **fields: Any) -> None:
        super().__init__(message, **fields)
        self.found = found

    def fields(self) -> dict[str, Any]:
        """Return the keyword arguments of every error, and `found`."""
        return {**super().fields(), "found": self.found}


class WindowTooLarge(BadRequest):
    """The window needs more than the 1000 pages that RingCentral counts. Use a narrower window."""


class EmptyWindow(RingCentralError):
    """The window does not contain any call, and the caller asked to fail in that case."""


class RecordingsFailed(RingCentralError):
    """More recordings than allowed could not be downloaded. The manifest lists each; the others are stored."""
