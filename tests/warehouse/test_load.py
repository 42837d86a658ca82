"""What stays in the tables, in every database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.warehouse.conftest import call, leg, make_warehouse

KINDS = ["sqlite", "psycopg2", "psycopg", "mariadb", "other"]


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path):
    """An empty database of each kind; `other` is SQLite as a database that nothing is known of."""
    return make_warehouse(request, tmp_path, request.param)


def counts(receipt):
    """New, changed, unchanged and deleted calls of a receipt."""
    return [receipt[f"calls_{what}"] for what in ("inserted", "updated", "unchanged", "deleted")]


def results(warehouse):
    return {key: row.get("result") for key, row in warehouse.calls().items()}


FULL = call(
    "I1",
    sessionId="4711",
    telephonySessionId="s-1",
    duration=32,
    durationMs=32_890,
    type="Voice",
    direction="Inbound",
    result="Accepted",
    to={"phoneNumber": "+16505550100", "extensionNumber": "101", "extensionId": 7, "name": "Sales"},
    extension={"id": 400_131_450_008, "uri": "https://platform.ringcentral.com/x"},
    shortRecording=True,
    billing={"costIncluded": 0.171, "costPurchased": 0.0},
    metadataCategories=["a"],
    legs=[leg(legType="Accept", master=True, duration=30), leg(legType="FindMe", master=False)],
    **{"from": {"phoneNumber": "+16505550101", "dialerPhoneNumber": "+16505550101"}},
)


def test_a_call_becomes_a_row_and_its_legs_rows(warehouse):
    before = datetime.now(UTC)

    receipt = warehouse.load(FULL)

    assert (receipt["files"], receipt["rows_read"], receipt["legs"]) == (1, 1, 2)
    assert counts(receipt) == [1, 0, 0, 0]
    row = warehouse.calls()["I1"]
    assert before.replace(microsecond=0) <= row.pop("loaded_at") <= datetime.now(UTC)
    assert row == {
        "id": "I1",
        "session_id": "4711",
        "telephony_session_id": "s-1",
        "start_time": datetime(2026, 11, 1, 9, tzinfo=UTC),
        "duration": 32,
        "duration_ms": 32_890,
        "type": "Voice",
        "direction": "Inbound",
        "result": "Accepted",
        "from_phone_number": "+16505550101",
        "from_dialer_phone_number": "+16505550101",
        "to_phone_number": "+16505550100",
        "to_extension_number": "101",
        "to_extension_id": "7",
        "to_name": "Sales",
        "extension_id": "400131450008",
        "short_recording": True,
        "billing_cost_included": 0.171,
        "billing_cost_purchased": 0.0,
        "last_modified_time": datetime(2026, 11, 1, 10, tzinfo=UTC),
        "raw": FULL,
        "member_missed": False,
    }
    begin = {"call_id": "I1", "start_time": datetime(2026, 11, 1, 9, tzinfo=UTC), "action": "Phone Call"}
    assert warehouse.legs() == [
        begin | {"position": 1, "leg_type": "Accept", "master": True, "duration": 30},
        begin | {"position": 2, "leg_type": "FindMe", "master": False},
    ]


def test_the_same_file_twice_changes_nothing(warehouse):
    file = str(warehouse.file(FULL, call("I2"), call("I3", deleted=True), call("I4", None)))
    warehouse.load_from(file)
    before = warehouse.everything()

    again = warehouse.load_from(file)

    assert counts(again) == [0, 0, 4, 0]
    assert again["legs"] == 0
    assert warehouse.everything() == before


def test_a_corrected_file_wins_and_an_older_one_does_not_undo_it(warehouse):
    old = warehouse.file(call("I1", result="In Progress"), call("I2", result="Accepted"))
    new = warehouse.file(call("I1", "10:30", result="Accepted"))

    assert counts(warehouse.load_from(str(old))) == [2, 0, 0, 0]
    untouched = warehouse.calls()["I2"]
    assert counts(warehouse.load_from(str(new))) == [0, 1, 0, 0]
    assert counts(warehouse.load_from(str(old))) == [0, 0, 2, 0]

    assert results(warehouse) == {"I1": "Accepted", "I2": "Accepted"}
    assert warehouse.calls()["I2"] == untouched


def test_of_versions_of_the_same_time_the_one_loaded_later_stays(warehouse):
    warehouse.load(call("I1", result="Voicemail"))
    warehouse.load(call("I1", result="Missed"))

    assert results(warehouse) == {"I1": "Missed"}


TIMES = {
    "later time": (("11:00", "10:00", "10:30"), 0),
    "same time": (("10:00", "10:00"), 1),
    "no time": ((None, "10:00"), 1),
    "each after the other": (("11:00", None, "10:00"), 2),
}


def test_of_versions_in_one_file_the_same_one_stays(warehouse):
    versions = [
        call(key, time, result=f"version {place}", legs=[leg(duration=place)])
        for key, (times, _) in TIMES.items()
        for place, time in enumerate(times)
    ]

    receipt = warehouse.load(call("I0"), *versions, call("I2"))

    assert counts(receipt) == [6, 0, 6, 0]
    stays = {key: f"version {place}" for key, (_, place) in TIMES.items()}
    assert results(warehouse) == {"I0": None, "I2": None} | stays
    assert {row["call_id"]: f"version {row['duration']}" for row in warehouse.legs()} == stays
    assert receipt["legs"] == len(warehouse.legs()) == 4


def test_legs_go_with_their_call(warehouse):
    warehouse.load(
        call("I1", legs=[leg(legType=kind) for kind in ("Accept", "FindMe", "TransferCall")]), FULL | {"id": "I2"}
    )

    receipt = warehouse.load(call("I1", "10:01", legs=[leg(legType="Voicemail")]))

    assert receipt["legs"] == 1
    assert [(row["call_id"], row["leg_type"]) for row in warehouse.legs()] == [
        ("I1", "Voicemail"),
        ("I2", "Accept"),
        ("I2", "FindMe"),
    ]


def test_a_simple_version_replaces_what_it_tells(warehouse):
    warehouse.load(FULL)
    simple = {key: value for key, value in FULL.items() if key not in ("legs", "billing", "lastModifiedTime")}
    file = str(warehouse.file(simple | {"result": "Voicemail"}))

    assert counts(warehouse.load_from(file)) == [0, 1, 0, 0]

    row = warehouse.calls()["I1"]
    assert (row["result"], row["raw"]["result"]) == ("Voicemail", "Voicemail")
    assert (row["billing_cost_included"], row["last_modified_time"].hour) == (0.171, 10)
    assert len(warehouse.legs()) == 2
    assert counts(warehouse.load_from(file)) == [0, 0, 1, 0]
    assert counts(warehouse.load(call("I1", "09:00", result="Missed"))) == [0, 0, 1, 0]


def test_a_deleted_call_goes_with_its_legs_and_an_older_file_does_not_bring_it_back(warehouse):
    old = str(warehouse.file(FULL, call("I2")))
    warehouse.load_from(old)

    assert counts(warehouse.load(call("I1", "10:00", deleted=True))) == [0, 0, 0, 1]
    assert counts(warehouse.load_from(old)) == [0, 0, 2, 0]
    assert counts(warehouse.load(call("I1", None))) == [0, 0, 1, 0]

    assert list(warehouse.calls()) == ["I2"]
    assert warehouse.legs() == []


def test_a_deletion_before_its_call_counts(warehouse):
    assert counts(warehouse.load({"id": "I1", "deleted": True})) == [0, 0, 1, 0]
    assert counts(warehouse.load(FULL)) == [0, 0, 1, 0]

    assert warehouse.calls() == {}


def test_a_call_that_changed_after_its_deletion_is_back(warehouse):
    warehouse.load(FULL)
    warehouse.load(call("I1", "10:30", deleted=True))

    assert counts(warehouse.load(call("I1", "10:40"))) == [1, 0, 0, 0]
    assert counts(warehouse.load(call("I1", "10:30", deleted=True))) == [0, 0, 1, 0]

    assert list(warehouse.calls()) == ["I1"]
    assert warehouse.rows(warehouse.tables().deleted) == []


def test_strange_values_are_kept_in_raw_and_do_not_break_a_row(warehouse):
    text = "a\x01b\x02c\r\nd\\.\t\"'😀"
    strange = call("I1", duration="long", result=None, shortRecording="yes", to=["x"], message={"id": 5}, sessionId=7)
    warehouse.load(
        strange | {"startTime": "yesterday", "legs": [leg(duration=1.5), "no leg"]},
        call("I2", result="", reason=text, **{"from": {"name": text}}),
        call("I3", reason="a\0b", action="\ud83dx", result="\ude00", direction="😀"),
        call("i2", result="case"),
        call("I4", startTime="20261101T100000+0100"),
        '{"id": 5}\r',
    )

    rows = warehouse.calls()
    assert sorted(rows) == ["5", "I1", "I2", "I3", "I4", "i2"]
    assert {"duration", "short_recording", "start_time"} & set(rows["I1"]) == set()
    assert (rows["I1"]["message_id"], rows["I1"]["session_id"]) == ("5", "7")
    assert rows["I1"]["raw"]["to"] == ["x"]
    assert "result" not in rows["I2"]
    assert (rows["I2"]["reason"], rows["I2"]["from_name"], rows["I2"]["raw"]["reason"]) == (text, text, text)
    assert (rows["I3"]["reason"], rows["I3"]["raw"]["reason"]) == ("a\ufffdb", "a\ufffdb")
    assert [rows["I3"][name] for name in ("action", "result", "direction")] == ["\ufffdx", "\ufffd", "😀"]
    assert rows["I4"]["start_time"] == datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert [(row["call_id"], "duration" in row) for row in warehouse.legs()] == [("I1", False)]


def test_a_thousand_and_more(warehouse):
    receipt = warehouse.load(*(call(f"I{n}", legs=[leg(), leg()]) for n in range(2500)))

    assert (receipt["calls_inserted"], receipt["legs"]) == (2500, 5000)
    assert len(warehouse.calls()) == 2500
    assert len(warehouse.legs()) == 5000
