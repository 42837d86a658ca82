"""Fixtures of the extract's tests: files are tested with extracts, too."""

from __future__ import annotations

from tests.extract.conftest import calls_of, folder, log_of

__all__ = ["calls_of", "folder", "log_of"]
