"""The account, its extensions and their phone numbers, the user's permissions, and the versions of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.model.company import ACCOUNT_ID, MAIN_NUMBER, account_path
from airflow_provider_ringcentral.sandbox.model.identity import User

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

_COUNTRY = {"id": "1", "name": "United States"}


def read_extension(context: RequestContext) -> ApiResponse:
    """`readExtension`: the record of an extension."""
    return context.json(extension_info(context.state, context.extension()))


def list_extensions(context: RequestContext) -> ApiResponse:
    """`listExtensions`, filtered by `type`, `extensionNumber`, `email` and `status`."""
    context.check_account()
    types, number = context.values("type"), context.value("extensionNumber")
    statuses, email = context.values("status"), context.value("email")
    records = [extension_info(context.state, extension) for extension in context.state.company.extensions]
    return context.page_of(
        [
            record
            for record in records
            if (not types or record["type"] in types)
            and number in (None, record["extensionNumber"])
            and (email is None or email.lower() == record["contact"]["email"])
            and (not statuses or record["status"] in statuses)
        ]
    )


def list_extension_phone_numbers(context: RequestContext) -> ApiResponse:
    """`listExtensionPhoneNumbers`: `features` say which numbers may send."""
    extension = context.extension()
    numbers = phone_numbers(context.state, extension)
    usage = context.values("usageType")
    return context.page_of([number for number in numbers if not usage or number["usageType"] in usage])


def read_account_info(context: RequestContext) -> ApiResponse:
    """`readAccountInfo`: the account, its main number and its operator."""
    context.check_account()
    operator = context.state.company.users[0]
    return context.json(
        {
            "uri": f"{context.state.url}{account_path()}",
            "id": ACCOUNT_ID,
            "mainNumber": MAIN_NUMBER,
            "operator": {"id": operator.id, "extensionNumber": operator.number},
            "serviceInfo": {
                "brand": {"id": "1210", "name": "RingCentral"},
                "servicePlan": {"id": "8853", "name": "Sandbox"},
            },
            "setupWizardState": "Completed",
            "status": "Confirmed",
        }
    )


def extension_info(state: State, extension: Extension) -> dict[str, Any]:
    """Return the record of an extension."""
    first, _, last = extension.name.partition(" ")
    user = state.identity.users.get(extension.id)
    status = user.status if user and user.status in {"Disabled", "Frozen", "NotActivated"} else "Enabled"
    name = "Airflow Service" if user and user.service else extension.name
    if user and user.service:
        first, last = "Airflow", "Service"
    uri = f"{state.url}{account_path()}/extension/{extension.id}"
    return {
        "uri": uri,
        "id": extension.id,
        "account": {"id": str(ACCOUNT_ID), "uri": f"{state.url}{account_path()}"},
        "extensionNumber": extension.number,
        "name": name,
        "contact": {
            "firstName": first,
            "lastName": last,
            "email": f"{first}.{last or 'queue'}@example.com".lower(),
            "department": "Automation" if user and user.service else "Sales",
        },
        "type": extension.type,
        "status": status,
        "permissions": {"admin": {"enabled": bool(user and user.extended)}, "internationalCalling": {"enabled": False}},
        "profileImage": {"uri": f"{uri}/profile-image"},
        "setupWizardState": "Completed",
        "hidden": False,
    }


def phone_numbers(state: State, extension: Extension) -> list[dict[str, Any]]:
    """Return the direct numbers of an extension, and the company's main number."""
    user = state.identity.users.get(extension.id)
    features = sorted(user.sms_features) if user else ["CallerId"]
    own = {
        "uri": f"{state.url}{account_path()}/extension/{extension.id}/phone-number/{extension.id + 1}",
        "id": extension.id + 1,
        "phoneNumber": extension.phone_number,
        "usageType": "DirectNumber",
        "features": features,
        "primary": True,
    }
    main = {
        "uri": f"{state.url}{account_path()}/extension/{extension.id}/phone-number/{ACCOUNT_ID + 1}",
        "id": ACCOUNT_ID + 1,
        "phoneNumber": MAIN_NUMBER,
        "usageType": "MainCompanyNumber",
        "features": ["CallerId"],
        "primary": False,
    }
    shared = {"type": "VoiceFax", "paymentType": "Local", "status": "Normal", "country": _COUNTRY}
    further = [
        own
        | {"id": extension.id + 2 + rank, "uri": f"{own['uri']}{rank}", "phoneNumber": number, "primary": False}
        | {"features": sorted(chosen)}
        for rank, (number, chosen) in enumerate(user.numbers.items() if user else ())
    ]
    return [entry | shared for entry in (own, *further, main)]


def read_authorization_profile(context: RequestContext) -> ApiResponse:
    """`readAuthorizationProfile`: all permissions of an extension's user."""
    user = _user(context)
    permissions = [_permission(context, user, name) for name in sorted(user.permissions)]
    return context.json({"uri": context.uri(), "permissions": permissions})


def check_user_permission(context: RequestContext) -> ApiResponse:
    """`checkUserPermission`: `details` are there only when `successful` is true."""
    user, name = _user(context), context.value("permissionId")
    if name is None:
        raise responses.missing_parameter("permissionId")
    body: dict[str, Any] = {"uri": context.uri(), "successful": name in user.permissions}
    if name in user.permissions:
        body["details"] = _permission(context, user, name)
    return context.json(body)


def _user(context: RequestContext) -> User:
    extension = context.extension()
    return context.state.identity.users.get(extension.id) or User(extension.id, permissions=set())


def _permission(context: RequestContext, user: User, name: str) -> dict[str, Any]:
    url = context.state.url
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


def read_api_versions(context: RequestContext) -> ApiResponse:
    """`readAPIVersions`: the versions of the API; needs no token."""
    body = {
        "uri": f"{context.state.url}/restapi",
        "apiVersions": [_version(context)],
        "serverVersion": "sandbox",
        "serverRevision": "sandbox",
    }
    return context.json(body)


def read_api_version(context: RequestContext) -> ApiResponse:
    """`readAPIVersion`: one version of the API; needs no token."""
    if context.ids["apiVersion"] != "v1.0":
        raise responses.unknown_route()
    return context.json(_version(context))


def _version(context: RequestContext) -> dict[str, Any]:
    return {
        "uri": f"{context.state.url}/restapi/v1.0",
        "versionString": "1.0.60",
        "releaseDate": "2026-08-13T00:00:00.000Z",
        "uriString": "v1.0",
    }
