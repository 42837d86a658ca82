"""What the app, the user and the plan allow: three layers, each with a different owner.

Sources: guide page "RingCentral API Error Codes" (basics/errors), and the lists of error codes of the operations in
the OpenAPI file.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DEVELOPER_CONSOLE,
    RINGCENTRAL_SUPPORT,
    Remedy,
    by_dag_author,
)

PORTAL_NAMES: Mapping[str, str] = {
    "FullCompanyCallLog": "'Company Call Log' → 'View Only'",
    "ReadCompanyCallLog": "'Company Call Log' → 'View Only'",
    "ReadCallLog": "'User Call Log' → 'View Only'",
    "ReadCallRecording": "'Company Call Log' → 'Access Recordings, Download & Delivery'",
}
"""User permission -> its name in the Admin Portal, as far as RingCentral gives it.

Source: guide page "Call Log Access Control" (voice/call-log/access).
"""

_PLAN = Remedy(
    cause="The account's plan does not include the feature, or the feature is switched off.",
    cure="Ask the account's administrator, then RingCentral support, whether the plan can include the feature. A retry "
    "does not help.",
    who=RINGCENTRAL_SUPPORT,
)
_DIRECTORY = Remedy(
    cause="The JWT's user is not allowed to read this directory.",
    cure="Admin Portal → Users → Roles: give that user a role that can see the company directory.",
    who=ADMIN_PORTAL,
)

ACCESS: Mapping[str, Remedy] = {
    "CMN-109": _PLAN,
    "CMN-401": Remedy(
        cause="The app lacks {permission}. The user's roles do not matter here.",
        cure="Developer Console → the app → app permissions: add {permission} and save. Tokens that are created after "
        "that have it.",
        who=DEVELOPER_CONSOLE,
    ),
    "CMN-402": Remedy(
        cause="Only an administrator is allowed to do this, and the JWT's user is not an administrator.",
        cure="Admin Portal → Users → Roles: give that user a role with administrator rights for this area, or use the "
        "JWT of a service user that has such a role.",
        who=ADMIN_PORTAL,
    ),
    "CMN-403": by_dag_author(
        "Extensions of this type do not have the feature.",
        "Name another extension, or use the JWT of a normal user.",
    ),
    "CMN-404": Remedy(
        cause="The JWT's user is not allowed to access another extension.",
        cure="Use `~` for the user's own extension, or give that user a role that covers other extensions "
        "(Admin Portal → Users → Roles).",
        who=ADMIN_PORTAL,
    ),
    "CMN-405": Remedy(
        cause="The operation needs a login as an extension, and the JWT does not belong to one.",
        cure="Create the JWT as a normal user, preferably a service user, and put it into the Connection.",
        who=CONNECTION,
    ),
    "CMN-408": Remedy(
        cause="The JWT's user lacks {permission}. The app permissions in the Developer Console do not matter here.",
        cure="Admin Portal → Users → Roles → the role of that user → Permissions: grant {permission}{portal_name}.",
        who=ADMIN_PORTAL,
    ),
    "CMN-419": Remedy(
        cause="The JWT's user has {permission} for the own extension only, not for other extensions.",
        cure="Admin Portal → Users → Roles: give that user a role whose {permission} covers other users, or read the "
        "company's data instead of the extension's.",
        who=ADMIN_PORTAL,
    ),
    "BIL-101": _PLAN,
    "BIL-103": _PLAN,
    "ADG-100": _DIRECTORY,
    "ADG-101": _DIRECTORY,
    "InsufficientPermissions": Remedy(
        cause="The app or the JWT's user lacks {permission}. RingCentral did not say which of the two.",
        cure="Check Developer Console → the app → app permissions first, then Admin Portal → Users → Roles → the role "
        "of the user.",
        who=DEVELOPER_CONSOLE,
    ),
    "FeatureNotAvailable": Remedy(
        cause="The feature is not available to this account, user or phone number.",
        cure="For messages, choose a number of the JWT's user that has the feature. Otherwise ask the account's "
        "administrator whether plan and role include it.",
        who=ADMIN_PORTAL,
    ),
}
