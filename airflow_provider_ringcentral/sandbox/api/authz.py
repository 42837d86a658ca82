"""What the user's role allows (`readAuthorizationProfile`, `checkUserPermission`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.model.company import account_path
from airflow_provider_ringcentral.sandbox.model.identity import User

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer


def read_authorization_profile(visit: Visit) -> Answer:
    """`readAuthorizationProfile`."""
    user = _user(visit)
    permissions = [_permission(visit, user, name) for name in sorted(user.permissions)]
    return visit.json({"uri": visit.uri(), "permissions": permissions})


def check_user_permission(visit: Visit) -> Answer:
    """`checkUserPermission`: `successful` says it; `details` only when it is true."""
    user, name = _user(visit), visit.one("permissionId")
    if name is None:
        raise bodies.missing("permissionId")
    body: dict[str, Any] = {"uri": visit.uri(), "successful": name in user.permissions}
    if name in user.permissions:
        body["details"] = _permission(visit, user, name)
    return visit.json(body)


def _user(visit: Visit) -> User:
    extension = visit.extension()
    return visit.state.identity.users.get(extension.id) or User(extension.id, permissions=set())


def _permission(visit: Visit, user: User, name: str) -> dict[str, Any]:
    url = visit.state.url
    return {
        "permission": {
            "uri": f"{url}/restapi/v1.0/dictionary/permission/{name}",
            "id": name,
            "siteCompatible": "Independent",
            "readOnly": name.startswith("Read"),
            "assignable": True,
        },
        "effectiveRole": {"uri": f"{url}{account_path()}/user-role/1", "id": "1"},
        "scopes": ["Self", "AllExtensions", "Account"] if user.extended else ["Self"],
    }
