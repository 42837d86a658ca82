"""What Airflow shows, and sends back, in place of a secret."""

from __future__ import annotations

import re

PLACEHOLDER = "RATHER_LONG_SENSITIVE_FIELD_PLACEHOLDER"
"""What Airflow 2.11's Connection form holds in place of a secret in the extra fields (`airflow/www/views.py`)."""

STAND_IN = "stand-in"
"""The kind of the problem with a field that holds such a text (`Problem.kind`)."""


def is_stand_in(secret: str) -> bool:
    """Whether `secret` is Airflow's placeholder, perhaps with something typed beside it, or its mask of asterisks."""
    return PLACEHOLDER in secret or bool(re.fullmatch(r"\*+", secret.strip()))
