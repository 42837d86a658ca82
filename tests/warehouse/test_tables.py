"""Tables: made, grown, recognised, refused; databases that refuse; loads that meet or are killed."""

from __future__ import annotations

import logging
import random
import sys
import threading
import traceback

import pytest
import sqlalchemy as sa

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.errors.remedy import WHO
from airflow_provider_ringcentral.warehouse.dialects.problems import PROBLEMS, problem_of
from airflow_provider_ringcentral.warehouse.errors import LoadFailed, WarehouseError
from tests.dying import die_at_call, survives
from tests.warehouse.conftest import Warehouse, call, leg, make_warehouse

NAME, NUMBER = "Ms Secret", "+16505550199"


def test_tables_are_made_under_their_prefix(warehouse):
    warehouse.load(call("I1"), table_prefix="Pbx_")

    assert [name.lower() for name in warehouse.names()] == ["pbx_calls", "pbx_deleted_calls", "pbx_legs"]
    assert list(warehouse.calls(prefix="Pbx_")) == ["I1"]


@pytest.mark.parametrize("prefix", ["a-b", "1a", "x" * 41, 'x"; drop table y; --', None])
def test_a_prefix_that_no_table_can_have_is_refused(sqlite, prefix):
    with pytest.raises(BadArgument, match=r"table_prefix .* letters, digits and _"):
        sqlite.load(call("I1"), table_prefix=prefix)


def test_columns_that_are_missing_are_added_and_others_stay(warehouse):
    warehouse.load(call("I1", result="Missed"))
    warehouse.run(
        "DROP INDEX ringcentral_calls_session" + (" ON ringcentral_calls" if "mysql" in warehouse.url else ""),
        "ALTER TABLE ringcentral_calls DROP COLUMN telephony_session_id",
        "ALTER TABLE ringcentral_calls DROP COLUMN member_missed",
        "ALTER TABLE ringcentral_legs DROP COLUMN leg_type",
        "ALTER TABLE ringcentral_calls ADD COLUMN team VARCHAR(20) DEFAULT 'none'",
    )

    warehouse.load(call("I2", telephonySessionId="s-2", legs=[leg(legType="Accept")]))

    rows = warehouse.calls()
    assert (rows["I1"]["member_missed"], rows["I1"]["result"]) == (False, "Missed")
    assert rows["I2"]["telephony_session_id"] == "s-2"
    assert warehouse.legs()[0]["leg_type"] == "Accept"
    with warehouse.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM ringcentral_calls WHERE team = 'none'")) == 2


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("name VARCHAR(20)", r"primary key is \(none\) instead of \(id\); it lacks id, loaded_at, raw"),
        ("id VARCHAR(20) PRIMARY KEY, raw VARCHAR(20)", "it lacks loaded_at"),
        (
            "id VARCHAR(20), raw VARCHAR(20), loaded_at VARCHAR(20), PRIMARY KEY (id, raw)",
            r"primary key is \(id, raw\)",
        ),
    ],
    ids=["no key", "no loaded_at", "another key"],
)
def test_a_table_of_something_else_is_refused_before_anything_is_written(warehouse, columns, said):
    warehouse.run(f"CREATE TABLE ringcentral_calls ({columns})")

    with pytest.raises(WarehouseError, match=said):
        warehouse.load(call("I1"))

    assert warehouse.names() == ["ringcentral_calls"]


def test_an_unknown_schema_is_refused(warehouse):
    with pytest.raises(BadArgument, match="no schema 'nowhere'"):
        warehouse.load(call("I1"), schema="nowhere")


def test_tables_in_a_schema(warehouse):
    schema = "main" if "sqlite" in warehouse.url else "Telephony"
    if schema != "main":
        mark = "`" if "mysql" in warehouse.url else '"'
        warehouse.run(f"CREATE SCHEMA {mark}{schema}{mark}")
    try:
        for _ in range(2):
            warehouse.load(call("I1", legs=[leg()]), call("I2", deleted=True), schema=schema)
        assert list(warehouse.calls(schema=schema)) == ["I1"]
        assert len(warehouse.legs(schema=schema)) == 1
    finally:
        if schema != "main":
            warehouse.run(f"DROP SCHEMA {mark}{schema}{mark}" + ("" if mark == "`" else " CASCADE"))


def test_a_load_logs_its_start_and_its_end(warehouse, caplog):
    caplog.set_level(logging.INFO)
    first, second = warehouse.file(call("I1"), call("I2", legs=[leg()])), warehouse.file(call("I1", deleted=True))

    warehouse.load_from([str(first), str(second)])

    told = [record.getMessage() for record in caplog.records if record.name.endswith("warehouse.load")]
    database = warehouse.engine.url.set(query={}).render_as_string()
    assert told[0] == f"Loading 2 files into the tables ringcentral_* of {database}."
    assert told[1].startswith(f"{first}: 2 records read; calls: 2 new, 0 updated, 0 unchanged, 0 deleted; 1 legs")
    assert told[2].startswith(f"{second}: 1 records read; calls: 0 new, 0 updated, 0 unchanged, 1 deleted")
    assert told[3].startswith("Loaded 2 files in ")
    assert told[3].endswith(" s: 3 records read; calls: 2 new, 0 updated, 0 unchanged, 1 deleted; 1 legs written.")
    assert "password" not in "".join(told)


def test_a_bad_line_leaves_nothing_of_its_file(warehouse):
    warehouse.load(call("I1"))
    before = warehouse.everything()
    bad = warehouse.file(*(call(f"I{n}") for n in range(1500)), f'{{"id": "{NAME}')

    with pytest.raises(BadArgument, match=r"line 1501 is not a JSON object\. Nothing of it was loaded") as caught:
        warehouse.load_from([str(bad)])

    assert warehouse.everything() == before
    assert NAME not in "".join(traceback.format_exception(caught.value))


def test_the_errors_of_a_database_tell_no_value(warehouse, caplog):
    warehouse.load(call("I1"))
    if "sqlite" in warehouse.url:
        warehouse.run(
            f"CREATE TRIGGER picky BEFORE INSERT ON ringcentral_calls WHEN new.from_name = '{NAME}' "
            f"BEGIN SELECT RAISE(ABORT, 'not {NAME}'); END"
        )
    else:
        warehouse.run(f"ALTER TABLE ringcentral_calls ADD CONSTRAINT picky CHECK (from_name <> '{NAME}')")

    with pytest.raises(WarehouseError, match=r"refused a row .* Its message is omitted") as caught:
        warehouse.load(call("I2"), call("I3", **{"from": {"name": NAME, "phoneNumber": NUMBER}}))

    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert NAME not in told
    assert NUMBER not in told
    assert list(warehouse.calls()) == ["I1"]


def test_a_database_that_is_not_there_is_told_without_its_password(warehouse):
    if "sqlite" in warehouse.url:
        away = Warehouse(f"sqlite:///{warehouse.folder}/no/such/folder/x.db", warehouse.folder)
    else:
        away = Warehouse(
            str(sa.engine.make_url(warehouse.url).set(port=1).render_as_string(hide_password=False)), warehouse.folder
        )

    kind, said = (WarehouseError, "cannot be opened") if "sqlite" in warehouse.url else (LoadFailed, "not be reached")
    with pytest.raises(kind, match=said) as caught:
        away.load(call("I1"))

    assert caught.value.remedy.cure.startswith(("Create the folder", "Check the host and port"))
    assert "password-42" not in "".join(traceback.format_exception(caught.value))


WRONG = {
    "password": ({"password": "wrong"}, WarehouseError, "refused the login", "Correct login and password"),
    "database": ({"database": "nowhere"}, WarehouseError, "does not exist", "Correct the schema field"),
    "host": ({"host": "nowhere.invalid"}, LoadFailed, "cannot be reached", "Check the host and port"),
}


@pytest.mark.parametrize("kind", ["psycopg2", "psycopg", "mariadb"])
@pytest.mark.parametrize("what", WRONG)
def test_a_connection_that_cannot_work_is_told_with_cause_and_cure(request, tmp_path, kind, what):
    change, error, said, cure = WRONG[what]
    right = make_warehouse(request, tmp_path, kind)
    url = sa.engine.make_url(right.url).set(**change)
    wrong = Warehouse(url.render_as_string(hide_password=False), tmp_path)

    with pytest.raises(error, match=said) as caught:
        wrong.load(call("I1"))

    assert caught.value.remedy.cure.startswith(cure)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("code", "message", "what", "temporary"),
    [
        ("53300", "", "has too many connections", True),
        ("", "FATAL:  sorry, too many clients already", "has too many connections", True),
        ("40P01", "", "aborted the load because of a lock", True),
        ("1213", "", "aborted the load because of a lock", True),
        ("", "database is locked", "aborted the load because of a lock", True),
        ("53100", "", "has no space left", True),
        ("1114", "", "has no space left", True),
        ("25006", "", "cannot be written to", True),
        ("57P01", "", "cannot be reached", True),
        ("2013", "", "cannot be reached", True),
        ("1153", "", "does not accept a statement of this length", False),
        ("28P01", "", "refused the login", False),
        ("3F000", "", "does not have this schema", False),
        ("1142", "", "does not permit it", False),
    ],
)
def test_an_error_of_a_database_is_recognised(code, message, what, temporary):
    problem = problem_of(code, message)

    assert (problem.what, problem.temporary) == (what, temporary)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.what)
def test_every_problem_has_a_complete_remedy(problem):
    assert problem.cause.endswith(".")
    assert problem.cure.endswith(".")
    assert problem.who in WHO
    assert problem.codes or problem.words


def test_an_unknown_error_of_a_database_has_no_remedy():
    assert problem_of("2801", "") is None
    assert problem_of("42601", "timed out") is None


def test_a_table_that_may_not_be_written_is_told(postgres_url, tmp_path):
    warehouse = Warehouse(postgres_url, tmp_path)
    warehouse.load(call("I1"))
    warehouse.run(
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN PASSWORD 'reader'",
        "GRANT USAGE ON SCHEMA public TO reader",
        "GRANT SELECT ON ringcentral_calls, ringcentral_legs, ringcentral_deleted_calls TO reader",
    )
    url = sa.engine.make_url(postgres_url).set(username="reader", password="reader")
    reader = Warehouse(url.render_as_string(hide_password=False), tmp_path)

    with pytest.raises(WarehouseError, match="permission denied for table ringcentral") as caught:
        reader.load(call("I2"))

    assert caught.value.remedy.cure.startswith("Grant the privilege that the message names")


def test_loads_at_the_same_time_wait_for_each_other(warehouse):
    """Of the same calls in opposite orders, from the making of the tables on."""
    keys = [f"I{n}" for n in range(300)]
    errors = []

    def load(minute: int, order: list[str]) -> None:
        try:
            warehouse.load_from(str(files[minute]))
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    orders = [keys if minute % 2 else keys[::-1] for minute in range(4)]
    files = [
        warehouse.file(*(call(key, f"10:{minute:02d}", result=f"minute {minute}", legs=[leg()] * 2) for key in order))
        for minute, order in enumerate(orders)
    ]
    threads = [threading.Thread(target=load, args=(minute, order)) for minute, order in enumerate(orders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert {row["result"] for row in warehouse.calls().values()} == {"minute 3"}
    assert (len(warehouse.calls()), len(warehouse.legs())) == (300, 600)


def test_killed_anywhere_a_file_is_loaded_whole_or_not_at_all(warehouse):
    first = [call(f"I{n}", result="old", legs=[leg()]) for n in range(30)]
    warehouse.load(*first)
    second = [call(f"I{n}", "10:30", result="new", legs=[leg(), leg()]) for n in range(20)]
    file = str(warehouse.file(*second, call("I20", "10:30", deleted=True), *(call(f"N{n}") for n in range(10))))
    old, calls = warehouse.everything(), calls_of(lambda: warehouse.load_from(file, table_prefix="other_"))

    killed = 0
    for step in sorted(random.sample(range(calls // 10, calls), 4)):

        def job(step: int = step) -> None:
            die_at_call(step)
            warehouse.load_from(file)

        killed += not survives(job)
        found = warehouse.everything()
        if found != old:
            break
    assert killed, "no process was killed before it had loaded"
    warehouse.load_from(file)

    rows = warehouse.calls()
    assert len(rows) == 39
    assert [rows[f"I{n}"]["result"] for n in (0, 19, 21)] == ["new", "new", "old"]
    assert len(warehouse.legs()) == 20 * 2 + 9


def calls_of(job) -> int:
    """How many calls of functions, of Python or C, a job makes in this thread."""
    count = 0

    def look(_frame, event, _argument):
        nonlocal count
        count += event.endswith("call")

    sys.setprofile(look)
    try:
        job()
    finally:
        sys.setprofile(None)
    return count
