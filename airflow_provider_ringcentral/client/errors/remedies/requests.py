"""Requests that RingCentral cannot carry out: parameters, paths, sync tokens, subscriptions, limits and outages.

Sources: guide page "RingCentral API Error Codes" (basics/errors), the lists of error codes of the operations in
the OpenAPI file, and the enum ADGError of RingCentral's TypeScript client for the directory.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    Remedy,
    by_dag_author,
)

_UNREADABLE = by_dag_author(
    "RingCentral could not parse the body of the request.",
    "Send a JSON body that fits the operation in RingCentral's API reference.",
)
_NO_PATH = by_dag_author(
    "RingCentral does not have this path.",
    "Compare the path with the API reference, from /restapi/v1.0/… or /team-messaging/v1/… on.",
)
_SYNC_TOKEN = by_dag_author(
    "The sync token is no longer valid: it expired, the call log was reset, or too much has changed since.",
    "Start a full sync (syncType=FSync) from the last time that is known to be complete.",
)
_NO_SUCH_ENTRY = by_dag_author(
    "The directory does not have this entry or account.", "Check the id. The entry may have been deleted."
)
MULTIPART = by_dag_author(
    "RingCentral could not read the parts of the request.",
    "Put the JSON part first, give every file a name and a content type, and do not use & @ # $ % ^ * in file names.",
)

_FOREIGN_EVENTS = Remedy(
    cause="The event filter asks for events that the JWT's user is not allowed to see.",
    cure="Use a filter for the user's own extension (`~`), or give that user a role that covers the other extension "
    "(Admin Portal → Users → Roles).",
    who=ADMIN_PORTAL,
)
_MOBILE_PUSH = by_dag_author(
    "The subscription is for mobile push, which this provider does not use.",
    "Create a subscription with transportType WebHook.",
)

_RATE = Remedy(
    cause="The rate limit of this app and user for this group of endpoints is used up. All programs that use the same "
    "app and user share it, and every request during the penalty restarts the penalty.",
    cure="Wait until the time in Retry-After has passed. If this happens often, put the tasks into an Airflow pool, "
    "stop other programs that use this app, or give them an app of their own. Developer Console → the app → Rate "
    "Limits shows the limits.",
    who=PLATFORM_TEAM,
)
_DOWN = Remedy(
    cause="RingCentral is temporarily unable to answer.",
    cure="Try again later; a task with retries does so automatically. If it lasts, see https://status.ringcentral.com.",
    who=RINGCENTRAL_SUPPORT,
)
_INTERNAL = Remedy(
    cause="RingCentral failed while it processed the request.",
    cure="Reads are retried automatically. If the error persists, give RingCentral support its request id.",
    who=RINGCENTRAL_SUPPORT,
)

REQUESTS: Mapping[str, Remedy] = {
    "CMN-100": by_dag_author("The request lacks {parameter}.", "Give {parameter} a value."),
    "CMN-101": by_dag_author(
        "The value of {parameter} is not valid.",
        "Correct it. Times need a time zone, lists are repeated parameters without commas, and values are "
        "case-sensitive.",
    ),
    "CMN-102": by_dag_author(
        "The object that {parameter} names does not exist. Recordings and messages also disappear when they are "
        "deleted or expire.",
        "Check the id. RingCentral expects its internal ids, not extension numbers.",
    ),
    "CMN-103": _UNREADABLE,
    "CMN-104": _UNREADABLE,
    "CMN-105": by_dag_author(
        "This method and content type do not allow a query string.", "Send the values in the body instead of `params`."
    ),
    "CMN-106": by_dag_author("The request names more items than allowed.", "Split it into smaller requests."),
    "CMN-107": by_dag_author(
        "The requested range is outside the file, which may have changed.", "Download the file again from the start."
    ),
    "CMN-108": by_dag_author("{parameter} in the body differs from the one in the path.", "Give both the same value."),
    "CMN-110": by_dag_author("The request lacks a required header.", "Add the header that the message names."),
    "CMN-120": _NO_PATH,
    "CMN-201": _DOWN,
    "CMN-202": by_dag_author(
        "RingCentral does not support this operation.", "Compare method and path with RingCentral's API reference."
    ),
    "CMN-203": _INTERNAL,
    "CMN-301": _RATE,
    "CMN-302": _RATE,
    "CMN-303": Remedy(
        cause="RingCentral could not find the API plan of the app, so it does not know the app's limits.",
        cure="Check at Developer Console → the app → Rate Limits that the app has a plan. If it has one, give "
        "RingCentral support the request id of this error.",
        who=DEVELOPER_CONSOLE,
    ),
    "CMN-304": by_dag_author(
        "The same request was already running.",
        "Try again when the other request has ended. Do not run two tasks that send the same request at the same time.",
    ),
    "CMN-310": Remedy(
        cause="A limit was reached that RingCentral keeps for all traffic together, above the app's own limits.",
        cure="Wait until the time in Retry-After has passed. If it happens again although this app sends little, ask "
        "RingCentral support.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "CMN-406": by_dag_author("A value of {parameter} occurs twice.", "Send each value once."),
    "CMN-407": by_dag_author(
        "RingCentral does not accept the value of a header.", "Correct the header that the message names."
    ),
    "CLG-101": _SYNC_TOKEN,
    "CLG-102": _SYNC_TOKEN,
    "CLG-103": _SYNC_TOKEN,
    "CLG-104": _SYNC_TOKEN,
    "CLG-105": _SYNC_TOKEN,
    "CLG-110": by_dag_author(
        "sessionId cannot be combined with {parameter}.", "Filter by sessionId alone, or leave sessionId out."
    ),
    "AGW-404": _NO_PATH,
    "ADG-000": _DOWN,
    "ADG-001": _INTERNAL,
    "ADG-010": _DOWN,
    "ADG-105": _NO_SUCH_ENTRY,
    "ADG-107": _NO_SUCH_ENTRY,
    "ADG-111": by_dag_author(
        "The directory requires a Content-Type header.", "Send the body as JSON (the `json` argument)."
    ),
    "ADG-112": by_dag_author(
        "The directory does not accept the body.", "Compare the body with RingCentral's API reference."
    ),
    "ADG-121": by_dag_author("The directory does not accept the value of {parameter}.", "Correct the value."),
    "ADG-122": _NO_SUCH_ENTRY,
    "ADG-200": by_dag_author(
        "The directory does not have this path.", "Compare the path with RingCentral's API reference."
    ),
    "InvalidMultipartRequest": MULTIPART,
    "SUB-402": _FOREIGN_EVENTS,
    "SUB-403": _FOREIGN_EVENTS,
    "SUB-404": _FOREIGN_EVENTS,
    "SUB-405": _FOREIGN_EVENTS,
    "SUB-406": _FOREIGN_EVENTS,
    "SUB-407": _MOBILE_PUSH,
    "SUB-408": _FOREIGN_EVENTS,
    "SUB-505": by_dag_author(
        "This user and app have reached the maximum number of subscriptions.",
        "List the subscriptions (GET /restapi/v1.0/subscription) and delete the ones that are not needed.",
    ),
    "SUB-507": by_dag_author(
        "The subscription has expired.", "Create it again with `expiresIn`, and renew it before that time."
    ),
    "SUB-508": by_dag_author("RingCentral does not know an event filter.", "Correct the filter."),
    "SUB-511": _MOBILE_PUSH,
    "SUB-516": by_dag_author(
        "The reminder filter has wrong parameters.", "Correct `threshold` and `interval` of the filter."
    ),
    "SUB-520": Remedy(
        cause="The webhook address did not send the Validation-Token header back.",
        cure="Make it answer 200 within 3 seconds and copy that header into its answer.",
        who=PLATFORM_TEAM,
    ),
    "SUB-521": Remedy(
        cause="RingCentral cannot reach the webhook address.",
        cure="Make the address reachable from the internet. It must answer within 3 seconds.",
        who=PLATFORM_TEAM,
    ),
    "SUB-523": Remedy(
        cause="The webhook address does not use https.", cure="Use https with TLS 1.2 or later.", who=PLATFORM_TEAM
    ),
    "SUB-525": Remedy(
        cause="RingCentral does not accept the answer of the webhook address.",
        cure="Answer 200 with a JSON content type and at most 1024 bytes, including the headers.",
        who=PLATFORM_TEAM,
    ),
    "SUB-527": by_dag_author(
        "Missed calls of another extension are not available to a subscription.",
        "Use the filter for the user's own extension (`~`).",
    ),
}

STATUSES: Mapping[str, Remedy] = {
    "400": by_dag_author(
        "RingCentral refused the request, without a code that this provider knows.",
        "Read RingCentral's message in this error, and compare the request with the API reference.",
    ),
    "401": Remedy(
        cause="RingCentral did not accept the access token and did not say why.",
        cure="Run `python -m airflow_provider_ringcentral.diagnose` with this connection id. It logs in again and "
        "reports what is wrong.",
        who=CONNECTION,
    ),
    "403": Remedy(
        cause="The app or the JWT's user is not allowed to do this: {permission} may be missing.",
        cure="Run `python -m airflow_provider_ringcentral.diagnose` with this connection id. It lists the missing app "
        "permissions (Developer Console) and user permissions (Admin Portal).",
        who=PLATFORM_TEAM,
    ),
    "404": Remedy(
        cause="RingCentral found nothing at this path: the path is wrong, the object was deleted, or this user cannot "
        "see it.",
        cure="Check the path and the ids in it. Ids are RingCentral's internal ids, not extension numbers.",
        who=DAG_AUTHOR,
    ),
    "429": _RATE,
    "5xx": Remedy(
        cause="RingCentral, or a gateway in front of it, failed to answer.",
        cure="Reads are retried automatically. If the error persists, see https://status.ringcentral.com and give "
        "RingCentral support its request id.",
        who=RINGCENTRAL_SUPPORT,
    ),
}
"""By HTTP status, for answers whose codes have no row."""
