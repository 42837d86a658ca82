"""One part of a long extract, told by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(
    r"(?P<fingerprint>[0-9a-f]+)-(?P<number>\d{6})-(?P<written>\d+)-(?P<records>\d+)-(?P<bytes>\d+)"
    r"-(?P<oldest>-?\d+)-(?P<newest>-?\d+)-(?P<cursor>[a-z0-9.-]+)\.ndjson"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One page's rows. Everything known about it is in its name, so that one listing tells all.

    `written` is in epoch seconds, `oldest` and `newest` start time in epoch microseconds (0 without rows), `cursor`
    what to ask after this page. `bytes` shows a part that a store or a power cut left incomplete.
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
        """The name under which it lies on a shelf."""
        numbers = f"{self.number:06d}-{self.written}-{self.records}-{self.bytes}-{self.oldest}-{self.newest}"
        return f"{self.fingerprint}-{numbers}-{self.cursor}.ndjson"

    @classmethod
    def parse(cls, name: str) -> Part | None:
        """The part of this name; None for anything else."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        fields = match.groupdict()
        numbers = {key: int(value) for key, value in fields.items() if key not in ("fingerprint", "cursor")}
        return cls(fingerprint=fields["fingerprint"], cursor=fields["cursor"], **numbers)
