"""The promise of a window extract: no call lost, none twice, whatever the log does meanwhile."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument, EmptyWindow, WindowTooLarge
from airflow_provider_ringcentral.client.usage import Usage
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.files.id_set import IdSet

DAY = datetime(2026, 1, 2, tzinfo=UTC)
PATH = "/restapi/v1.0/account/~/call-log"


def day(**changes) -> CallLogQuery:
    return CallLogQuery(PATH, **{"start": DAY, "end": DAY + timedelta(days=1), **changes})


def ids(path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def check(log, query, path, *, may_lose: int = 0) -> None:
    found = ids(path)
    start, end = (round(moment.timestamp() * 1e6) for moment in (query.start, query.end))
    inside = {name for name, at in log.ever.items() if start <= at < end}
    due = (log.initial & inside) - log.deleted
    assert len(found) == len(set(found)), "a call twice"
    assert set(found) <= inside, "a call outside the window"
    assert len(due - set(found)) <= may_lose, "a call lost"


SHAPES = ["spread", "instant", "milliseconds", "bursts"]
ORDERS = ["newest", "newest second", "oldest", "nearly", "none", "shuffled pages"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_call_is_lost_or_twice(log_of, calls_of, folder, shape, order):
    for seed in range(40):
        dice = random.Random(f"{seed}{shape}{order}")
        # Of a log in no order a page of one row shows nothing, and one of two often looks ordered.
        sizes = [1, 2, 7, 50] if order.startswith("newest") or order == "oldest" else [10, 50]
        size = dice.choice(sizes)
        deleting = order.startswith("newest") and size > 2
        log = log_of(
            calls_of(
                seed, dice.choice([0, 1, 2, 30, 130]), shape, hide=order.startswith("newest") or order == "oldest"
            ),
            seed=seed,
            order=order,
            inclusive=dice.random() < 0.5,
            cut_rows=dice.random() < 0.5,
            per_page=size,
            pretty=dice.random() < 0.2,
            zone=dice.choice(["Z", "+00:00", "+0000"]),
            head_inserts=dice.choice([0, 0.5 if size > 2 else 0.1]),
            # Inside one second a deletion and an insertion between two requests can hide each other, and so can more
            # deletions than a page has rows.
            **dice.choice([{}, {"inner_inserts": 0.3 if size > 2 else 0.1}, {"deletions": 0.3 if deleting else 0}]),
        )
        query = day(view=dice.choice(["Simple", "Detailed"]))
        path = folder / "calls.ndjson"
        receipt = extract_window(log, query, path)
        check(log, query, path)
        assert receipt.records == len(ids(path))
        assert receipt.requests == len(log.requests)
        assert [entry.name for entry in folder.iterdir()] == ["calls.ndjson"]


def asked(log) -> list[tuple[str, int]]:
    return [(request["dateTo"][11:19], request["page"]) for request in log.requests]


def test_the_cursor_goes_back_by_date_and_overlaps_one_second(log_of, calls_of, folder):
    log = log_of(calls_of(2, 100, "spread"), per_page=40)
    receipt = extract_window(log, day(), folder / "calls.ndjson")
    times = sorted((call.at // 10**6 for call in log.calls), reverse=True)
    seconds = [datetime.fromtimestamp(times[place] + 1, UTC).strftime("%H:%M:%S") for place in (39, 78)]
    assert asked(log) == [("00:00:00", 1), (seconds[0], 1), (seconds[1], 1)]
    assert {request["dateFrom"] for request in log.requests} == {"2026-01-02T00:00:00.000Z"}
    assert receipt.requests == 3


def test_a_second_of_several_pages_is_read_by_page_number_and_looked_back_at(log_of, calls_of, folder):
    log = log_of(calls_of(2, 30, "instant"), per_page=10)
    extract_window(log, day(), folder / "calls.ndjson")
    assert asked(log) == [("00:00:00", page) for page in (1, 2, 1, 3, 2)]
    assert len(ids(folder / "calls.ndjson")) == 30


def test_a_deletion_inside_a_second_of_several_pages_loses_nothing(log_of, calls_of, folder):
    for victim in range(30):
        log = log_of(calls_of(2, 30, "instant"), per_page=10)
        order = [call.id for call in log.selected(0, 10**18)]

        class Shrinking:
            """Loses one call right after the first page was read."""

            def raw_page(self, path, params, log=log, victim=order[victim]):
                if len(log.requests) == 1:
                    log.calls = [call for call in log.calls if call.id != victim]
                return log.raw_page(path, params)

        extract_window(Shrinking(), day(), folder / "calls.ndjson")
        assert set(order) - {order[victim]} <= set(ids(folder / "calls.ndjson"))


def test_a_page_out_of_order_starts_over_by_page_numbers(log_of, calls_of, folder, caplog):
    log = log_of(calls_of(2, 100, "spread"), per_page=20)

    class Changing:
        """Newest first for two pages; from then on as it likes."""

        def raw_page(self, path, params):
            log.order = "newest" if len(log.requests) < 2 else "none"
            return log.raw_page(path, params)

    receipt = extract_window(Changing(), day(), folder / "calls.ndjson")
    check(log, day(), folder / "calls.ndjson")
    assert [page for _, page in asked(log)[:4]] == [1, 1, 1, 1]
    assert [date for date, _ in asked(log)[3:]] == ["00:00:00"] * (len(log.requests) - 3)
    assert "not sorted newest first" in caplog.text
    assert receipt.records == len(ids(folder / "calls.ndjson"))


def test_more_pages_than_ringcentral_counts_are_refused(log_of, calls_of, folder):
    log = log_of(calls_of(2, 1001, "instant"), per_page=1)
    with pytest.raises(WindowTooLarge, match="narrower window"):
        extract_window(log, day(), folder / "calls.ndjson")
    assert not (folder / "calls.ndjson").exists()


def test_one_id_twice_on_a_page_is_one_call(folder):
    record = '{"id":"a","startTime":"2026-01-02T12:00:00Z"}'

    class Stutter:
        def raw_page(self, path, params):
            return f'{{"records":[{record},{record}]}}'.encode()

    receipt = extract_window(Stutter(), day(), folder / "calls.ndjson")
    assert (folder / "calls.ndjson").read_text() == record + "\n"
    assert receipt.records == 1


def test_the_receipt_says_what_is_in_the_file(log_of, folder, calls_of):
    log = log_of(calls_of(4, 100, "spread"), per_page=30)

    class Counting:
        usage = Usage(requests=10, waited=1.5)

        def raw_page(self, path, params):
            self.usage.requests += 2
            self.usage.waited += 0.25
            return log.raw_page(path, params)

    query = day(start=DAY + timedelta(hours=1, milliseconds=1), view="Detailed")
    before = datetime.now(UTC).replace(microsecond=0)
    receipt = extract_window(Counting(), query, folder / "calls.ndjson")
    assert before <= datetime.fromisoformat(receipt.complete_as_of) <= datetime.now(UTC)
    content = (folder / "calls.ndjson").read_bytes()
    times = sorted(json.loads(line)["startTime"] for line in content.splitlines())
    assert receipt.as_dict() == {
        "destination": str(folder / "calls.ndjson"),
        "format": "ndjson",
        "records": len(times),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "first_start_time": times[0].replace("Z", "000Z"),
        "last_start_time": times[-1].replace("Z", "000Z"),
        "window_start": "2026-01-02T01:00:00.001000Z",
        "window_end": "2026-01-03T00:00:00Z",
        "view": "Detailed",
        "complete_as_of": receipt.complete_as_of,
        "requests": 2 * len(log.requests),
        "seconds_waited": 0.25 * len(log.requests),
    }
    assert len(json.dumps(receipt.as_dict())) < 2000


def test_a_part_of_the_log_is_not_called_complete(log_of, calls_of, folder):
    query = day(filters={"direction": ["Inbound"]})
    receipt = extract_window(log_of(calls_of(4, 10, "spread")), query, folder / "calls.ndjson")
    assert receipt.complete_as_of is None


def test_progress_is_told_after_each_page(log_of, calls_of, folder):
    steps = []
    log = log_of(calls_of(2, 100, "spread"), per_page=40)
    receipt = extract_window(log, day(), folder / "calls.ndjson", progress=steps.append)
    assert [step.pages for step in steps] == [1, 2, 3]
    assert [step.records for step in steps][-1] == receipt.records
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert 0.3 < shares[0] < 0.5
    assert shares[-1] == 1.0


def test_an_empty_window_is_written(log_of, folder):
    receipt = extract_window(log_of([]), day(), folder / "calls.csv")
    assert (folder / "calls.csv").read_text().startswith("id,sessionId,")
    assert (receipt.records, receipt.first_start_time, receipt.last_start_time) == (0, None, None)
    assert receipt.destination == str(folder / "calls.csv")


def test_an_empty_window_is_skipped(log_of, folder):
    (folder / "calls.ndjson").write_bytes(b"older\n")
    receipt = extract_window(log_of([]), day(), folder / "calls.ndjson", if_empty="skip")
    assert (receipt.destination, receipt.records, receipt.bytes, receipt.sha256) == (None, 0, 0, None)
    assert (folder / "calls.ndjson").read_bytes() == b"older\n"


def test_an_empty_window_fails(log_of, calls_of, folder):
    log = log_of([replace(call, hidden=True) for call in calls_of(1, 30, "spread")], per_page=10)
    with pytest.raises(EmptyWindow, match="no call from 2026-01-02T00:00:00Z to 2026-01-03T00:00:00Z"):
        extract_window(log, day(), folder / "calls.ndjson", if_empty="fail")
    assert list(folder.iterdir()) == []


def test_wrong_choices_cost_no_request(log_of, folder):
    log = log_of([])
    for arguments in ({"if_empty": "ignore"}, {"file_format": "xlsx"}):
        with pytest.raises(BadArgument, match="is not valid"):
            extract_window(log, day(), folder / "calls.ndjson", **arguments)
    assert log.requests == []


def test_a_million_ids_are_told_apart():
    seen = IdSet()
    assert all(seen.add(str(number)) for number in range(100_000))
    assert not any(seen.add(str(number)) for number in range(100_000))
    assert len(seen) == 100_000


@pytest.mark.parametrize("ahead", [0.0, 7200.0])
def test_complete_as_of_is_never_ahead_of_ringcentrals_clock(log_of, calls_of, folder, ahead):
    log = log_of(calls_of(1, 5, "spread"))
    log.usage = Usage(date_behind=ahead)

    receipt = extract_window(log, day(), folder / "calls.ndjson")

    told = datetime.fromisoformat(receipt.complete_as_of)
    assert told <= datetime.now(UTC) - timedelta(seconds=ahead)
    assert told > datetime.now(UTC) - timedelta(seconds=ahead + 600)
