"""RingCentral's own worked examples go through the extract field for field, and so do retyped ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.files.columns import ColumnType

SPEC = Path(__file__).parents[4] / "shared" / "ringcentral" / "openapi-2021.json"
QUERY = CallLogQuery(
    "/restapi/v1.0/account/~/call-log", datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
)

RETYPED = [
    """{
  "uri" : "https://platform.ringcentral.com/restapi/v1.0/account/37439510/call-log?view=Simple&page=1&perPage=2",
  "records" : [ {
    "uri" : "https://platform.ringcentral.com/restapi/v1.0/account/37439510/call-log/Lmno-PqRs1?view=Simple",
    "id" : "Lmno-PqRs1",
    "sessionId" : "5550001",
    "telephonySessionId": "s-0a1b2c3d4e5f",
    "startTime" : "2026-01-02T12:31:50.441Z",
    "duration" : 5,
    "type" : "Voice",
    "direction" : "Outbound",
    "action" : "RingOut Web",
    "result" : "Call connected",
    "to" : {
      "phoneNumber" : "+16505550111"
    },
    "from" : {
      "phoneNumber" : "+16505550100",
      "name" : "Ana \\"Nina\\" Díaz"
    }
  }, {
    "id" : "Lmno-PqRs2",
    "uri" : "https://platform.ringcentral.com/restapi/v1.0/account/37439510/call-log/Lmno-PqRs2",
    "sessionId" : "5550002",
    "startTime" : "2026-01-02T12:03:24Z",
    "type" : "Fax",
    "message" : { "id" : "40167", "type" : "Fax", "uri" : "https://example.com/m" },
    "extension" : { "id" : 1477, "uri" : "https://example.com/e" }
  } ],
  "navigation" : { "nextPage" : { "uri" : "https://platform.ringcentral.com/next" } }
}""",
    """{"records": [
    {"id": "Lmno-PqRs3", "sessionId": "1", "uri": "u", "startTime": "2025-12-31T23:59:59.999+0000", "duration": 0,
     "lastModifiedTime": "2026-01-01T00:01:00.000Z", "billing": {"costIncluded": 0.1, "costPurchased": 0},
     "recording": {"id": "9", "type": "OnDemand", "contentUri": "https://media.ringcentral.com/c", "uri": "r"},
     "legs": [{"legType": "Accept", "master": true, "from": {"name": "A\\nB"}, "extension": {"id": 7}}, {}]}]}""",
]


def texts() -> list[str]:
    """Every JSON object in the worked answers of operations on calls, as it is printed there."""
    found, decoder = [], json.JSONDecoder()
    for path, methods in json.loads(SPEC.read_text())["paths"].items():
        if "call-log" not in path and "active-calls" not in path:
            continue
        for operation in methods.values():
            for example in operation.get("x-http-examples", []) if isinstance(operation, dict) else []:
                text, at = example["response"], 0
                while (at := text.find("{", at)) >= 0:
                    _, end = decoder.raw_decode(text, at)
                    found.append(text[at:end])
                    at = end
    return found


def pages_of(found: list[str]) -> list[str]:
    pages = [text if "records" in json.loads(text) else f'{{"records": [ {text} ]}}' for text in found]
    return [page for page in pages if all("startTime" in record for record in json.loads(page)["records"])]


@pytest.fixture(params=["worked", "retyped"])
def pages(request) -> list[str]:
    if request.param == "retyped":
        return RETYPED
    if not SPEC.exists():
        pytest.skip("RingCentral's API description of 2021 is not beside this repository")
    return pages_of(texts())


class Answer:
    """Gives one text as the first page and nothing after it."""

    def __init__(self, text: str) -> None:
        self._text: str | None = text

    def raw_page(self, path, params) -> bytes:
        text, self._text = self._text or '{"records": []}', None
        return text.encode()


def test_field_for_field(pages, folder):
    for text in pages:
        records = json.loads(text)["records"]
        receipt = extract_window(Answer(text), QUERY, folder / "calls.ndjson")
        lines = (folder / "calls.ndjson").read_bytes().split(b"\n")
        assert lines.pop() == b""
        assert [json.loads(line) for line in lines] == records
        assert [list(json.loads(line)) for line in lines] == [list(record) for record in records]
        assert receipt.records == len(records)


def test_nothing_is_lost_in_columns(pages, folder):
    import pyarrow.parquet as pq

    for text in pages:
        records = json.loads(text)["records"]
        extract_window(Answer(text), QUERY, folder / "calls.parquet")
        with (folder / "calls.parquet").open("rb") as file:
            rows = pq.read_table(file).to_pylist()
        assert [rebuilt(row) for row in rows] == [comparable(record) for record in records]


def rebuilt(row: dict) -> dict:
    record = json.loads(row["other"] or "{}")
    for column in CALL_COLUMNS:
        if row[column.name] is not None:
            *above, key = column.path
            level = record.setdefault(above[0], {}) if above else record
            assert key not in level
            level[key] = row[column.name]
    return record


def comparable(record: dict) -> dict:
    """Times as moments, and numbers as text where the column is text."""
    record = json.loads(json.dumps(record))
    for column in CALL_COLUMNS:
        *above, key = column.path
        level = record.get(above[0], {}) if above else record
        if isinstance(level, dict) and key in level:
            if column.kind is ColumnType.TIME:
                level[key] = datetime.fromisoformat(level[key])
            elif column.kind is ColumnType.TEXT:
                level[key] = str(level[key])
    return record
