"""The table of operations: against RingCentral's OpenAPI file, paths with ids, and what may be repeated."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.endpoints import (
    ENDPOINTS,
    READ_CHAT,
    READ_USER_CALL_LOG,
    Endpoint,
    endpoint_for,
    repeatable,
)
from airflow_provider_ringcentral.client.errors import BadRequest


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.id)
def test_a_row_agrees_with_the_specification(specification, row: Endpoint):
    official = specification["paths"][row.path][row.method.lower()]

    assert row.id == official["operationId"]
    assert row.group == official["x-throttling-group"].lower()
    assert row.permission == official.get("x-app-permission")
    assert row.user_permission == official.get("x-user-permission")


@pytest.mark.parametrize("row", [row for row in ENDPOINTS if row.size_parameter], ids=lambda row: row.id)
def test_the_page_size_is_one_that_the_specification_allows(specification, row: Endpoint):
    parameters = specification["paths"][row.path]["get"]["parameters"]
    (schema,) = (one["schema"] for one in parameters if one.get("name") == row.size_parameter)
    number = next(one for one in schema.get("oneOf", [schema]) if one["type"] == "integer")

    assert number.get("default", 1) <= row.page_size <= number.get("maximum", 1000)


def test_every_operation_has_one_row():
    assert len(ENDPOINTS) >= 45
    assert len({row.id for row in ENDPOINTS}) == len({(row.method, row.path) for row in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.parametrize("value", ["~", "123", "QTgTjY-OSGcU_1AUA", "1,2,3", "Y3MxNzE=", "id:5", "a.b", "x!y@z+1"])
def test_ids_are_filled_in_unchanged(value):
    assert READ_CHAT.at(chatId=value) == f"/team-messaging/v1/chats/{value}"


@pytest.mark.parametrize(
    "value", ["~/x?a=", "1/2", "1?a=b", "1#", "1%2F2", "..", ".", "", "1 2", "1\n", "1\\2", "é", "\uff11", "1;2", "{x}"]
)
def test_an_id_cannot_change_the_path(value):
    with pytest.raises(BadRequest, match=r"extensionId .* is not a valid id") as caught:
        READ_USER_CALL_LOG.at(accountId="~", extensionId=value)
    assert caught.value.parameter == "extensionId"


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/restapi/v1.0/account/5/audit-trail/search", "auditTrailSearch"),
        ("POST", "/restapi/v1.0/account/~/directory/entries/search", "searchDirectoryEntries"),
        ("POST", "/analytics/calls/v1/accounts/~/timeline/fetch", "analyticsCallsTimelineFetch"),
        ("POST", "/restapi/v1.0/subscription/a-b/renew", "renewSubscription"),
        ("GET", "/restapi/v1.0/account/~/call-log/A,B", "readCompanyCallRecord"),
    ],
)
def test_rows_are_found_by_method_and_path(method, path, operation):
    assert endpoint_for(method, path).id == operation
    assert repeatable(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/restapi/v1.0/account/~/extension/~/sms"),
        ("POST", "/restapi/v1.0/subscription"),
        ("POST", "/restapi/v1.0/account/~/directory/entries/search/more"),
        ("DELETE", "/restapi/v1.0/account/~/extension/~/message-store/5"),
    ],
)
def test_posts_that_send_or_are_unknown_are_not_repeated(method, path):
    assert not repeatable(method, path)
