"""A client of a sandbox without calls."""

from __future__ import annotations

import pytest


@pytest.fixture
def caller(start):
    return start(calls=0)
