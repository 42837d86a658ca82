"""Links to RingCentral's Developer Console that open a form with its fields filled in.

The links follow RingCentral's quick starts (guide pages call-log/quick-start, authentication/jwt/jwt-for-public-apps).
The guide spells the first one in several ways, so users should check that "JWT auth flow" is ticked.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

CONSOLE_HOME = "https://developers.ringcentral.com/my-account.html"
"""The start page of the Developer Console: Apps on the left, Credentials in the menu at the top right."""

_NEW_APP = "https://developer.ringcentral.com/new-app"
_NEW_JWT = "https://developers.ringcentral.com/console/my-credentials/create"
_CARRIERS = "7710,7310,3420"


def new_app_link(name: str, scopes: Iterable[str], *, description: str = "") -> str:
    """Return the link to the form that creates a private REST app with JWT login.

    `scopes` are app permissions in RingCentral's spelling, such as "ReadCallLog"; duplicates are dropped.
    """
    fields = {
        "name": name,
        "desc": description,
        "public": "false",
        "type": "ServerOther",
        "carriers": _CARRIERS,
        "permissions": ",".join(dict.fromkeys(scopes)),
        "grantType": "PersonalJWT",
        "redirectUri": "",
    }
    # The default quote_plus would put plus signs into the app's name.
    return f"{_NEW_APP}?{urlencode(fields, quote_via=quote, safe=',')}"


def new_jwt_link(client_id: str) -> str:
    """Return the link to the form that creates a JWT for the app with this client id only."""
    return f"{_NEW_JWT}?{urlencode({'client_id': client_id}, quote_via=quote, safe='')}"
