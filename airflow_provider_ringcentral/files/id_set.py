"""Which ids were met already, a million of them in 16 MB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from hashlib import blake2b


class IdSet:
    """A set of ids that keeps 64 bits of each (open addressing in one array; a Python set takes six times as much).

    Two of a million ids share their 64 bits with a chance of 3e-8.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, identifier: str) -> bool:
        key, mask = _key(identifier), len(self._slots) - 1
        at = key & mask
        while self._slots[at]:
            if self._slots[at] == key:
                return True
            at = (at + 1) & mask
        return False

    def add(self, identifier: str) -> bool:
        """Remember `identifier`; True when it was not known yet."""
        if not self._put(self._slots, _key(identifier)):
            return False
        self._count += 1
        if 2 * self._count > len(self._slots):
            self._grow()
        return True

    def update(self, identifiers: Iterable[str]) -> None:
        """Remember all of them."""
        for identifier in identifiers:
            self.add(identifier)

    @staticmethod
    def _put(slots: array[int], key: int) -> bool:
        mask = len(slots) - 1
        at = key & mask
        while slots[at]:
            if slots[at] == key:
                return False
            at = (at + 1) & mask
        slots[at] = key
        return True

    def _grow(self) -> None:
        larger = array("Q", bytes(2 * 8 * len(self._slots)))
        for key in self._slots:
            if key:
                self._put(larger, key)
        self._slots = larger


def _key(identifier: str) -> int:
    # 0 marks a free slot, so no id may hash to it.
    return int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "little") or 1
