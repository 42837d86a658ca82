"""Whose notes those in the ledger are: a run of a DAG that is made anew has the names of the one before."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from airflow_provider_ringcentral.client.ledger.protocol import Ledger

MOST_LIVES = 8
EARLIER_NOTE = re.compile(r"sent:[0-9a-f]{32}:ringcentral:([0-9a-f]{32}|finished|broadcast)")
"""Key of what an earlier version noted of messages; the counts of requests are under the same owner."""


class RunGeneration(msgspec.Struct):
    """One task instance: `name` its pages' owner, `began` the start of its run, `tries` those that were here."""

    name: str
    began: float | None = None
    tries: list[int] = []


@dataclass(frozen=True)
class TaskTry:
    """A try: its number, how many there were when a person cleared the task last (0: never), and when its run began.

    `resumed`: it was here before, and comes back from a deferral.
    """

    number: int
    before: int = 0
    began: float | None = None
    resumed: bool = False


def enter_generation(
    ledger: Ledger, owner: str, trial: TaskTry, *, earlier_owner: str = ""
) -> tuple[str, Collection[int]]:
    """Enter a try; the owner of its pages, and which tries of its task instance were entered before it.

    `owner` is what the names of the task give. Another run of these names, in this Airflow or in one that shares the
    ledger, began at another time, or has a try of this number already. A run that a person clears when it is over
    begins anew, too: then the task's tries before are those that are known here. `earlier_owner`: whose pages an
    earlier version wrote.
    """
    was_here = bool(earlier_owner) and (trial.number > 1 or trial.resumed)
    inherited = was_here and any(map(EARLIER_NOTE.fullmatch, ledger.keys(f"sent:{earlier_owner}:")))
    heir = (
        RunGeneration(earlier_owner, trial.began, list(range(1, trial.number + trial.resumed))) if inherited else None
    )
    fresh = RunGeneration(uuid.uuid4().hex, trial.began)

    def change(value: bytes | None) -> tuple[bytes, tuple[str, Collection[int]]]:
        lives = _lives(value)
        if not lives and heir is not None:
            lives = [heir]
        life = _own(lives, trial)
        if life is None:
            life = RunGeneration(fresh.name, trial.began)
            lives = [*[one for one in lives if not _same_run(one, trial)], life][-MOST_LIVES:]
        before = list(life.tries)
        life.began = trial.began if life.began is None or trial.began is not None else life.began
        if trial.number not in life.tries:
            life.tries.append(trial.number)
        return msgspec.json.encode(lives), (life.name, before)

    return ledger.update(f"lives:{owner}", change)


def _own(lives: list[RunGeneration], trial: TaskTry) -> RunGeneration | None:
    for life in reversed(lives):
        latest = max(life.tries, default=0)
        if _same_run(life, trial):
            return life if trial.resumed or trial.number > latest else None
    for life in reversed(lives):
        if 0 < max(life.tries, default=0) <= trial.before:
            return life
    return None


def _same_run(life: RunGeneration, trial: TaskTry) -> bool:
    return trial.began is None or life.began is None or life.began == trial.began


def _lives(value: bytes | None) -> list[RunGeneration]:
    try:
        return [] if value is None else msgspec.json.decode(value, type=list[RunGeneration])
    except msgspec.DecodeError:
        return []
