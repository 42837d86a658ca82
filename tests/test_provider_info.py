"""A field of the Connection is one row of a table: adding a row is enough."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from airflow.providers.common.compat.sdk import redact

from airflow_provider_ringcentral import provider_info
from airflow_provider_ringcentral.client.auth.credentials import (
    DEFAULT_SERVER,
    DEFAULT_TIMEOUT_SECONDS,
    Credentials,
)
from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.hooks import connection as reading
from airflow_provider_ringcentral.hooks.connection import PLACEHOLDER
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

JWT = "amlzcGxhY2Vk.amlzcGxhY2Vk.amlzcGxhY2Vk"
GENERATE_DOCS = Path(__file__).parents[1] / "scripts" / "generate-docs"

NEW_ROWS = (
    {
        "name": "region",
        "label": "Region",
        "description": "Where the data lies.",
        "schema": {"type": ["string", "null"], "enum": ["us", "eu", None], "default": "us"},
    },
    {
        "name": "page_limit",
        "label": "Most pages",
        "description": "How many pages to read.",
        "schema": {"type": ["number", "null"], "minimum": 1, "maximum": 50},
    },
    {
        "name": "gateway_token",
        "label": "Gateway token",
        "description": "What the gateway asks for.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
)


@pytest.fixture
def new_rows(monkeypatch):
    monkeypatch.setattr(provider_info, "EXTRA_FIELDS", (*provider_info.EXTRA_FIELDS, *NEW_ROWS))


@pytest.fixture
def read(monkeypatch):
    """Credentials of a Connection with these extra fields."""

    def credentials(**extra: object) -> Credentials:
        fields = {"conn_type": "ringcentral", "login": "id", "password": "the-secret"}
        monkeypatch.setenv("AIRFLOW_CONN_RC", json.dumps({**fields, "extra": {"jwt_token": JWT, **extra}}))
        return RingCentralJWTHook("rc").credentials

    return credentials


@pytest.mark.usefixtures("new_rows")
def test_a_new_row_is_read_by_its_type_and_default(read):
    assert dict(read(region="eu", page_limit="5", gateway_token="the-token").extra) == {
        "region": "eu",
        "page_limit": 5.0,
        "gateway_token": "the-token",
    }
    assert dict(read().extra) == {"region": "us"}


@pytest.mark.usefixtures("new_rows")
def test_a_new_row_is_validated(read):
    with pytest.raises(ConfigurationError) as caught:
        read(region="mars", page_limit=51, gateway_token=PLACEHOLDER)

    assert {problem.field: problem.text for problem in caught.value.problems} == {
        "Gateway token (gateway_token)": "is Airflow's placeholder and not the secret; type the secret again",
        "Region (region)": "is 'mars'; give one of us, eu",
        "Most pages (page_limit)": "is 51; give a number from 1 to 50",
    }


@pytest.mark.usefixtures("new_rows")
def test_a_new_secret_is_masked_and_a_misspelt_new_key_mentioned(read, caplog):
    read(gateway_token="a-secret-of-the-gateway", regoin="eu")

    assert redact("a line with a-secret-of-the-gateway in it") == "a line with *** in it"
    assert "'regoin'" in caplog.text
    assert "'region'" in caplog.text


@pytest.mark.usefixtures("new_rows")
def test_a_new_row_is_in_the_form_of_airflow_3_2_and_later():
    (declared,) = provider_info.get_provider_info()["connection-types"]

    for row in NEW_ROWS:
        expected = {"label": row["label"], "description": row["description"], "schema": row["schema"]}
        assert declared["conn-fields"][row["name"]] == expected


@pytest.fixture
def flask_appbuilder(monkeypatch):
    """What `form_widgets` takes from Flask-AppBuilder, which only Airflow before 3.0 brings."""

    def module(name: str, **members: object) -> None:
        made = ModuleType(name)
        vars(made).update(members)
        monkeypatch.setitem(sys.modules, name, made)

    def field(kind: str):
        return lambda label, **given: SimpleNamespace(kind=kind, label=label, description=given["description"])

    module("flask_appbuilder")
    module("flask_appbuilder.fieldwidgets", BS3TextFieldWidget=type("BS3TextFieldWidget", (), {}))
    module("flask_babel", lazy_gettext=str)
    module("wtforms", Field=object, PasswordField=field("password"), StringField=field("text"))
    monkeypatch.delitem(sys.modules, "airflow_provider_ringcentral.hooks.form_widgets", raising=False)
    yield
    sys.modules.pop("airflow_provider_ringcentral.hooks.form_widgets", None)


@pytest.mark.usefixtures("new_rows", "flask_appbuilder")
def test_a_new_row_is_in_the_form_of_older_airflows():
    widgets = RingCentralJWTHook.get_connection_form_widgets()

    assert list(widgets) == [row["name"] for row in provider_info.EXTRA_FIELDS]
    for row in NEW_ROWS:
        kind = "password" if row["name"] == "gateway_token" else "text"
        expected = SimpleNamespace(kind=kind, label=row["label"], description=row["description"])
        assert widgets[row["name"]] == expected


@pytest.mark.usefixtures("new_rows")
def test_a_new_row_is_in_the_reference():
    page = runpy.run_path(str(GENERATE_DOCS), run_name="generate_docs")["connection"]()

    assert '| extra `region` | Region | text, one of us, eu | `"us"` | Where the data lies. |' in page
    assert "| extra `page_limit` | Most pages | number, 1 to 50 |  | How many pages to read. |" in page
    assert "| extra `gateway_token` | Gateway token | text, secret |  | What the gateway asks for. |" in page


def test_standard_fields_have_the_same_labels_in_both_forms():
    (declared,) = provider_info.get_provider_info()["connection-types"]
    older = RingCentralJWTHook.get_ui_field_behaviour()

    assert older == {
        "hidden_fields": ["schema"],
        "relabeling": declared["ui-field-behaviour"]["relabeling"],
        "placeholders": declared["ui-field-behaviour"]["placeholders"],
    }


def test_every_row_can_be_read():
    for row in provider_info.EXTRA_FIELDS:
        assert reading._reader(row)


def test_defaults_and_bounds_of_the_table_are_those_of_the_client():
    schemas = {row["name"]: row["schema"] for row in provider_info.EXTRA_FIELDS}
    (host, *_) = provider_info.STANDARD_FIELDS

    assert schemas["timeout"]["default"] == DEFAULT_TIMEOUT_SECONDS
    assert schemas["verify"]["default"] is True
    assert host["placeholder"] == DEFAULT_SERVER
