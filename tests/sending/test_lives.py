"""Whose pages of the ledger are whose."""

from __future__ import annotations

import msgspec
import pytest

from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.sending.once.message import digest
from airflow_provider_ringcentral.sending.once.run_generation import MOST_LIVES, TaskTry, enter_generation

EARLIER = digest("dag", "run", "task", -1)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def enter(ledger: MemoryLedger, *trial: object, **how: object) -> tuple[str, list[int]]:
    owner, known = enter_generation(ledger, "owner", TaskTry(*trial, **how), earlier_owner=EARLIER)  # type: ignore[arg-type]
    return owner, list(known)


FIRST = [(1, 0, 10.0), (2, 0, 10.0)]
SAME = [
    ((3, 0, 10.0), {}, [1, 2]),
    ((2, 0, 10.0), {"resumed": True}, [1, 2]),
    ((3, 2, 50.0), {}, [1, 2]),
    ((5, 4, 50.0), {}, [1, 2]),
    ((4, 0, None), {}, [1, 2]),
]
OTHER = [
    ((1, 0, 50.0), {}),
    ((1, 0, 10.0), {}),
    ((2, 0, 50.0), {}),
    ((2, 1, 50.0), {}),
    ((2, 0, 50.0), {"resumed": True}),
]


@pytest.mark.parametrize(("trial", "how", "known"), SAME)
def test_a_later_try_of_the_same_task_instance(ledger, trial, how, known):
    owners = {enter(ledger, *one)[0] for one in FIRST}

    assert [enter(ledger, *trial, **how)] == [(owner, known) for owner in owners]


@pytest.mark.parametrize(("trial", "how"), OTHER)
def test_a_try_of_another_run_of_that_name(ledger, trial, how):
    owners = [enter(ledger, *one)[0] for one in FIRST]

    owner, known = enter(ledger, *trial, **how)

    assert (owner in owners, known) == (False, [])


def test_runs_of_one_name_that_go_on_side_by_side(ledger):
    production, staging = enter(ledger, 1, 0, 10.0), enter(ledger, 1, 0, 20.0)

    assert enter(ledger, 2, 0, 10.0) == (production[0], [1])
    assert enter(ledger, 2, 0, 20.0) == (staging[0], [1])


@pytest.mark.parametrize("name", [digest("key"), "finished"])
def test_a_retry_goes_on_with_what_the_earlier_version_noted(ledger, name):
    ledger.update(f"sent:{EARLIER}:ringcentral:{name}", lambda _: (b"{}", None))

    assert enter(ledger, 3, 0, 10.0) == (EARLIER, [1, 2])
    assert enter(ledger, 4, 0, 10.0) == (EARLIER, [1, 2, 3])
    assert enter(ledger, 1, 0, 20.0)[0] != EARLIER


def test_counts_of_requests_are_no_notes(ledger):
    ledger.update(f"sent:{EARLIER}:ringcentral:usage", lambda _: (b"[1, 0.0]", None))

    owner, known = enter(ledger, 2, 0, 10.0)

    assert (owner == EARLIER, known) == (False, [])


def test_what_is_damaged_begins_anew_and_what_is_old_is_dropped(ledger):
    ledger.update("lives:owner", lambda _: (b"{", None))
    for number in range(2 * MOST_LIVES):
        assert enter(ledger, 1, 0, float(number))[1] == []

    assert len(msgspec.json.decode(ledger.read("lives:owner") or b"")) == MOST_LIVES
