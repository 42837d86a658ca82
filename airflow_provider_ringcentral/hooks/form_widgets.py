"""The Connection form's extra fields as Flask-AppBuilder widgets, for Airflow before 3.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
from flask_babel import lazy_gettext
from wtforms import Field, PasswordField, StringField

from airflow_provider_ringcentral import provider_info
from airflow_provider_ringcentral.hooks.connection import PLACEHOLDER


class SecretWidget(BS3TextFieldWidget):  # type: ignore[misc]  # Flask-AppBuilder has no types
    """A password input that sends Airflow's placeholder back when nobody types into it.

    The stock widget sends an empty text, and Airflow 2.11 takes that for "remove this field": each save of the form
    destroyed the JWT. For the placeholder Airflow puts the stored value in again (`ConnectionModelView.process_form`).
    """

    input_type = "password"

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        """The input as HTML."""
        # Selected on focus, so that a new secret replaces the placeholder and is not appended to it.
        return super().__call__(field, value=PLACEHOLDER if field.data else "", onfocus="this.select()", **kwargs)


def form_widgets() -> dict[str, Any]:
    """One unbound field for each row of the table of extra fields, by name."""
    return {field["name"]: _widget(field) for field in provider_info.EXTRA_FIELDS}


def _widget(field: Mapping[str, Any]) -> Any:
    secret = field["schema"].get("format") == "password"
    kind, look = (PasswordField, SecretWidget) if secret else (StringField, BS3TextFieldWidget)
    return kind(lazy_gettext(field["label"]), widget=look(), description=field["description"])
