"""The public answers that need no token (`readAPIVersions`, `readAPIVersion`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer


def read_api_versions(visit: Visit) -> Answer:
    """`readAPIVersions`."""
    body = {
        "uri": f"{visit.state.url}/restapi",
        "apiVersions": [_version(visit)],
        "serverVersion": "sandbox",
        "serverRevision": "sandbox",
    }
    return visit.json(body)


def read_api_version(visit: Visit) -> Answer:
    """`readAPIVersion`."""
    if visit.ids["apiVersion"] != "v1.0":
        raise bodies.unknown_route()
    return visit.json(_version(visit))


def _version(visit: Visit) -> dict[str, Any]:
    return {
        "uri": f"{visit.state.url}/restapi/v1.0",
        "versionString": "1.0.60",
        "releaseDate": "2026-08-13T00:00:00.000Z",
        "uriString": "v1.0",
    }
