"""Any endpoint through the operator."""

from __future__ import annotations

import json
import logging
import re

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_ringcentral.client.errors import NotFound, OutcomeUnknown
from airflow_provider_ringcentral.client.errors.arguments import NotMedia
from airflow_provider_ringcentral.operators.api import RingCentralApiOperator

EXTENSIONS = "/restapi/v1.0/account/~/extension"


def call(**arguments):
    return RingCentralApiOperator(task_id="call", **arguments).execute({})


def test_the_json_of_an_answer(sandbox, connection):
    assert call(path=f"{EXTENSIONS}/~")["name"] == "Airflow Service"


def test_a_list_goes_to_a_file(sandbox, connection, tmp_path):
    path = tmp_path / "extensions.ndjson"
    receipt = call(path=EXTENSIONS, query={"perPage": 10}, paginate=True, destination=str(path))
    rows = [json.loads(line) for line in path.read_text().splitlines()]

    assert receipt["records"] == len(rows) == len({row["id"] for row in rows})
    assert receipt["requests"] > len(rows) // 10


def test_a_body_goes_to_a_file_as_it_came(sandbox, connection, tmp_path):
    path = tmp_path / "owner.json"
    receipt = call(path=f"{EXTENSIONS}/~", destination=str(path))

    assert json.loads(path.read_bytes())["name"] == "Airflow Service"
    assert (receipt["format"], receipt["bytes"]) == ("application/json", path.stat().st_size)


def test_a_page_in_the_place_of_an_answer_is_no_file(sandbox, connection, tmp_path):
    path, destination = f"{EXTENSIONS}/~", tmp_path / "owner.json"
    sandbox.fault("html", operation="readExtension")
    with pytest.raises(NotMedia, match=r"not a RingCentral answer \(text/html\)") as caught:
        call(path=path, destination=str(destination))
    assert not isinstance(caught.value, AirflowFailException)
    sandbox.fault("html", path=f"{path}/sms")
    with pytest.raises(OutcomeUnknown, match="may have executed the POST"):
        call(path=f"{path}/sms", method="POST", body={}, destination=str(destination))
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_recording_is_no_file(sandbox, connection, tmp_path):
    destination, recording = tmp_path / "call.mp3", sandbox.recordings()[0]["id"]
    path = f"/restapi/v1.0/account/~/recording/{recording}/content"
    sandbox.fault("status", status=200, operation="readCallRecordingContent")
    with pytest.raises(NotMedia, match=r"not a recording \(application/json\)"):
        call(path=path, destination=str(destination))
    assert call(path=path, destination=str(destination))["format"].startswith("audio/")


def test_start_and_end_are_told_and_no_query(sandbox, connection, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    destination = tmp_path / "owner.json"
    call(path=f"{EXTENSIONS}/~?phoneNumber=16505550100")
    receipt = call(path=EXTENSIONS, query={"email": "x@example.com"}, destination=str(destination))
    told = [line for line in caplog.messages if line.startswith(("GET", "Done"))]

    assert told[0] == f"GET {EXTENSIONS}/~, to XCom."
    assert re.fullmatch(r"Done: \d+ bytes, to XCom; [12] requests, \d+\.\d s waited\.", told[1])
    assert told[2] == f"GET {EXTENSIONS}, to {destination}."
    assert told[3].startswith(f"Done: {receipt['bytes']} bytes, in {destination}; {receipt['requests']} requests, ")


def test_an_answer_too_large_for_xcom(sandbox, connection):
    with pytest.raises(AirflowFailException, match="set destination"):
        call(path="/restapi/v1.0/account/~/call-log", query={"perPage": 1000})


def test_a_path_that_does_not_exist(sandbox, connection):
    with pytest.raises(NotFound, match="404") as caught:
        call(path="/restapi/v1.0/nothing/here")
    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.remedy.cure


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"path": EXTENSIONS, "paginate": True}, "set destination"),
        ({"path": EXTENSIONS, "paginate": True, "method": "POST", "destination": "x.ndjson"}, "GET"),
        ({"path": EXTENSIONS, "paginate": True, "destination": "x.csv"}, "ndjson"),
        ({"path": "restapi/v1.0"}, "must start with /"),
        ({"path": "https://evil.example/restapi"}, "is a URL.*Connection"),
        ({"path": "https://platform.ringcentral.com/restapi/v1.0"}, "is a URL.*only the path"),
        ({"path": None}, "'None', and must start with /"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_anything_is_sent(sandbox, connection, arguments, says):
    with pytest.raises(AirflowFailException, match=says):
        call(**arguments)
    assert sandbox.stats()["requests"] == 0


def test_a_search_is_repeated_when_its_author_says_so(sandbox, connection):
    path = f"{EXTENSIONS}/~/blocked-number"
    sandbox.fault("status", status=502, path=path, times=2)
    sandbox.fault("status", status=200, body='{"id": 5}', path=path)

    with pytest.raises(OutcomeUnknown):
        call(path=path, method="POST", body={})
    assert call(path=path, method="POST", body={}, repeatable=True) == {"id": 5}


def test_deleting_what_is_gone_is_done(sandbox, connection):
    path = "/restapi/v1.0/subscription/5"
    sandbox.fault("status", status=404, code="CMN-102", path=path)

    assert call(path=path, method="DELETE") is None


@pytest.fixture
def two_ids(sandbox) -> str:
    """The path of a call that there is and of one that there is not."""
    return f"/restapi/v1.0/account/~/call-log/{next(iter(sandbox.call_ids()))},NoSuchCall"


def test_several_ids_of_which_one_fails(sandbox, connection, two_ids):
    with pytest.raises(NotFound, match=r"1 of 2 ids failed.*NoSuchCall: HTTP 404") as caught:
        call(path=two_ids)
    assert isinstance(caught.value, AirflowFailException)
    assert sandbox.stats()["operations"]["readCompanyCallRecord"] == 1

    found = call(path=two_ids, on_partial_failure="return")
    assert [(part["status"], "startTime" in part["body"]) for part in found] == [(200, True), (404, False)]


def test_several_ids_to_a_file(sandbox, connection, two_ids, tmp_path):
    path = tmp_path / "calls.json"
    with pytest.raises(NotFound):
        call(path=two_ids, destination=str(path))
    assert list(tmp_path.iterdir()) == []

    receipt = call(path=two_ids, destination=str(path), on_partial_failure="return")
    assert [part["status"] for part in json.loads(path.read_bytes())] == [200, 404]
    assert receipt["bytes"] == path.stat().st_size


def test_an_ending_that_does_not_exist(sandbox, connection, two_ids):
    with pytest.raises(AirflowFailException, match="use 'fail' or 'return'"):
        call(path=two_ids, on_partial_failure="ignore")
    assert sandbox.stats()["requests"] == 0


def test_every_template_field_is_an_attribute_left_as_given():
    given = {name: f"{{{{ {name} }}}}" for name in RingCentralApiOperator.template_fields}
    operator = RingCentralApiOperator(task_id="x", **given)

    assert {name: getattr(operator, name) for name in given} == given
