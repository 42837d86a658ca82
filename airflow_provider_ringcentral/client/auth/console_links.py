"""Links into RingCentral's Developer Console that arrive with the form filled in.

Forms from RingCentral's own quick starts (guide, call-log/quick-start and authentication/jwt/jwt-for-public-apps). The
guide shows several spellings of the first one, so whoever follows it should look that 'JWT auth flow' is really ticked.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

CONSOLE_HOME = "https://developers.ringcentral.com/my-account.html"
"""Where the Developer Console starts: Apps on the left, Credentials behind the name at the top right."""

_NEW_APP = "https://developer.ringcentral.com/new-app"
_NEW_JWT = "https://developers.ringcentral.com/console/my-credentials/create"
_CARRIERS = "7710,7310,3420"


def new_app_link(name: str, scopes: Iterable[str], *, description: str = "") -> str:
    """The page that creates a private REST app with JWT login.

    `scopes` are app permissions as RingCentral spells them ("ReadCallLog"); repeats are dropped.
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
    # quote, not the default quote_plus: a plus sign would show up in the app's name.
    return f"{_NEW_APP}?{urlencode(fields, quote_via=quote, safe=',')}"


def new_jwt_link(client_id: str) -> str:
    """The page that creates a JWT which only the app with this client id may use."""
    return f"{_NEW_JWT}?{urlencode({'client_id': client_id}, quote_via=quote, safe='')}"
