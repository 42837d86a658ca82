"""From parts to the file: what happens once everything of an extract is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.atomic import complete_file, tidying
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath


IF_EMPTY = ("write", "skip", "fail")
"""What to do about an extract without records."""


def publish(parts: Checkpoint, lines: Iterable[bytes], destination: UPath, chosen: Format) -> tuple[int, str]:
    """Make `lines`, those of `parts`, the file `destination`, complete at once; its bytes and SHA-256."""
    if chosen.verbatim and (published := parts.publish(destination)):
        return published
    with complete_file(destination) as out:
        chosen.write(lines, out, CALL_COLUMNS)
    return out.bytes, out.sha256


def put_away(parts: Checkpoint) -> None:
    """Remove the parts of a finished extract. Those that a store keeps are marked: no later run goes on with them."""
    with tidying("The parts of a finished extract"):
        try:
            parts.remove()
        except Exception:
            parts.close()
            raise
