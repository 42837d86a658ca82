"""An extract that was killed goes on where it stopped, and nobody can tell from the file."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import random
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint
from airflow_provider_ringcentral.files.staging.chunk import Chunk
from tests.extract.conftest import Call, micros

DAY = datetime(2026, 1, 2, tzinfo=UTC)
QUERY = CallLogQuery("/restapi/v1.0/account/~/call-log", DAY, DAY + timedelta(days=1))
NAMES = ["calls.ndjson", "calls.ndjson.gz", "calls.csv", "calls.parquet"]


LINES, NAMES_FILE = "lines", "names"


@pytest.fixture(params=["file", "memory"])
def folder(request, tmp_path) -> UPath:
    """A local folder, where the parts lie in one file, and a store, where each is an object."""
    return UPath(tmp_path) if request.param == "file" else UPath(f"memory:///{uuid.uuid4().hex}")


def home_of(path: UPath) -> UPath:
    """Where the names of the parts lie."""
    parts = UPath(f"{path}.parts")
    runs = [entry for entry in parts.iterdir() if entry.is_dir()]
    assert len(runs) <= 1
    return runs[0] if runs else parts


def names_of(home: UPath) -> list[str]:
    names = home / NAMES_FILE
    return names.read_text().split("\n")[:-1] if names.exists() else sorted(entry.name for entry in home.iterdir())


def rename(home: UPath, old: str, new: str | None) -> None:
    """Give a part another name, or none."""
    names = home / NAMES_FILE
    if names.exists():
        names.write_text(names.read_text().replace(f"{old}\n", f"{new}\n" if new else ""))
        return
    if new:
        (home / new).write_bytes((home / old).read_bytes())
    (home / old).unlink()


def undisturbed(log_of, calls, knobs, path: UPath):
    log = log_of(calls(), **knobs)
    receipt = extract_window(log, QUERY, path)
    return path.read_bytes(), len(log.requests), receipt


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [("spread", "newest"), ("instant", "newest"), ("bursts", "nearly")])
def test_killed_at_any_request(log_of, calls_of, folder, name, kind):
    shape, order = kind
    knobs = {"order": order, "per_page": 20, "seed": 3}

    def calls():
        return calls_of(11, 90, shape)

    whole, requests, receipt = undisturbed(log_of, calls, knobs, folder / "whole" / name)
    for fatal in range(1, requests + 1):
        path = folder / name
        first = log_of(calls(), fail_at=fatal, **knobs)
        with pytest.raises(KeyboardInterrupt):
            extract_window(first, QUERY, path)
        assert not path.exists()
        second = log_of(calls(), **knobs)
        again = extract_window(second, QUERY, path)
        assert path.read_bytes() == whole
        assert (fatal - 1) + len(second.requests) <= requests + 1, "more than one page was asked for again"
        assert again.complete_as_of
        assert receipt.complete_as_of
        same = {"destination": receipt.destination, "requests": receipt.requests}
        assert replace(again, **same, complete_as_of=receipt.complete_as_of) == receipt
        assert sorted(entry.name for entry in folder.iterdir()) == sorted([name, "whole"])
        path.unlink()


def test_killed_at_every_request_in_turn(log_of, calls_of, folder):
    knobs = {"per_page": 10, "seed": 3}
    whole, requests, _ = undisturbed(log_of, lambda: calls_of(5, 80, "bursts"), knobs, folder / "whole.ndjson")
    path, tries, asked = folder / "calls.ndjson", 0, 0
    while not path.exists():
        tries += 1
        log = log_of(calls_of(5, 80, "bursts"), fail_at=3, **knobs)
        try:
            extract_window(log, QUERY, path)
        except KeyboardInterrupt:
            asked += len(log.requests) - 1
        assert tries < 50
    assert path.read_bytes() == whole
    assert asked <= requests + tries


def test_calls_that_come_between_two_tries_are_there_once_at_most(log_of, calls_of, folder):
    for seed in range(25):
        dice, path = random.Random(seed), folder / "calls.ndjson"
        log = log_of(
            calls_of(seed, 120, dice.choice(["spread", "instant", "milliseconds", "bursts"])),
            seed=seed,
            order=dice.choice(["newest", "newest", "none", "nearly"]),
            per_page=15,
            inclusive=dice.random() < 0.5,
            head_inserts=0.5,
            inner_inserts=0.5,
        )
        for _ in range(200):
            log.fail_at = len(log.requests) + dice.randint(2, 6)
            try:
                extract_window(log, QUERY, path)
                break
            except KeyboardInterrupt:
                continue
        found = [line.split(b'"id":"', 1)[1].split(b'"', 1)[0].decode() for line in path.read_bytes().splitlines()]
        start, end = (int(moment.timestamp()) * 10**6 for moment in (QUERY.start, QUERY.end))
        assert len(found) == len(set(found))
        assert {name for name in log.initial if start <= log.ever[name] < end} <= set(found)
        path.unlink()


def test_kills_while_pages_turn_and_calls_come_late(log_of):
    """Seconds with few calls and with many, so that pages end in the middle of one, and calls that come late to any."""
    start, end = (int(moment.timestamp()) * 10**6 for moment in (QUERY.start, QUERY.end))
    for seed in range(400, 700):
        dice, path = random.Random(seed), UPath(f"memory:///{uuid.uuid4().hex}/calls.ndjson")
        times = [
            start + dice.randrange(dice.choice([4, 8, 20, 40])) * 10**6 + dice.choice([0, 0, 1000, 500_000])
            for _ in range(dice.choice([40, 80]))
        ]
        log = log_of(
            [Call(f"call-{place}", at) for place, at in enumerate(times)],
            seed=seed,
            order=dice.choice(["newest", "newest second"]),
            per_page=dice.choice([7, 15]),
            inclusive=dice.random() < 0.5,
            cut_rows=dice.random() < 0.6,
            head_inserts=dice.choice([0, 0.5]),
            inner_inserts=dice.choice([0, 0.2, 0.5]),
            deletions=dice.choice([0, 0.3, 0.6]),
        )
        while not path.exists():
            log.fail_at = len(log.requests) + dice.randint(2, 4)
            with contextlib.suppress(KeyboardInterrupt):
                extract_window(log, QUERY, path)
        found = [line.split(b'"id":"', 1)[1].split(b'"', 1)[0].decode() for line in path.read_bytes().splitlines()]
        assert len(found) == len(set(found)), f"seed {seed}"
        if not log.deletions:
            assert {name for name in log.initial if start <= log.ever[name] < end} <= set(found), f"seed {seed}"


def killed_once(log_of, calls_of, path, query=QUERY):
    with pytest.raises(KeyboardInterrupt):
        extract_window(log_of(calls_of(1, 60, "spread"), per_page=10, fail_at=4), query, path)
    names = names_of(home_of(path))
    assert len(names) == 3
    return names


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, start=DAY - timedelta(days=1)),
        replace(QUERY, end=DAY + timedelta(hours=23)),
        replace(QUERY, view="Detailed"),
        replace(QUERY, filters={"direction": "Inbound"}),
        replace(QUERY, owner="another credential"),
    ],
)
def test_parts_of_another_query_are_discarded_and_said_so(log_of, calls_of, folder, caplog, other):
    path = folder / "calls.ndjson"
    killed_once(log_of, calls_of, path, other)
    caplog.set_level(logging.INFO)
    log = log_of(calls_of(1, 60, "spread"), per_page=10)
    extract_window(log, QUERY, path)
    assert "Discarded 3 chunks" in caplog.text
    assert log.requests[0]["dateTo"] == "2026-01-03T00:00:00.000Z"
    assert [entry.name for entry in folder.iterdir()] == ["calls.ndjson"]


def test_parts_of_an_equal_query_are_gone_on_with(log_of, calls_of, folder, caplog):
    path = folder / "calls.ndjson"
    killed_once(log_of, calls_of, path, replace(QUERY, filters={"direction": ["Outbound", "Inbound"], "type": None}))
    caplog.set_level(logging.INFO)
    log = log_of(calls_of(1, 60, "spread"), per_page=10)
    extract_window(log, replace(QUERY, filters={"direction": ["Inbound", "Outbound"]}), path)
    assert "Resuming after 3 pages" in caplog.text
    assert log.requests[0]["dateTo"] < "2026-01-03T00:00:00.000Z"


def test_a_file_of_two_tries_is_complete_as_of_before_the_first(log_of, calls_of, folder):
    path = folder / "calls.ndjson"
    names = killed_once(log_of, calls_of, path)
    receipt = extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
    assert datetime.fromisoformat(receipt.complete_as_of).timestamp() < Chunk.parse(min(names)).written - 1800


def test_parts_are_not_gone_on_with_the_next_day(log_of, calls_of, folder):
    path = folder / "calls.ndjson"
    names = killed_once(log_of, calls_of, path)
    home = home_of(path)
    for name in names:
        part = Chunk.parse(name)
        assert part is not None
        rename(home, name, replace(part, written=part.written - 13 * 3600).name)
    assert Checkpoint(path, QUERY.fingerprint).discarded == 3
    assert not UPath(f"{path}.parts").exists()


def damage_torn(home: UPath, names: list[str]) -> None:
    if (home / LINES).exists():
        part = Chunk.parse(names[2])
        assert part is not None
        torn, cut = home / LINES, part.bytes + 5
    else:
        torn, cut = home / names[1], 5
    torn.write_bytes(torn.read_bytes()[:-cut])


def damage_missing(home: UPath, names: list[str]) -> None:
    rename(home, names[1], None)


def damage_twice(home: UPath, names: list[str]) -> None:
    part = Chunk.parse(names[1])
    assert part is not None
    if (home / NAMES_FILE).exists():
        rename(home, names[1], f"{names[1]}\n{names[1]}")
    else:
        (home / replace(part, written=part.written + 1).name).write_bytes((home / names[1]).read_bytes())


def damage_torn_name(home: UPath, names: list[str]) -> None:
    if (home / NAMES_FILE).exists():
        (home / NAMES_FILE).write_text("\n".join(names)[:-5])
    else:
        rename(home, names[2], names[2][:-5])


# Two runs can put objects into one store; a file on a disk has one writer, so that a name met twice is only out of turn.
@pytest.mark.parametrize(
    ("damage", "left"),
    [
        (damage_torn, {"memory": (1, 2), "file": (1, 2)}),
        (damage_missing, {"memory": (1, 1), "file": (1, 1)}),
        (damage_twice, {"memory": (1, 3), "file": (2, 2)}),
        (damage_torn_name, {"memory": (2, 1), "file": (2, 0)}),
    ],
)
def test_what_cannot_be_trusted_is_read_again(log_of, calls_of, folder, damage, left):
    """`left`: parts that are kept, and how many are discarded."""
    path = folder / "calls.ndjson"
    names = killed_once(log_of, calls_of, path)
    damage(home_of(path), names)
    parts = Checkpoint(path, QUERY.fingerprint)
    assert (len(parts), parts.discarded) == left[folder.protocol or "file"]
    whole, _, _ = undisturbed(log_of, lambda: calls_of(1, 60, "spread"), {"per_page": 10}, folder / "whole.ndjson")
    extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
    assert path.read_bytes() == whole


def test_two_runs_at_once_never_mix(log_of, calls_of, folder):
    """The earlier run finds its parts gone and fails; it publishes nothing."""
    path = folder / "calls.ndjson"
    log = log_of(calls_of(1, 60, "spread"), per_page=10)

    class Interrupted:
        def raw_page(self, path_, params):
            if len(log.requests) == 3:
                extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
            return log.raw_page(path_, params)

    with pytest.raises(Unavailable, match="another run writes the same destination"):
        extract_window(Interrupted(), QUERY, path)
    whole, _, _ = undisturbed(log_of, lambda: calls_of(1, 60, "spread"), {"per_page": 10}, folder / "whole.ndjson")
    assert path.read_bytes() == whole


def test_a_complete_set_of_parts_is_published_without_a_request(log_of, calls_of, folder):
    path = folder / "calls.ndjson"
    whole, _, receipt = undisturbed(log_of, lambda: calls_of(1, 60, "spread"), {"per_page": 10}, path)
    lines = whole.splitlines(keepends=True)
    parts = Checkpoint(path, QUERY.fingerprint)
    parts.append(b"".join(lines[:40]), records=40, oldest=5, newest=9, cursor="n1767225600.1")
    parts.append(b"".join(lines[40:]), records=len(lines) - 40, oldest=3, newest=6, cursor="end")
    log = log_of([])
    again = extract_window(log, QUERY, path)
    assert log.requests == []
    assert path.read_bytes() == whole
    assert (again.records, again.sha256) == (receipt.records, hashlib.sha256(whole).hexdigest())
    assert again.first_start_time == "1970-01-01T00:00:00.000003Z"
    assert again.last_start_time == "1970-01-01T00:00:00.000009Z"


@pytest.mark.parametrize("name", ["calls.ndjson", "calls.parquet"])
def test_parts_that_a_store_keeps_are_not_published_again(log_of, calls_of, monkeypatch, name):
    path = UPath(f"memory:///{uuid.uuid4().hex}/{name}")

    def refused(*_: object) -> None:
        raise PermissionError("this store keeps everything")

    monkeypatch.setattr(type(path.fs), "rm_file", refused)
    extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
    again = log_of(calls_of(2, 30, "spread"), per_page=10)
    receipt = extract_window(again, QUERY, path)

    assert len(again.requests) > 1
    assert receipt.records == len([call for call in again.ever.values() if 0 <= call - micros(DAY) < 86_400 * 10**6])


def test_on_a_disk_the_parts_become_the_file(log_of, calls_of, tmp_path):
    path = UPath(tmp_path / "calls.ndjson")
    killed_once(log_of, calls_of, path)
    before = (home_of(path) / LINES).stat().st_ino
    extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
    assert path.stat().st_ino == before


def test_a_run_does_not_take_over_what_another_is_writing_to(log_of, calls_of, tmp_path):
    path = UPath(tmp_path / "calls.ndjson")
    killed_once(log_of, calls_of, path)
    with (home_of(path) / LINES).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="another run writes the same destination"):
            Checkpoint(path, QUERY.fingerprint)
    assert len(Checkpoint(path, QUERY.fingerprint)) == 3


def test_a_run_that_was_believed_dead_adds_nothing(log_of, calls_of, tmp_path):
    path = UPath(tmp_path / "calls.ndjson")
    killed_once(log_of, calls_of, path)
    earlier = Checkpoint(path, QUERY.fingerprint)
    later = Checkpoint(path, QUERY.fingerprint)
    for step in (
        lambda: earlier.append(b"{}\n", records=1, oldest=1, newest=1, cursor="end"),
        lambda: list(earlier.contents()),
        lambda: earlier.publish(path),
    ):
        with pytest.raises(Unavailable, match="another run writes the same destination"):
            step()
    later.append(b"[]\n", records=1, oldest=1, newest=1, cursor="end")
    assert b"".join(later.contents()).endswith(b"}\n[]\n")
    assert not path.exists()


CHILD = """
import os, runpy, signal, sys
from datetime import UTC, datetime, timedelta
from upath import UPath
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery

conftest, folder, name, fatal = sys.argv[1:]
names = runpy.run_path(conftest)
log = names["FakeLog"](names["make_calls"](1, 60, "spread"), per_page=25)
day = datetime(2026, 1, 2, tzinfo=UTC)
query = CallLogQuery("/restapi/v1.0/account/~/call-log", day, day + timedelta(days=1))
seen = 0

def die(event, arguments):
    global seen
    if any(isinstance(value, (str, os.PathLike)) and str(value).startswith(folder) for value in arguments):
        seen += 1
        if seen == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
extract_window(log, query, UPath(folder) / name)
"""


def test_kill_9_at_every_step_on_the_disk(log_of, calls_of, tmp_path):
    """An audit hook kills the process before each file it opens, renames, lists or removes, one run after the other."""
    name = "calls.ndjson"
    folder = UPath(tmp_path)
    conftest, work = Path(__file__).parents[1] / "conftest.py", folder / "work"
    whole, _, _ = undisturbed(log_of, lambda: calls_of(1, 60, "spread"), {"per_page": 25}, folder / "whole" / name)
    kills, fatal, code = 0, 0, -9
    while code:
        fatal += 1
        code = subprocess.run(
            [sys.executable, "-c", CHILD, str(conftest), work.path, name, str(fatal)], check=False, timeout=60
        ).returncode
        assert code in (0, -9)
        kills += code == -9
        if (work / name).exists():
            assert (work / name).read_bytes() == whole
        extract_window(log_of(calls_of(1, 60, "spread"), per_page=25), QUERY, work / name)
        assert (work / name).read_bytes() == whole
        assert [entry.name for entry in work.iterdir()] == [name]
        (work / name).unlink()
    assert kills > 10
