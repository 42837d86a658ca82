"""What tells one job's state from that of another."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def fingerprint_of(*parts: Any) -> str:
    """16 hexadecimal digits over `parts` (JSON values) in their order."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]
