"""Queue members whose phones rang: flagged by what the table holds, in whatever order it came."""

from __future__ import annotations

import itertools

from tests.warehouse.conftest import call


def row(key, extension, result, *, second=0, session="s-1", direction="Inbound", **fields):
    start = f"2026-11-01T09:00:{second:02d}.000Z"
    more = {"extension": {"id": extension}, "telephonySessionId": session, "direction": direction}
    return call(key, result=result, **more, **{"startTime": start} | fields)


def flagged(warehouse):
    return [key for key, found in warehouse.calls().items() if found["member_missed"]]


QUEUE = row("queue", 1, "Missed")
FIRST = row("first", 11, "Missed", second=1)
SECOND = row("second", 12, "No Answer", second=2)
ANSWERED = row("second", 12, "Accepted", second=2) | {"lastModifiedTime": "2026-11-01T11:00:00.000Z"}


def test_the_order_of_files_does_not_matter(warehouse):
    orders = list(enumerate(itertools.permutations([QUEUE, FIRST, SECOND])))
    for turn in range(3):
        rows = [(place, order[turn]) for place, order in orders]
        warehouse.load(*(each | {"id": f"{n}-{each['id']}", "telephonySessionId": f"s-{n}"} for n, each in rows))

    assert flagged(warehouse) == sorted(f"{place}-{each}" for place in range(6) for each in ("first", "second"))


def test_members_of_one_file_are_flagged_and_the_missed_call_counts_once(warehouse):
    other = row("other", 3, "Missed", session="s-2")
    outbound = row("out", 4, "No Answer", session="s-1", second=3, direction="Outbound")

    warehouse.load(QUEUE, FIRST, SECOND, other, outbound, call("alone", result="Missed", direction="Inbound"))

    assert flagged(warehouse) == ["first", "second"]


def test_one_who_answers_makes_all_others_members(warehouse):
    warehouse.load(QUEUE, FIRST, SECOND)
    warehouse.load(ANSWERED)

    assert flagged(warehouse) == ["first", "queue"]


def test_without_the_other_row_the_flag_goes(warehouse):
    warehouse.load(QUEUE, FIRST)
    assert flagged(warehouse) == ["first"]

    warehouse.load(QUEUE | {"deleted": True, "lastModifiedTime": "2026-11-01T12:00:00.000Z"})

    assert flagged(warehouse) == []


def test_two_rows_of_one_extension_are_two_missed_calls(warehouse):
    warehouse.load(row("a", 1, "Missed"), row("b", 1, "Missed", second=30))

    assert flagged(warehouse) == []
