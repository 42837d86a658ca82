"""The last steps of an extract: chunks become the file, and the checkpoint is removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.atomic import complete_file, tolerate_cleanup_errors
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath

IF_EMPTY = ("write", "skip", "fail")
"""What an extract without records does: write a file without rows, write none, or fail."""


def publish(
    checkpoint: Checkpoint, contents: Iterable[bytes], destination: UPath, output_format: Format
) -> tuple[int, str]:
    """Write `contents`, the NDJSON lines of `checkpoint`, to `destination` atomically; return its bytes and SHA-256."""
    if output_format.verbatim and (published := checkpoint.publish(destination)):
        return published
    with complete_file(destination) as out:
        output_format.write(contents, out, CALL_COLUMNS)
    return out.bytes, out.sha256


def remove_checkpoint(checkpoint: Checkpoint) -> None:
    """Remove the chunks of a finished extract. If the store keeps them, mark them so that no later run resumes them."""
    with tolerate_cleanup_errors("The chunks of a finished extract"):
        try:
            checkpoint.remove()
        except Exception:
            checkpoint.mark_finished()
            raise
