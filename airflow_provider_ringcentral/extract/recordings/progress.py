"""How far the download of recordings is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchiveProgress:
    """How far a run is: `done` of `total` recordings, earlier tries included, `fetched` of them in this one.

    `bytes` were downloaded for the run; `counts` are by outcome.
    """

    done: int
    total: int
    fetched: int
    bytes: int
    counts: dict[str, int]
