"""What is claimed, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.table import table


@dataclass(frozen=True, slots=True)
class Claim:
    """`measured` in the words of the report; `holds` says whether that is what was claimed."""

    text: str
    measured: str
    holds: bool


def told(claims: Sequence[Claim]) -> str:
    rows = [[claim.text, claim.measured, "holds" if claim.holds else "DOES NOT HOLD"] for claim in claims]
    return table(["claim", "measured", ""], rows)
