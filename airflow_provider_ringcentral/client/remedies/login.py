"""Logging in: the app, its secret, the JWT, the user behind it, and the tokens that come of it."""

from __future__ import annotations

from airflow_provider_ringcentral.client.remedies.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    Remedy,
)

_NO_JWT_FLOW = Remedy(
    cause="The app may not log in with a JWT. The JWT itself was not judged.",
    cure="Developer Console → the app → Auth: tick 'JWT auth flow' and save. If the app does not offer it, create a "
    "new app of type 'REST API App' with that flow and put its client id and secret into the Connection.",
    who=DEVELOPER_CONSOLE,
)
_CLIENT_ID = Remedy(
    cause="RingCentral does not know this client id on this server.",
    cure="Connection: compare 'Client ID' with Developer Console → the app → Credentials, and check that 'Server URL' "
    "is the cloud the app was made in.",
    who=CONNECTION,
)
_CLIENT_SECRET = Remedy(
    cause="Client id and client secret do not belong together.",
    cure="Connection: paste 'Client secret' again from Developer Console → the app → Credentials; it may have been "
    "replaced there.",
    who=CONNECTION,
)
_NO_CLIENT = Remedy(
    cause="RingCentral found no usable client id and secret in the login request.",
    cure="Connection: fill in both 'Client ID' and 'Client secret'.",
    who=CONNECTION,
)
_APP_GONE = Remedy(
    cause="RingCentral no longer accepts this app: it was deleted, disabled, or is not released for this server.",
    cure="Developer Console → Apps: check that the app with this client id exists and is active; otherwise create one "
    "and put its client id and secret into the Connection.",
    who=DEVELOPER_CONSOLE,
)
_JWT_REFUSED = Remedy(
    cause="RingCentral refused the JWT. It does not say why: revoked, expired, made for another server, or restricted "
    "to other apps.",
    cure="Developer Console → your name → Credentials: look the JWT up there, or create a new one that permits this "
    "app's client id, and put it into the Connection's 'JWT credential'.",
    who=DEVELOPER_CONSOLE,
)
_USER_STATE = Remedy(
    cause="The user the JWT belongs to may not log in in its present state: disabled, frozen or not activated.",
    cure="Admin Portal → Users: enable that user again, or create a JWT as a service user and put it into the "
    "Connection.",
    who=ADMIN_PORTAL,
)
_USER_GONE = Remedy(
    cause="The user the JWT belongs to no longer exists.",
    cure="Log in to the Developer Console as a service user, create a JWT there and put it into the Connection.",
    who=ADMIN_PORTAL,
)
_ACCOUNT = Remedy(
    cause="RingCentral admits no login to this account in its present state.",
    cure="Ask the account's administrator whether the account is suspended or restricted; if not, ask RingCentral "
    "support.",
    who=RINGCENTRAL_SUPPORT,
)
_NOT_A_JWT_LOGIN = Remedy(
    cause="RingCentral judged this as a login with a password, which this provider never sends.",
    cure="Check that the Connection's 'JWT credential' holds a JWT; if it does, give RingCentral support the request "
    "id.",
    who=CONNECTION,
)
_LOGIN_REQUEST = Remedy(
    cause="RingCentral did not understand the login request.",
    cure="Connection: check 'Server URL' and that no proxy rewrites requests; if both are right, report this error to "
    "the makers of this provider.",
    who=PLATFORM_TEAM,
)
_TOKEN_OVER = Remedy(
    cause="RingCentral ended the session of the access token, of a new one too: an administrator or a changed password "
    "does that, and so do other programs that log in with this app and user (only about five sessions are kept).",
    cure="Give other programs an app or a user of their own, and let all workers of this Airflow share one ledger "
    "([ringcentral] ledger_url).",
    who=PLATFORM_TEAM,
)
_TOKEN_UNREADABLE = Remedy(
    cause="What was sent as access token is not one RingCentral can read.",
    cure="A new login follows by itself. If this comes back, something between Airflow and RingCentral changes the "
    "Authorization header (proxy, gateway): let it pass unchanged.",
    who=PLATFORM_TEAM,
)
_REFRESH = Remedy(
    cause="A refresh token was refused. This provider uses none: it logs in with the JWT again.",
    cure="Nothing to do for this Connection; look for another program that uses this app's refresh tokens.",
    who=PLATFORM_TEAM,
)

ROWS: dict[str, Remedy] = {
    "OAU-105": Remedy(
        cause="The JWT belongs to an extension of a kind that may not log in.",
        cure="Create the JWT as a normal user, best a service user, and put it into the Connection.",
        who=ADMIN_PORTAL,
    ),
    "OAU-111": _LOGIN_REQUEST,
    "OAU-112": _NO_JWT_FLOW,
    "OAU-113": Remedy(
        cause="RingCentral expected a login through a browser, which needs a redirect address; this app has none.",
        cure="Developer Console → the app → Auth: choose 'JWT auth flow'. A JWT app needs no redirect address.",
        who=DEVELOPER_CONSOLE,
    ),
    "OAU-120": _APP_GONE,
    "OAU-121": _APP_GONE,
    "OAU-123": _NO_CLIENT,
    "OAU-125": _NO_JWT_FLOW,
    "OAU-127": _APP_GONE,
    "OAU-128": _TOKEN_OVER,
    "OAU-129": _TOKEN_UNREADABLE,
    "OAU-134": _NO_CLIENT,
    "OAU-136": _USER_GONE,
    "OAU-140": _NOT_A_JWT_LOGIN,
    "OAU-141": _USER_STATE,
    "OAU-142": _ACCOUNT,
    "OAU-146": _CLIENT_SECRET,
    "OAU-147": _NOT_A_JWT_LOGIN,
    "OAU-148": _NOT_A_JWT_LOGIN,
    "OAU-149": _TOKEN_UNREADABLE,
    "OAU-151": Remedy(
        cause="RingCentral does not accept this way of logging in for this path.",
        cure="Check the path against RingCentral's API reference: it may want another kind of login.",
        who=DAG_AUTHOR,
    ),
    "OAU-153": _CLIENT_ID,
    "OAU-165": Remedy(
        cause="The app was made for RingCentral's sandbox and this is the production server.",
        cure="Developer Console → Apps: use an app released for production and put its client id and secret, with a "
        "JWT made for production, into the Connection.",
        who=DEVELOPER_CONSOLE,
    ),
    "OAU-167": _ACCOUNT,
    "OAU-168": _NOT_A_JWT_LOGIN,
    "OAU-210": _REFRESH,
    "OAU-211": _REFRESH,
    "OAU-213": _TOKEN_OVER,
    "OAU-232": _USER_GONE,
    "OAU-236": _USER_STATE,
    "OAU-250": _LOGIN_REQUEST,
    "OAU-251": _NO_JWT_FLOW,
    "AGW-401": Remedy(
        cause="A request reached RingCentral's gateway without an access token.",
        cure="Something between Airflow and RingCentral removes the Authorization header (proxy, gateway): let it "
        "pass.",
        who=PLATFORM_TEAM,
    ),
    "TokenInvalid": _TOKEN_OVER,
    "invalid_request": _LOGIN_REQUEST,
    "invalid_client": Remedy(
        cause="RingCentral did not accept client id and client secret.",
        cure="Connection: compare 'Client ID' and 'Client secret' with Developer Console → the app → Credentials, and "
        "check that 'Server URL' is the cloud the app was made in.",
        who=CONNECTION,
    ),
    "invalid_grant": _JWT_REFUSED,
    "unauthorized_client": Remedy(
        cause="This app may not log in with this JWT: the app lacks the JWT flow, or the JWT is restricted to other "
        "apps.",
        cure="Developer Console → the app → Auth: tick 'JWT auth flow'. If it is ticked, create a JWT that permits "
        "this app's client id (your name → Credentials) and put it into the Connection.",
        who=DEVELOPER_CONSOLE,
    ),
    "unsupported_grant_type": _LOGIN_REQUEST,
    "invalid_scope": Remedy(
        cause="A scope was asked for that the app does not have.",
        cure="Developer Console → the app → app permissions: add what the DAGs need.",
        who=DEVELOPER_CONSOLE,
    ),
    "access_denied": Remedy(
        cause="RingCentral denied this user access through this app.",
        cure="A private app admits only users of its own account: check that app and JWT belong to the same account "
        "and that the user is enabled.",
        who=DEVELOPER_CONSOLE,
    ),
    "expired_token": _TOKEN_OVER,
    "insufficient_scope": Remedy(
        cause="The token lacks {permission}.",
        cure="Developer Console → the app → app permissions: add {permission}. Tokens made from then on have it.",
        who=DEVELOPER_CONSOLE,
    ),
}
