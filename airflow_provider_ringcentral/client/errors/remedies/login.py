"""Logging in: the app, its secret, the JWT, the user behind it, and the tokens that come of it."""

from __future__ import annotations

from collections.abc import Collection

from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    Remedy,
)

_NO_JWT_FLOW = Remedy(
    cause="The app may not log in with this JWT. Most likely the app lacks the JWT flow; it is also possible that the "
    "JWT may be used with other apps only.",
    cure="Developer Console → the app → Auth: tick 'JWT auth flow' and save. If it is ticked, create a JWT that "
    "permits this app's client id (your name → Credentials). If the app does not offer the flow, create a new app of "
    "type 'REST API App' with it.",
    who=DEVELOPER_CONSOLE,
)
_CLIENT_ID = Remedy(
    cause="RingCentral refused the client id or the client secret. Most likely it does not know the client id on this "
    "server.",
    cure="Connection: compare 'Client ID', then 'Client secret', with Developer Console → the app → Credentials, and "
    "check that 'Server URL' is the cloud the app was made in.",
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
    cause="RingCentral does not accept this app. Most likely it was deleted, disabled or not released for this server; "
    "it is also possible that the JWT may be used with other apps only.",
    cure="Developer Console → Apps: check that the app with this client id exists and is active; otherwise create one "
    "and put its client id and secret into the Connection. If the app is active, create a JWT that permits its client "
    "id (your name → Credentials).",
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
    cure="Admin Portal → Users: enable that user. Nothing in the Connection has to change.",
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
_JWT_EXPIRED = Remedy(
    cause="RingCentral says that what logs in has expired. This provider logs in with the JWT only, so most likely the "
    "JWT has expired.",
    cure="Developer Console → your name → Credentials: create a new JWT that permits this app's client id and put it "
    "into the Connection's 'JWT credential'.",
    who=DEVELOPER_CONSOLE,
)
_JWT_REVOKED = Remedy(
    cause="RingCentral says that what logs in was revoked. This provider logs in with the JWT only, so most likely the "
    "JWT was revoked.",
    cure=_JWT_EXPIRED.cure,
    who=DEVELOPER_CONSOLE,
)

NO_TOKEN_ENDPOINT = Remedy(
    cause="What answers at the server URL is not RingCentral's token endpoint.",
    cure="Connection: leave 'Server URL' empty (RingCentral's own is used then) or write the URL of your RingCentral "
    "cloud, and check that no proxy answers in its place.",
    who=CONNECTION,
)
ABOUT_JWT = (400, 401, 403)
"""The statuses with which the token endpoint refuses a login; any other comes from something else at that URL."""

ABOUT_TOKENS = frozenset({"OAU-128", "OAU-129", "OAU-149", "OAU-213", "TokenInvalid", "expired_token"})


def login_remedy(codes: Collection[str], status: int, remedy: Remedy | None) -> Remedy | None:
    """The remedy of a refused login, where it differs from `remedy`, which goes by the codes alone.

    A login carries no access token: a code about tokens is about the JWT there, and a path that is not found means
    another server.
    """
    if status not in ABOUT_JWT:
        return NO_TOKEN_ENDPOINT
    return _JWT_REFUSED if ABOUT_TOKENS & set(codes) else remedy


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
    "OAU-142": Remedy(
        cause="RingCentral does not let this user log in in the present state of user or account. Most likely the user "
        "is disabled.",
        cure="Admin Portal → Users: enable that user. If the user is enabled, ask the account's administrator whether "
        "the account is suspended.",
        who=ADMIN_PORTAL,
    ),
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
    "OAU-210": _JWT_EXPIRED,
    "OAU-211": _JWT_REVOKED,
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
        cause="RingCentral denied this user access through this app. Only users of an app's own account can use a "
        "private app.",
        cure="Developer Console → the app: check that app and JWT belong to the same account. If they do, check in the "
        "Admin Portal → Users that the user is enabled.",
        who=DEVELOPER_CONSOLE,
    ),
    "expired_token": _TOKEN_OVER,
    "insufficient_scope": Remedy(
        cause="The token lacks {permission}.",
        cure="Developer Console → the app → app permissions: add {permission}. Tokens made from then on have it.",
        who=DEVELOPER_CONSOLE,
    ),
}
