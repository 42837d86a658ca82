"""Who does not want texts from a number of ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import SEARCH_CONSENTS
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, PermissionDenied

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

log = logging.getLogger(__name__)

MOST_RECORDS = 1000


def opted_out(client: RingCentralClient, sender: str) -> set[str]:
    """The numbers that have opted out of texts from `sender`, 1000 a request; none where that cannot be asked.

    Then RingCentral's own check remains: a text to them is accepted and fails with SMS-RC-413. Source: operationId
    searchSmsConsentRecords, app scope SMS.
    """
    found: set[str] = set()
    body: dict[str, Any] = {"from": [sender], "optStatus": "OptOut", "perPage": MOST_RECORDS}
    while True:
        try:
            answer = client.request_json("POST", SEARCH_CONSENTS.at(accountId=OWN), json=body)
        except (PermissionDenied, BadRequest, NotFound) as error:
            log.info("Who has opted out cannot be asked for before sending: %s", error)
            return found
        found.update(str(record.get("to")) for record in answer.get("records") or ())
        token = (answer.get("paging") or {}).get("nextPageToken")
        if not token or token == body.get("pageToken"):
            return found
        body = {**body, "pageToken": token}
