"""Which entries of the ledger belong to which run of a task."""

from __future__ import annotations

import msgspec
import pytest

from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.sending.once.message import digest
from airflow_provider_ringcentral.sending.once.run_generation import MOST_GENERATIONS, TaskTry, enter_generation

EARLIER = digest("dag", "run", "task", -1)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def enter(ledger: MemoryLedger, *current: object, **how: object) -> tuple[str, list[int]]:
    owner, known = enter_generation(ledger, "task", TaskTry(*current, **how), earlier_owner=EARLIER)  # type: ignore[arg-type]
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


@pytest.mark.parametrize(("current", "how", "known"), SAME)
def test_a_later_try_of_the_same_task_instance(ledger, current, how, known):
    owners = {enter(ledger, *one)[0] for one in FIRST}

    assert [enter(ledger, *current, **how)] == [(owner, known) for owner in owners]


@pytest.mark.parametrize(("current", "how"), OTHER)
def test_a_try_of_another_run_of_that_name(ledger, current, how):
    owners = [enter(ledger, *one)[0] for one in FIRST]

    owner, known = enter(ledger, *current, **how)

    assert (owner in owners, known) == (False, [])


def test_concurrent_runs_of_one_name(ledger):
    production, staging = enter(ledger, 1, 0, 10.0), enter(ledger, 1, 0, 20.0)

    assert enter(ledger, 2, 0, 10.0) == (production[0], [1])
    assert enter(ledger, 2, 0, 20.0) == (staging[0], [1])


@pytest.mark.parametrize("name", [digest("key"), "finished"])
def test_a_retry_takes_over_records_of_the_version_without_generations(ledger, name):
    ledger.update(f"sent:{EARLIER}:ringcentral:{name}", lambda _: (b"{}", None))

    assert enter(ledger, 3, 0, 10.0) == (EARLIER, [1, 2])
    assert enter(ledger, 4, 0, 10.0) == (EARLIER, [1, 2, 3])
    assert enter(ledger, 1, 0, 20.0)[0] != EARLIER


def test_counts_of_requests_are_not_records_of_sends(ledger):
    ledger.update(f"sent:{EARLIER}:ringcentral:usage", lambda _: (b"[1, 0.0]", None))

    owner, known = enter(ledger, 2, 0, 10.0)

    assert (owner == EARLIER, known) == (False, [])


def test_a_damaged_value_is_replaced_and_old_generations_are_dropped(ledger):
    ledger.update("lives:task", lambda _: (b"{", None))
    for number in range(2 * MOST_GENERATIONS):
        assert enter(ledger, 1, 0, float(number))[1] == []

    assert len(msgspec.json.decode(ledger.read("lives:task") or b"")) == MOST_GENERATIONS


OLD_VALUE = b'[{"name":"9f0c","began":10.0,"tries":[1,2]},{"name":"51aa","began":20.5,"tries":[1]}]'
"""As the version that called a generation a life wrote it."""


def test_generations_of_an_earlier_version_are_read_and_written_in_its_form(ledger):
    ledger.update("lives:task", lambda _: (OLD_VALUE, None))

    assert enter(ledger, 3, 0, 10.0) == ("9f0c", [1, 2])
    assert ledger.read("lives:task") == OLD_VALUE.replace(b"[1,2]", b"[1,2,3]")
