"""Which entries of the ledger belong to this run of a task: a later run, or another Airflow, may use the same names."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from airflow_provider_ringcentral.client.ledger.protocol import Ledger

MOST_GENERATIONS = 8
EARLIER_ENTRY = re.compile(r"sent:[0-9a-f]{32}:ringcentral:([0-9a-f]{32}|finished|broadcast)")
"""Ledger keys under which an earlier version recorded sends. Counts of requests share the owner; they do not match."""


class RunGeneration(msgspec.Struct):
    """One run of a task instance with its retries.

    `owner` prefixes its keys in the ledger, `began` is the start of the run (epoch seconds), `tries` are the numbers of
    the tries that have entered.
    """

    owner: str = msgspec.field(name="name")
    began: float | None = None
    tries: list[int] = []


@dataclass(frozen=True)
class TaskTry:
    """A try of a task instance.

    `before` is how many tries there were when a person cleared the task last (0: never), `began` the start of the run
    (epoch seconds). `resumed`: the try has entered before and comes back from a deferral.
    """

    number: int
    before: int = 0
    began: float | None = None
    resumed: bool = False


def enter_generation(
    ledger: Ledger, task: str, current: TaskTry, *, earlier_owner: str = ""
) -> tuple[str, Collection[int]]:
    """Enter a try in the ledger. Returns the owner of its keys, and the tries that entered the generation before it.

    `task` is a digest of the task instance's names. The try belongs to another run of these names if the run began at
    another time, or if a try of its number has already entered. A person who clears a run that is over restarts it, so
    its start differs as well; then the try belongs to the generation that holds the tries before the clear.
    `earlier_owner` is the owner under which an earlier version of this provider recorded sends.
    """
    may_inherit = bool(earlier_owner) and (current.number > 1 or current.resumed)
    inherits = may_inherit and any(map(EARLIER_ENTRY.fullmatch, ledger.keys(f"sent:{earlier_owner}:")))
    new_owner = uuid.uuid4().hex

    def change(value: bytes | None) -> tuple[bytes, tuple[str, Collection[int]]]:
        generations = _decode(value)
        if not generations and inherits:
            tries = list(range(1, current.number + current.resumed))
            generations = [RunGeneration(earlier_owner, current.began, tries)]
        generation = _generation_of(generations, current)
        if generation is None:
            generation = RunGeneration(new_owner, current.began)
            others = [one for one in generations if not _same_run(one, current)]
            generations = [*others, generation][-MOST_GENERATIONS:]
        before = list(generation.tries)
        if current.began is not None:
            generation.began = current.began
        if current.number not in generation.tries:
            generation.tries.append(current.number)
        return msgspec.json.encode(generations), (generation.owner, before)

    return ledger.update(f"lives:{task}", change)


def _generation_of(generations: list[RunGeneration], current: TaskTry) -> RunGeneration | None:
    for one in reversed(generations):
        if _same_run(one, current):
            return one if current.resumed or current.number > max(one.tries, default=0) else None
    for one in reversed(generations):
        if 0 < max(one.tries, default=0) <= current.before:
            return one
    return None


def _same_run(generation: RunGeneration, current: TaskTry) -> bool:
    return current.began is None or generation.began is None or generation.began == current.began


def _decode(value: bytes | None) -> list[RunGeneration]:
    try:
        return [] if value is None else msgspec.json.decode(value, type=list[RunGeneration])
    except msgspec.DecodeError:
        return []
