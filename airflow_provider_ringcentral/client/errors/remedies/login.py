"""Logins: the app, its secret, the JWT, the user behind it, and the access tokens of a login.

Sources: guide pages "RingCentral API Error Codes" (basics/errors) and "Troubleshooting JWT
authentication" (authentication/jwt/troubleshooting), and answers of RingCentral in public threads. RingCentral
documents only some of the `error` words and codes that a JWT login gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    CONNECTION,
    DAG_AUTHOR,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    Remedy,
)


@dataclass(frozen=True, slots=True)
class LoginRemedy(Remedy):
    """A remedy, and what the diagnosis of a Connection makes of it.

    `finding` is the diagnosis' code of a login that was refused so. `explains_jwt` says that the cause names what is
    wrong with a refused JWT; otherwise the diagnosis looks at the JWT itself.
    """

    finding: str = "jwt_rejected"
    explains_jwt: bool = False


_NO_JWT_FLOW = LoginRemedy(
    cause="The app is not allowed to log in with this JWT. Most likely the app lacks the JWT flow. It is also possible "
    "that the JWT works with other apps only.",
    cure="Developer Console → the app → Auth: tick 'JWT auth flow' and save. If it is ticked, create a JWT that "
    "permits this app's client id (your name → Credentials). If the app does not offer the flow, create a new app of "
    "type 'REST API App' with it.",
    who=DEVELOPER_CONSOLE,
    finding="jwt_flow_disabled",
)
_NO_CLIENT = LoginRemedy(
    cause="RingCentral found no usable client id and secret in the login request.",
    cure="Connection: fill in both 'Client ID' and 'Client secret'.",
    who=CONNECTION,
    finding="client_rejected",
)
_APP_GONE = LoginRemedy(
    cause="RingCentral does not accept this app. Most likely the app was deleted, disabled or not released for this "
    "server. It is also possible that the JWT works with other apps only.",
    cure="Developer Console → Apps: check that the app with this client id exists and is active; otherwise create one "
    "and put its client id and secret into the Connection. If the app is active, create a JWT that permits its client "
    "id (your name → Credentials).",
    who=DEVELOPER_CONSOLE,
    finding="client_rejected",
)
JWT_REFUSED = LoginRemedy(
    cause="RingCentral refused the JWT and does not say why: it may be revoked, expired, made for another server, or "
    "restricted to other apps.",
    cure="Developer Console → your name → Credentials: check the JWT there, or create a new one that permits this "
    "app's client id and put it into the Connection's 'JWT credential'.",
    who=DEVELOPER_CONSOLE,
)
_USER_STATE = LoginRemedy(
    cause="The JWT's user cannot log in because the user is disabled, frozen or not activated.",
    cure="Admin Portal → Users: enable that user. The Connection does not have to change.",
    who=ADMIN_PORTAL,
    finding="user_inactive",
)
_USER_GONE = LoginRemedy(
    cause="The JWT's user does not exist any more.",
    cure="Log in to the Developer Console as a service user, create a JWT there and put it into the Connection.",
    who=ADMIN_PORTAL,
    finding="user_inactive",
)
_PASSWORD_LOGIN = LoginRemedy(
    cause="RingCentral treated this as a login with a password, which this provider never sends.",
    cure="Check that the Connection's 'JWT credential' contains a JWT. If it does, give RingCentral support the "
    "request id.",
    who=CONNECTION,
    finding="user_inactive",
)
_LOGIN_REQUEST = LoginRemedy(
    cause="RingCentral did not understand the login request.",
    cure="Connection: check 'Server URL', and that no proxy rewrites requests. If both are right, report this error to "
    "the maintainers of this provider.",
    who=PLATFORM_TEAM,
    finding="connection_invalid",
)
_TOKEN_ENDED = LoginRemedy(
    cause="RingCentral ended the session of the access token, and of the token after it. An administrator or a changed "
    "password does that, and so do other programs that log in with this app and user: RingCentral keeps only about "
    "five sessions.",
    cure="Give other programs their own app or user, and let all workers of this Airflow share one ledger "
    "([ringcentral] ledger_url).",
    who=PLATFORM_TEAM,
)
_TOKEN_UNREADABLE = LoginRemedy(
    cause="RingCentral cannot read the access token that it received.",
    cure="The provider logs in again automatically. If this happens again, a proxy or gateway between Airflow and "
    "RingCentral changes the Authorization header: let the header pass unchanged.",
    who=PLATFORM_TEAM,
)
_JWT_EXPIRED = LoginRemedy(
    cause="RingCentral says that the credential has expired. This provider logs in with the JWT only, so most likely "
    "the JWT has expired.",
    cure="Developer Console → your name → Credentials: create a new JWT that permits this app's client id and put it "
    "into the Connection's 'JWT credential'.",
    who=DEVELOPER_CONSOLE,
    explains_jwt=True,
)

NO_TOKEN_ENDPOINT = Remedy(
    cause="The server that answers at the server URL is not RingCentral's token endpoint.",
    cure="Connection: leave 'Server URL' empty to use RingCentral's own server, or write the URL of your RingCentral "
    "cloud, and check that no proxy answers instead.",
    who=CONNECTION,
)
REFUSAL_STATUSES = (400, 401, 403)
"""The statuses with which the token endpoint refuses a login. Any other status comes from another server."""

TOKEN_CODES = frozenset({"OAU-128", "OAU-129", "OAU-149", "OAU-213", "TokenInvalid", "expired_token"})
"""Codes about an access token. An answer to a login can carry them too, and then they are about the JWT."""

LOGIN: Mapping[str, LoginRemedy] = {
    "OAU-105": LoginRemedy(
        cause="The JWT belongs to an extension of a type that cannot log in.",
        cure="Create the JWT as a normal user, preferably a service user, and put it into the Connection.",
        who=ADMIN_PORTAL,
        finding="user_inactive",
    ),
    "OAU-111": _LOGIN_REQUEST,
    "OAU-112": _NO_JWT_FLOW,
    "OAU-113": LoginRemedy(
        cause="RingCentral expected a login through a browser, which needs a redirect address. This app does not have "
        "one.",
        cure="Developer Console → the app → Auth: choose 'JWT auth flow'. A JWT app does not need a redirect address.",
        who=DEVELOPER_CONSOLE,
        finding="jwt_flow_disabled",
    ),
    "OAU-120": _APP_GONE,
    "OAU-121": _APP_GONE,
    "OAU-123": _NO_CLIENT,
    "OAU-125": _NO_JWT_FLOW,
    "OAU-127": _APP_GONE,
    "OAU-128": _TOKEN_ENDED,
    "OAU-129": _TOKEN_UNREADABLE,
    "OAU-134": _NO_CLIENT,
    "OAU-136": _USER_GONE,
    "OAU-140": replace(_PASSWORD_LOGIN, finding="jwt_rejected"),
    "OAU-141": _USER_STATE,
    "OAU-142": LoginRemedy(
        cause="RingCentral does not let this user log in because of the state of the user or the account. Most likely "
        "the user is disabled.",
        cure="Admin Portal → Users: enable that user. If the user is enabled, ask the account's administrator whether "
        "the account is suspended.",
        who=ADMIN_PORTAL,
        finding="user_inactive",
    ),
    "OAU-146": LoginRemedy(
        cause="The client secret does not belong to the client id.",
        cure="Connection: paste 'Client secret' again from Developer Console → the app → Credentials. It may have been "
        "replaced there.",
        who=CONNECTION,
        finding="client_rejected",
    ),
    "OAU-147": _PASSWORD_LOGIN,
    "OAU-148": _PASSWORD_LOGIN,
    "OAU-149": _TOKEN_UNREADABLE,
    "OAU-151": LoginRemedy(
        cause="RingCentral does not accept this type of login for this path.",
        cure="Look the path up in RingCentral's API reference: it may need another type of login.",
        who=DAG_AUTHOR,
    ),
    "OAU-153": LoginRemedy(
        cause="RingCentral refused the client id or the client secret. Most likely this server does not know the "
        "client id.",
        cure="Connection: compare 'Client ID', then 'Client secret', with Developer Console → the app → Credentials, "
        "and check that 'Server URL' is the cloud where the app was created.",
        who=CONNECTION,
        finding="client_rejected",
    ),
    "OAU-165": LoginRemedy(
        cause="The app was created for RingCentral's sandbox, and this is the production server.",
        cure="Developer Console → Apps: use an app that is released for production. Put its client id and secret, and "
        "a JWT for production, into the Connection.",
        who=DEVELOPER_CONSOLE,
        finding="client_rejected",
    ),
    "OAU-167": LoginRemedy(
        cause="RingCentral does not allow logins to this account in its present state.",
        cure="Ask the account's administrator whether the account is suspended or restricted. If it is not, ask "
        "RingCentral support.",
        who=RINGCENTRAL_SUPPORT,
        finding="client_rejected",
    ),
    "OAU-168": _PASSWORD_LOGIN,
    "OAU-210": _JWT_EXPIRED,
    "OAU-211": replace(
        _JWT_EXPIRED,
        cause="RingCentral says that the credential was revoked. This provider logs in with the JWT only, so most "
        "likely the JWT was revoked.",
    ),
    "OAU-213": _TOKEN_ENDED,
    "OAU-232": _USER_GONE,
    "OAU-236": _USER_STATE,
    "OAU-250": _LOGIN_REQUEST,
    "OAU-251": _NO_JWT_FLOW,
    "AGW-401": LoginRemedy(
        cause="RingCentral's gateway received a request without an access token.",
        cure="A proxy or gateway between Airflow and RingCentral removes the Authorization header: let it pass.",
        who=PLATFORM_TEAM,
    ),
    "TokenInvalid": _TOKEN_ENDED,
    "invalid_request": _LOGIN_REQUEST,
    "invalid_client": LoginRemedy(
        cause="RingCentral did not accept the client id and the client secret.",
        cure="Connection: compare 'Client ID' and 'Client secret' with Developer Console → the app → Credentials, and "
        "check that 'Server URL' is the cloud where the app was created.",
        who=CONNECTION,
        finding="client_rejected",
    ),
    "invalid_grant": JWT_REFUSED,
    # An app without the JWT flow gets OAU-251 besides. The word alone can mean a JWT that is restricted to other apps.
    "unauthorized_client": LoginRemedy(
        cause="This app is not allowed to log in with this JWT: the app lacks the JWT flow, or the JWT is restricted "
        "to other apps.",
        cure="Developer Console → the app → Auth: tick 'JWT auth flow'. If it is ticked, create a JWT that permits "
        "this app's client id (your name → Credentials) and put it into the Connection.",
        who=DEVELOPER_CONSOLE,
    ),
    "unsupported_grant_type": _LOGIN_REQUEST,
    "invalid_scope": LoginRemedy(
        cause="The login asked for a scope that the app does not have.",
        cure="Developer Console → the app → app permissions: add the permissions that the DAGs need.",
        who=DEVELOPER_CONSOLE,
        finding="scope_missing",
    ),
    "access_denied": LoginRemedy(
        cause="RingCentral denied this user access through this app. Only users of an app's own account can use a "
        "private app.",
        cure="Developer Console → the app: check that app and JWT belong to the same account. If they do, check in the "
        "Admin Portal → Users that the user is enabled.",
        who=DEVELOPER_CONSOLE,
        explains_jwt=True,
    ),
    "expired_token": _TOKEN_ENDED,
    "insufficient_scope": LoginRemedy(
        cause="The access token lacks {permission}.",
        cure="Developer Console → the app → app permissions: add {permission}. Tokens that are created after that have "
        "it.",
        who=DEVELOPER_CONSOLE,
    ),
}
