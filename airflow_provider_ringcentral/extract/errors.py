"""What can go wrong between the records of RingCentral and a file, beyond what RingCentral itself refuses."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors import BadRequest, ConfigurationError, RingCentralError


class BadArgument(BadRequest, ValueError):
    """A value of the caller cannot be meant; `parameter` names it. Nothing was sent: trying again cannot help."""


class DestinationError(ConfigurationError):
    """The destination cannot take the file: unknown scheme, a folder, not writable, or a missing package."""


class WindowTooLarge(BadRequest):
    """RingCentral counts pages to 1000 and the window needs more: ask for a narrower one."""


class EmptyWindow(RingCentralError):
    """The window holds no call, and the caller asked to fail then."""


class RecordingsFailed(RingCentralError):
    """More recordings than allowed could not be downloaded; all others are stored, and the manifest lists each."""
