"""What the app may do, what the user may do, and what the plan contains: three layers with three different owners."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    RINGCENTRAL_SUPPORT,
    Remedy,
)

IN_THE_PORTAL = {
    "FullCompanyCallLog": "'Company Call Log' → 'View Only'",
    "ReadCompanyCallLog": "'Company Call Log' → 'View Only'",
    "ReadCallLog": "'User Call Log' → 'View Only'",
    "ReadCallRecording": "'Company Call Log' → 'Access Recordings, Download & Delivery'",
}
"""User permission -> what the Admin Portal calls it, where RingCentral's guide says so (call log, access)."""

_PLAN = Remedy(
    cause="The feature is not part of the account's plan, or is switched off for it.",
    cure="Ask the account's administrator, then RingCentral support, whether the plan can include it. Trying again "
    "does not help.",
    who=RINGCENTRAL_SUPPORT,
)
_DIRECTORY = Remedy(
    cause="The user the JWT belongs to may not read this directory.",
    cure="Admin Portal → Users → Roles: give that user a role that may see the company directory.",
    who=ADMIN_PORTAL,
)

ROWS: dict[str, Remedy] = {
    "CMN-109": _PLAN,
    "CMN-401": Remedy(
        cause="The app lacks {permission}. Roles of the user do not matter here.",
        cure="Developer Console → the app → app permissions: add {permission} and save. Tokens made from then on have "
        "it.",
        who=DEVELOPER_CONSOLE,
    ),
    "CMN-402": Remedy(
        cause="Only an administrator may do this, and the user the JWT belongs to is none.",
        cure="Admin Portal → Users → Roles: give that user a role with administrator rights for this area, or use the "
        "JWT of a service user that has one.",
        who=ADMIN_PORTAL,
    ),
    "CMN-403": Remedy(
        cause="This kind of extension has no such feature.",
        cure="Name another extension, or use the JWT of a normal user.",
        who=DAG_AUTHOR,
    ),
    "CMN-404": Remedy(
        cause="The user the JWT belongs to may not reach into another extension.",
        cure="Use `~` for the user's own extension, or give that user a role that covers other extensions "
        "(Admin Portal → Users → Roles).",
        who=ADMIN_PORTAL,
    ),
    "CMN-405": Remedy(
        cause="This needs the login of a user's extension, and this login is none.",
        cure="Create the JWT as a normal user, best a service user, and put it into the Connection.",
        who=CONNECTION,
    ),
    "CMN-408": Remedy(
        cause="The user the JWT belongs to lacks {permission}. App permissions in the Developer Console do not matter "
        "here.",
        cure="Admin Portal → Users → Roles → the role of that user → Permissions: grant {permission}{where}.",
        who=ADMIN_PORTAL,
    ),
    "CMN-419": Remedy(
        cause="The user the JWT belongs to has {permission} for itself only, not for other extensions.",
        cure="Admin Portal → Users → Roles: give that user a role whose {permission} covers other users, or read the "
        "company's data in place of the extension's.",
        who=ADMIN_PORTAL,
    ),
    "BIL-101": _PLAN,
    "BIL-103": _PLAN,
    "ADG-100": _DIRECTORY,
    "ADG-101": _DIRECTORY,
    "InsufficientPermissions": Remedy(
        cause="{permission} is missing, on the app or on the user the JWT belongs to; RingCentral did not say which.",
        cure="Check Developer Console → the app → app permissions first, then Admin Portal → Users → Roles → the role "
        "of the user.",
        who=DEVELOPER_CONSOLE,
    ),
    "FeatureNotAvailable": Remedy(
        cause="The feature is not available to this account, user or phone number.",
        cure="For messages, choose a number of the JWT's user that has the feature; otherwise ask the account's "
        "administrator whether plan and role include it.",
        who=ADMIN_PORTAL,
    ),
}
