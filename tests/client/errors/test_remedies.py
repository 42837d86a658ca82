from __future__ import annotations

import re
import subprocess
import sys

import pytest

from airflow_provider_ringcentral.client.errors.remedies import (
    access,
    answer_codes,
    delivery,
    login,
    login_remedy,
    messages,
    network,
    remedy_for,
    requests,
    tables,
)
from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    WHO,
    Remedy,
)

DOCUMENTED = """
    OAU-105 OAU-111 OAU-112 OAU-120 OAU-121 OAU-123 OAU-125 OAU-127 OAU-128 OAU-129 OAU-134 OAU-136 OAU-140 OAU-141
    OAU-142 OAU-146 OAU-147 OAU-148 OAU-149 OAU-151 OAU-153 OAU-165 OAU-167 OAU-168 OAU-210 OAU-211 OAU-213 OAU-232
    OAU-236 OAU-250 OAU-251 AGW-401 AGW-404 CMN-100 CMN-101 CMN-102 CMN-103 CMN-104 CMN-105 CMN-106 CMN-107 CMN-108
    CMN-109 CMN-110 CMN-120 CMN-201 CMN-202 CMN-203 CMN-301 CMN-302 CMN-303 CMN-304 CMN-310 CMN-401 CMN-402 CMN-403
    CMN-404 CMN-405 CMN-406 CMN-407 CMN-408 CMN-419 CLG-101 CLG-102 CLG-103 CLG-104 CLG-105 CLG-110 BIL-101 BIL-103
    MSG-240 MSG-241 MSG-242 MSG-243 MSG-245 MSG-246 MSG-247 MSG-290 MSG-304 MSG-305 MSG-309 MSG-310 MSG-314 MSG-316
    MSG-324 MSG-325 MSG-326 MSG-330 MSG-331 MSG-332 MSG-333 MSG-335 MSG-337 MSG-338 MSG-340 MSG-341 MSG-343 MSG-347
    MSG-348 MSG-349 MSG-350 MSG-351 MSG-352 MSG-365 MSG-367 MSG-380 MSG-381 MSG-384 MSG-390 MSG-397 MSG-403 SUB-402
    SUB-403 SUB-404 SUB-405 SUB-406 SUB-407 SUB-408 SUB-505 SUB-507 SUB-508 SUB-511 SUB-516 SUB-520 SUB-521 SUB-523
    SUB-525 SUB-527 ADG-000 ADG-001 ADG-010 ADG-100 ADG-101 ADG-105 ADG-107 ADG-111 ADG-112 ADG-121 ADG-122 ADG-200
    invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope access_denied
    expired_token insufficient_scope TokenInvalid InsufficientPermissions FeatureNotAvailable InvalidMultipartRequest
"""
"""The codes of RingCentral's guide pages and of the OpenAPI file."""


@pytest.mark.parametrize("code", DOCUMENTED.split())
def test_every_documented_code_has_a_row(code: str) -> None:
    assert code in answer_codes()


ROWS = [pytest.param(row, id=f"{title}: {code}") for title, table in tables().items() for code, row in table.items()]


@pytest.mark.parametrize("row", [*ROWS, delivery.UNLISTED, login.NO_TOKEN_ENDPOINT])
def test_every_row_of_every_table_is_complete(row: Remedy) -> None:
    for text in (row.cause, row.cure):
        assert re.fullmatch(r"\S.*[.…]", text)
        assert text.isprintable()
        assert "  " not in text
    assert row.who in WHO
    assert len(row.cause) + len(row.cure) < 500
    assert set(re.findall(r"\{(.*?)\}", row.cause + row.cure)) <= {"parameter", "permission", "portal_name"}


@pytest.mark.parametrize("row", ROWS)
def test_no_row_leaves_a_name_open(row: Remedy) -> None:
    for names in ({"parameter": None, "permission": None}, {"parameter": "view", "permission": "ReadCallLog"}):
        filled = row.filled(**names)
        assert not {"{", "}"} & set(filled.cause + filled.cure)


def test_no_code_of_an_answer_is_in_two_tables() -> None:
    answers = (login.LOGIN, access.ACCESS, requests.REQUESTS, messages.MESSAGES)
    assert len(answer_codes()) == sum(len(table) for table in answers)


def test_every_table_of_the_package_is_listed() -> None:
    modules = (access, delivery, login, messages, network, requests)
    found = [
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, dict) and value and all(isinstance(row, Remedy) for row in value.values())
    ]
    assert len(found) == len(tables())


def test_an_operator_imports_no_table() -> None:
    code = (
        "import sys, airflow_provider_ringcentral.operators.call_log, airflow_provider_ringcentral.operators.sms;"
        "import airflow_provider_ringcentral.client.errors.remedies;"
        "print([name for name in sys.modules if '.errors.remedies.' in name])"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert output.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("code", "who", "word"),
    [
        ("OAU-251", DEVELOPER_CONSOLE, "tick 'JWT auth flow'"),
        ("OAU-153", CONNECTION, "'Client ID'"),
        ("OAU-146", CONNECTION, "'Client secret'"),
        ("OAU-141", ADMIN_PORTAL, "enable that user"),
        ("invalid_grant", DEVELOPER_CONSOLE, "'JWT credential'"),
        ("CMN-401", DEVELOPER_CONSOLE, "app permissions"),
        ("CMN-408", ADMIN_PORTAL, "Roles"),
        ("AGW-404", DAG_AUTHOR, "API reference"),
        ("CMN-120", DAG_AUTHOR, "API reference"),
        ("OAU-210", DEVELOPER_CONSOLE, "create a new JWT"),
        ("OAU-121", DEVELOPER_CONSOLE, "permits its client id"),
        ("OAU-251", DEVELOPER_CONSOLE, "permits this app's client id"),
        ("CMN-301", PLATFORM_TEAM, "Retry-After"),
        ("CLG-104", DAG_AUTHOR, "FSync"),
        ("MSG-242", DAG_AUTHOR, "SmsSender"),
        ("BIL-101", RINGCENTRAL_SUPPORT, "plan"),
    ],
)
def test_who_fixes_it_and_where(code: str, who: str, word: str) -> None:
    remedy = remedy_for([code])
    assert remedy is not None
    assert remedy.who == who
    assert word in remedy.cure


@pytest.mark.parametrize(
    ("codes", "like"),
    [
        (["InsufficientPermissions", "CMN-401"], "CMN-401"),
        (["InsufficientPermissions", "CMN-408"], "CMN-408"),
        (["TokenInvalid", "OAU-129"], "OAU-129"),
        (["invalid_client", "OAU-153"], "OAU-153"),
        (["invalid_grant", "OAU-999"], "invalid_grant"),
        (["unauthorized_client"], "unauthorized_client"),
        (["CMN-102", "MSG-304"], "CMN-102"),
        (["XYZ-1", "MSG-304"], "MSG-304"),
    ],
)
def test_a_number_wins_over_a_word_and_the_first_number_over_later_ones(codes: list[str], like: str) -> None:
    assert remedy_for(codes) == answer_codes()[like].filled(parameter=None, permission=None)


def test_the_names_in_the_answer_are_filled_in() -> None:
    scope = remedy_for(["CMN-401"], permission="ReadCallLog")
    value = remedy_for(["CMN-101"], parameter="dateFrom")
    assert scope is not None
    assert value is not None
    assert scope.cause.startswith("The app lacks permission 'ReadCallLog'.")
    assert "add permission 'ReadCallLog'" in scope.cure
    assert value.cause == "The value of parameter 'dateFrom' is not valid."


def test_the_sentences_say_that_ringcentral_gave_no_name() -> None:
    scope = remedy_for(["CMN-401"])
    value = remedy_for(["CMN-101"])
    assert scope is not None
    assert value is not None
    assert scope.cause.startswith("The app lacks a permission that RingCentral did not name.")
    assert value.cause == "The value of a parameter that RingCentral did not name is not valid."


@pytest.mark.parametrize("name", ["{0}", "{", "to[0].{permission}", "%s"])
def test_names_with_braces_are_not_placeholders(name: str) -> None:
    remedy = remedy_for(["CMN-101"], parameter=name)
    assert remedy is not None
    assert remedy.cause == f"The value of parameter '{name}' is not valid."


@pytest.mark.parametrize(
    ("status", "who"),
    [
        (400, DAG_AUTHOR),
        (401, CONNECTION),
        (403, PLATFORM_TEAM),
        (404, DAG_AUTHOR),
        (429, PLATFORM_TEAM),
        (500, RINGCENTRAL_SUPPORT),
        (502, RINGCENTRAL_SUPPORT),
        (504, RINGCENTRAL_SUPPORT),
    ],
)
def test_the_status_decides_when_no_code_is_known(status: int, who: str) -> None:
    for codes in ([], ["NEW-001"], [""]):
        remedy = remedy_for(codes, status=status)
        assert remedy is not None
        assert remedy.who == who
        assert "{" not in remedy.cause + remedy.cure


def test_an_unknown_code_and_status_have_no_remedy() -> None:
    assert remedy_for([]) is None
    assert remedy_for(["NEW-001"]) is None
    assert remedy_for([], status=418) is None


def test_the_cure_gives_the_name_in_the_admin_portal_when_it_is_known() -> None:
    calls = remedy_for(["CMN-408"], permission="FullCompanyCallLog")
    texts = remedy_for(["CMN-408"], permission="OutboundSMS")

    assert calls is not None
    assert "grant permission 'FullCompanyCallLog' (shown there as 'Company Call Log' → 'View Only')." in calls.cure
    assert texts is not None
    assert texts.cure.endswith("grant permission 'OutboundSMS'.")


@pytest.mark.parametrize(
    ("codes", "status", "cause"),
    [
        (["OAU-213"], 400, "refused the JWT"),
        (["TokenInvalid", "OAU-128"], 401, "refused the JWT"),
        (["OAU-210"], 400, "most likely the JWT has expired"),
        (["AGW-404"], 404, "not RingCentral's token endpoint"),
    ],
)
def test_codes_about_tokens_are_about_the_jwt_when_a_login_gets_them(codes: list[str], status: int, cause: str) -> None:
    remedy = login_remedy(codes, status, remedy_for(codes, status=status))

    assert remedy is not None
    assert cause in remedy.cause
