"""Limits, outages, and what a bare HTTP status says when no code came with it."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors.remedy import (
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    Remedy,
)

_RATE = Remedy(
    cause="The limit of this app and user for this group of endpoints is used up. Every program that uses the same "
    "app and user counts, and every request sent during the penalty starts it again.",
    cure="Wait until Retry-After has passed. If it happens often, put the tasks into an Airflow pool, stop other "
    "programs that use this app, or give them an app of their own; the limits are at Developer Console → the app → "
    "Rate Limits.",
    who=PLATFORM_TEAM,
)
_DOWN = Remedy(
    cause="RingCentral is temporarily unable to answer.",
    cure="Try again later; a task with retries does so by itself. If it lasts, look at https://status.ringcentral.com.",
    who=RINGCENTRAL_SUPPORT,
)
_INTERNAL = Remedy(
    cause="RingCentral failed while it worked on the request.",
    cure="Reads are tried again by themselves. If it goes on, give RingCentral support the request id of this error.",
    who=RINGCENTRAL_SUPPORT,
)

ROWS: dict[str, Remedy] = {
    "CMN-201": _DOWN,
    "CMN-202": Remedy(
        cause="RingCentral does not support this operation.",
        cure="Check method and path against RingCentral's API reference.",
        who=DAG_AUTHOR,
    ),
    "CMN-203": _INTERNAL,
    "CMN-301": _RATE,
    "CMN-302": _RATE,
    "CMN-303": Remedy(
        cause="RingCentral could not find the API plan of the app, so it knows no limits for it.",
        cure="Check at Developer Console → the app → Rate Limits that the app has a plan; if it has, ask RingCentral "
        "support with the request id of this error.",
        who=DEVELOPER_CONSOLE,
    ),
    "CMN-304": Remedy(
        cause="The same request was already running.",
        cure="Try again when the other one has ended; do not run two tasks that send the same request at the same "
        "time.",
        who=DAG_AUTHOR,
    ),
    "CMN-310": Remedy(
        cause="A limit above the app's own was hit, one that RingCentral keeps for all traffic together.",
        cure="Wait until Retry-After has passed. If it goes on while this app sends little, ask RingCentral support.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-305": Remedy(
        cause="The user's limit for sending text messages is used up; all apps of the user share it.",
        cure="Wait until Retry-After has passed and spread the sending over more time or more users.",
        who=PLATFORM_TEAM,
    ),
    "ADG-000": _DOWN,
    "ADG-001": _INTERNAL,
    "ADG-010": _DOWN,
}

SERVER_ERROR = Remedy(
    cause="RingCentral, or a gateway in front of it, failed to answer.",
    cure="Reads are tried again by themselves. If it lasts, look at https://status.ringcentral.com and give "
    "RingCentral support the request id of this error.",
    who=RINGCENTRAL_SUPPORT,
)

BY_STATUS: dict[int, Remedy] = {
    400: Remedy(
        cause="RingCentral refused the request as it was written, without a code this provider knows.",
        cure="Read RingCentral's message in this error and compare the request with the API reference.",
        who=DAG_AUTHOR,
    ),
    401: Remedy(
        cause="RingCentral did not accept the access token, without saying why.",
        cure="Run `python -m airflow_provider_ringcentral.diagnose` with this connection id: it logs in anew and says "
        "what is wrong.",
        who=CONNECTION,
    ),
    403: Remedy(
        cause="The app, or the user the JWT belongs to, may not do this: {permission} may be missing.",
        cure="Run `python -m airflow_provider_ringcentral.diagnose` with this connection id: it lists the app "
        "permissions (Developer Console) and the user permissions (Admin Portal) that are missing.",
        who=PLATFORM_TEAM,
    ),
    404: Remedy(
        cause="There is nothing at this path: the path is wrong, or the thing was deleted or is not visible to this "
        "user.",
        cure="Check the path and the ids in it. Ids are RingCentral's internal ids, not extension numbers.",
        who=DAG_AUTHOR,
    ),
    429: _RATE,
}
