"""A call log in memory with the habits that RingCentral does not rule out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from upath import UPath

from airflow_provider_ringcentral.sandbox import Sandbox
from tests.sync_series import END, START, Series

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = datetime(2026, 1, 2, tzinfo=UTC)
MICRO = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICRO


def parse(text: str) -> int:
    return micros(datetime.fromisoformat(text))


@dataclass
class Call:
    id: str
    at: int
    """Start time in epoch microseconds."""
    hidden: bool = False
    """Takes a place on its page without being shown: the page comes short, or empty."""
    rank: int = 0
    """Where it stands among calls of one start time, or in a log that is not sorted by start time."""


@dataclass
class FakeLog:
    """`raw_page` answers like a call log. Knobs say how odd it is; `change` adds and removes calls between requests."""

    calls: list[Call]
    seed: int = 0
    inclusive: bool = True
    cut_rows: bool = False
    """Compares whole seconds only."""
    order: str = "newest"
    per_page: int | None = None
    pretty: bool = False
    zone: str = "Z"
    head_inserts: float = 0.0
    inner_inserts: float = 0.0
    deletions: float = 0.0
    fail_at: int | None = None
    """The request, counted from 1, that ends the process as far as the extract can tell."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.initial = {call.id for call in self.calls if not call.hidden}
        for call in self.calls:
            call.rank = self.random.getrandbits(40)
        self.ever = {call.id: call.at for call in self.calls}

    def raw_page(self, path: str, params: dict[str, Any]) -> bytes:
        assert path == "/restapi/v1.0/account/~/call-log"
        self.requests.append(dict(params))
        if len(self.requests) == self.fail_at:
            raise KeyboardInterrupt
        if len(self.requests) > 1:
            self.change()
        size = min(self.per_page or 1000, params["perPage"])
        rows = self.selected(parse(params["dateFrom"]), parse(params["dateTo"]))
        at = (params["page"] - 1) * size
        shown = rows[at : at + size]
        if self.order == "shuffled pages":
            self.random.shuffle(shown)
        body = {"records": [self.record(call) for call in shown if not call.hidden], "paging": {"page": params["page"]}}
        body["navigation"] = {"firstPage": {"uri": "https://example.com/1"}}
        if at + size < len(rows):
            body["navigation"]["nextPage"] = {"uri": "https://example.com/2"}
        text = json.dumps(body, indent=2) if self.pretty else json.dumps(body, separators=(",", ":"))
        return text.encode()

    def selected(self, start: int, end: int) -> list[Call]:
        def inside(call: Call) -> bool:
            at = call.at // 10**6 * 10**6 if self.cut_rows else call.at
            return start <= at < end or (self.inclusive and at == end)

        keys = {
            "newest": lambda call: (-call.at, call.rank),
            "newest second": lambda call: (-(call.at // 10**6), call.rank),
            "oldest": lambda call: (call.at, call.rank),
            "nearly": lambda call: -call.at - call.rank % (3 * 3600 * 10**6),
            "none": lambda call: call.rank,
            "shuffled pages": lambda call: (-call.at, call.rank),
        }
        return sorted(filter(inside, self.calls), key=keys[self.order])

    def change(self) -> None:
        if self.random.random() < self.head_inserts:
            newest = max((call.at for call in self.calls), default=micros(DAY))
            for _ in range(self.random.randint(1, 3)):
                self.insert(newest + self.random.randint(1, 10**6))
        if self.random.random() < self.inner_inserts and self.calls:
            self.insert(self.random.choice(self.calls).at)
        if self.random.random() < self.deletions and self.calls:
            gone = self.calls.pop(self.random.randrange(len(self.calls)))
            self.deleted.add(gone.id)

    def insert(self, at: int) -> None:
        call = Call(f"late-{len(self.ever)}", at, rank=self.random.getrandbits(40))
        self.calls.append(call)
        self.ever[call.id] = at

    def record(self, call: Call) -> dict[str, Any]:
        text = (EPOCH + call.at * MICRO).isoformat(timespec="milliseconds")
        return {
            "uri": f"https://example.com/{call.id}",
            "id": call.id,
            "sessionId": call.id[-3:],
            "startTime": text.replace("+00:00", self.zone),
            "duration": call.at % 100,
            "from": {"name": "Zoë  Müller", "phoneNumber": "+16505550100", "device": {"id": "7"}},
        }


def make_calls(seed: int, count: int, shape: str, *, hide: bool = False) -> list[Call]:
    """Calls of the day, some outside its bounds: spread, in one instant, a millisecond apart, or in bursts."""
    dice = random.Random(seed)
    first = micros(DAY)
    times: list[int] = []
    for place in range(count):
        at = {
            "spread": dice.randrange(-2 * 10**6, 86_402 * 10**6),
            "instant": 3600 * 10**6,
            "milliseconds": 3600 * 10**6 + place * 1000,
            "bursts": dice.choice([0, 500, 999, 60_000, 86_399_999]) * 1000 + dice.choice([0, 1, 999]) * 1000,
        }[shape]
        times.append(first + at // 1000 * 1000)
    share = dice.choice([0, 0, 0.3, 0.9]) if hide else 0
    return [Call(f"call-{place}", at, hidden=dice.random() < share) for place, at in enumerate(times)]


@pytest.fixture
def log_of():
    """Make a FakeLog: `log_of(calls, **knobs)`."""
    return FakeLog


@pytest.fixture
def calls_of():
    """Make calls: `calls_of(seed, count, shape)`."""
    return make_calls


@pytest.fixture
def folder(tmp_path: Path) -> UPath:
    path = UPath(tmp_path)
    assert isinstance(path.fs, LocalFileSystem)
    return path


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Callable[..., Series]]:
    """Makes a series of runs of the change sync, against a sandbox of its own."""
    sandboxes = []

    def make(calls: int = 300, **options: Any) -> Series:
        given = {"start": START, "end": END, "limits": {"Heavy": 100_000}, **options}
        sandbox = Sandbox(calls=calls, **given)
        sandboxes.append(sandbox)
        return Series(sandbox.__enter__(), UPath(tmp_path / "calls"), f"sqlite://{tmp_path}/ledger.sqlite")

    yield make
    for sandbox in sandboxes:
        sandbox.__exit__(None, None, None)
