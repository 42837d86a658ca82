"""One chunk of a long extract, and what a staging store does with chunks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_ringcentral.client.errors.arguments import DestinationError

_NAME = re.compile(
    r"(?P<fingerprint>[0-9a-f]+)-(?P<number>\d{6})-(?P<written>\d+)-(?P<records>\d+)-(?P<bytes>\d+)"
    r"-(?P<oldest>-?\d+)-(?P<newest>-?\d+)-(?P<cursor>[a-z0-9.-]+)\.ndjson"
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The rows of one page. Its name holds all its metadata, so that one listing restores the whole checkpoint.

    `written` is in epoch seconds, `oldest` and `newest` are start times in epoch microseconds (0 without rows),
    `cursor` names the request that follows this page. `bytes` reveals a chunk that a store or a power cut truncated.
    """

    fingerprint: str
    number: int
    written: int
    records: int
    bytes: int
    oldest: int
    newest: int
    cursor: str

    @property
    def name(self) -> str:
        """The name under which a store keeps it. Earlier versions wrote the same names."""
        numbers = f"{self.number:06d}-{self.written}-{self.records}-{self.bytes}-{self.oldest}-{self.newest}"
        return f"{self.fingerprint}-{numbers}-{self.cursor}.ndjson"

    @classmethod
    def parse(cls, name: str) -> Chunk | None:
        """Return the chunk with this name, or None when the name has another form."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        fields = match.groupdict()
        numbers = {key: int(value) for key, value in fields.items() if key not in ("fingerprint", "cursor")}
        return cls(fingerprint=fields["fingerprint"], cursor=fields["cursor"], **numbers)


class StagingStore(Protocol):
    """Keeps the chunks of one extract. Raises FileNotFoundError when another run has taken them over."""

    def found(self) -> list[Chunk]:
        """List the complete chunks of the query, in any order."""

    def settle(self, kept: Sequence[Chunk]) -> int:
        """Keep these chunks, numbered from 1 without a gap, and remove all others; return how many were removed."""

    def put(self, chunk: Chunk, lines: bytes) -> None:
        """Add the next chunk, completely or not at all."""

    def read(self, chunks: Iterable[Chunk]) -> Iterator[bytes]:
        """Yield the lines of these chunks, in this order."""

    def remove(self) -> None:
        """Remove everything, the last chunk first. Raises OSError when the store forbids it."""


def listing_denied(folder: str, error: OSError) -> DestinationError:
    """The error for a staging folder that may not be listed."""
    return DestinationError(
        f"The chunks of an extract are kept in {folder}/, which may not be listed: {error}. "
        "Allow listing as well, so that an interrupted run can resume."
    )
