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
    """A password input that returns Airflow's placeholder when nobody types into it.

    The stock widget returns an empty text, and Airflow 2.11 then removes the field: each save of the form would destroy
    the JWT. Airflow replaces the placeholder by the stored value (`ConnectionModelView.process_form`).
    """

    input_type = "password"

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        """Render the input as HTML."""
        # Selected on focus, so that a typed secret replaces the placeholder instead of being appended.
        return super().__call__(field, value=PLACEHOLDER if field.data else "", onfocus="this.select()", **kwargs)


def form_widgets() -> dict[str, Any]:
    """One unbound field for each row of `provider_info.EXTRA_FIELDS`, by name."""
    return {field["name"]: _widget(field) for field in provider_info.EXTRA_FIELDS}


def _widget(field: Mapping[str, Any]) -> Any:
    secret = field["schema"].get("format") == "password"
    kind, look = (PasswordField, SecretWidget) if secret else (StringField, BS3TextFieldWidget)
    return kind(lazy_gettext(field["label"]), widget=look(), description=field["description"])
