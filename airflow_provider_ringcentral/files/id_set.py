"""A set of ids with a small memory: a million ids in 17 MB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from hashlib import blake2b


class IdSet:
    """A set of ids that stores a 64-bit hash of each, in one array with open addressing.

    A Python set of a million ids takes 114 MB instead of 17 MB. The probability that two of a million different ids
    have the same hash is 3e-8.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, identifier: str) -> bool:
        key, mask = _key(identifier), len(self._slots) - 1
        slot = key & mask
        while self._slots[slot]:
            if self._slots[slot] == key:
                return True
            slot = (slot + 1) & mask
        return False

    def add(self, identifier: str) -> bool:
        """Add `identifier`; return True when it was not in the set."""
        if not self._put(self._slots, _key(identifier)):
            return False
        self._count += 1
        if 2 * self._count > len(self._slots):
            self._grow()
        return True

    def update(self, identifiers: Iterable[str]) -> None:
        """Add all identifiers."""
        for identifier in identifiers:
            self.add(identifier)

    @staticmethod
    def _put(slots: array[int], key: int) -> bool:
        mask = len(slots) - 1
        slot = key & mask
        while slots[slot]:
            if slots[slot] == key:
                return False
            slot = (slot + 1) & mask
        slots[slot] = key
        return True

    def _grow(self) -> None:
        larger = array("Q", bytes(2 * 8 * len(self._slots)))
        for key in self._slots:
            if key:
                self._put(larger, key)
        self._slots = larger


def _key(identifier: str) -> int:
    # 0 marks a free slot, so no id may have the hash 0.
    return int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "little") or 1
