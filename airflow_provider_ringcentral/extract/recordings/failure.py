"""Why a recording could not be had, and whether the others can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from airflow_provider_ringcentral.client.classify import SCOPE_CODE
from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.arguments import NotMedia
from airflow_provider_ringcentral.extract.recordings.recording import Recording
from airflow_provider_ringcentral.extract.recordings.store import NameTaken

_NO_ROUTE = frozenset({"AGW-404", "CMN-120"})
"""A 404 of the gateway is about the path, not about what it names (FACTS 4.2)."""

IN_A_ROW = {"unavailable": 5, "no_recording": 5, "forbidden": 20}
"""So many failures of one kind, one after the other, are no longer about single recordings: the run stops."""


def failure_of(error: RingCentralError) -> str | None:
    """A word for a failure of this one recording; None when the whole run must stop with `error`.

    `host_refused`, `forbidden`, `not_found` (no such path), `refused`, `name_taken`, `no_recording` (another kind of
    answer) or `unavailable`. Whatever says when to come back stops the run, which then goes on.
    """
    if error.retry_after is not None:
        return None
    if isinstance(error, ConfigurationError):
        return "host_refused" if any(problem.kind == HOST_REFUSED for problem in error.problems) else None
    if isinstance(error, PermissionDenied):
        return None if SCOPE_CODE in error.codes else "forbidden"
    if isinstance(error, NameTaken):
        return "name_taken"
    kinds = (
        (NotFound, "not_found"),
        (BadRequest, "refused"),
        (NotMedia, "no_recording"),
        (Unavailable, "unavailable"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), None)


def is_absent(error: RingCentralError) -> bool:
    """RingCentral knows no such recording: not yet, or no longer."""
    return isinstance(error, NotFound) and not _NO_ROUTE & set(error.codes)


def is_late(recording: Recording, late_window: timedelta, now: datetime) -> bool:
    """The call ended so recently that its recording may still come."""
    return now < recording.end + late_window


def detail_of(error: RingCentralError) -> str:
    """HTTP status and codes, or what came in place of a recording; unlike RingCentral's words nothing personal."""
    if isinstance(error, NotMedia):
        return error.found
    return " ".join([f"HTTP {error.status}"] * (error.status is not None) + list(error.codes))


def with_both_scopes(error: PermissionDenied) -> PermissionDenied:
    """The error, its cure naming both app permissions: who lacks one learns of the other before the next run."""
    if SCOPE_CODE in error.codes and error.remedy is not None:
        cure = f"{error.remedy.cure} Downloading recordings needs both ReadCallLog and ReadCallRecording."
        error.remedy = replace(error.remedy, cure=cure)
    return error
