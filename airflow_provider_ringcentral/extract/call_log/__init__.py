"""The calls of a window, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

RETENTION: Final = timedelta(days=90)
"""How long RingCentral keeps rows of the call log, as users observe. RingCentral does not publish it, so it can be set.
Recordings are kept for 90 days or up to 100 000 files, whichever comes first (guide page "Archiving Your RingCentral
Activity Data", voice/call-log/archival); users report 30 days for HIPAA accounts."""
