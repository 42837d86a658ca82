"""Event subscriptions and webhooks."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors.remedy import ADMIN_PORTAL, DAG_AUTHOR, PLATFORM_TEAM, Remedy


def _author(cause: str, cure: str) -> Remedy:
    return Remedy(cause=cause, cure=cure, who=DAG_AUTHOR)


def _endpoint(cause: str, cure: str) -> Remedy:
    return Remedy(cause=cause, cure=cure, who=PLATFORM_TEAM)


_FOREIGN = Remedy(
    cause="The event filter asks for events the user the JWT belongs to may not see.",
    cure="Use a filter for the user's own extension (`~`), or give that user a role that covers the other one "
    "(Admin Portal → Users → Roles).",
    who=ADMIN_PORTAL,
)
_PUSH_ONLY = _author(
    "The subscription is one for mobile push, which this provider does not use.",
    "Create a subscription with transportType WebHook.",
)

ROWS: dict[str, Remedy] = {
    "SUB-402": _FOREIGN,
    "SUB-403": _FOREIGN,
    "SUB-404": _FOREIGN,
    "SUB-405": _FOREIGN,
    "SUB-406": _FOREIGN,
    "SUB-407": _PUSH_ONLY,
    "SUB-408": _FOREIGN,
    "SUB-505": _author(
        "This user and app have as many subscriptions as they may.",
        "List them (GET /restapi/v1.0/subscription) and delete those nobody needs.",
    ),
    "SUB-507": _author("The subscription has expired.", "Create it again, with `expiresIn`, and renew it in time."),
    "SUB-508": _author("An event filter is not one RingCentral knows.", "Correct the filter."),
    "SUB-511": _PUSH_ONLY,
    "SUB-516": _author(
        "The reminder filter has wrong parameters.", "Correct `threshold` and `interval` of the filter."
    ),
    "SUB-520": _endpoint(
        "The webhook address did not send the Validation-Token header back.",
        "Let it answer 200 within 3 seconds and copy that header into its answer.",
    ),
    "SUB-521": _endpoint(
        "RingCentral cannot reach the webhook address.",
        "Make it reachable from the internet; it must answer within 3 seconds.",
    ),
    "SUB-523": _endpoint("The webhook address is not https.", "Use https with TLS 1.2 or later."),
    "SUB-525": _endpoint(
        "The webhook address gave an answer RingCentral does not accept.",
        "Answer 200 with a JSON content type and at most 1024 bytes, headers included.",
    ),
    "SUB-527": Remedy(
        cause="Missed calls of another extension cannot be subscribed to.",
        cure="Use the filter for the user's own extension (`~`).",
        who=DAG_AUTHOR,
    ),
}
