"""Control calls for what may log in: apps, users, JWTs and tokens."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.token_endpoint import LOGIN_REFUSALS
from airflow_provider_ringcentral.sandbox.model.identity import App, Jwt, User, make_jwt, make_secret

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


def kill_tokens(state: State, arguments: dict[str, Any]) -> Any:
    """End all sessions, or those of a `client_id` or a `user_id`."""
    return {
        "killed": state.identity.end_sessions(client_id=arguments.get("client_id"), user_id=arguments.get("user_id"))
    }


def add_app(state: State, arguments: dict[str, Any]) -> Any:
    """Register an app; client id and secret are generated unless given."""
    number = len(state.identity.apps)
    client_id = arguments.get("client_id") or make_secret(f"app-{state.options.seed}-{number}", 22)
    secret = arguments.get("client_secret") or make_secret(f"secret-{state.options.seed}-{number}", 44)
    app = state.identity.apps[client_id] = App(client_id, secret)
    return change_app(state, {**arguments, "client_id": app.client_id})


def change_app(state: State, arguments: dict[str, Any]) -> Any:
    """Change permissions, jwt_flow, refresh_tokens, refusal or client_secret of an app; tokens keep their scope."""
    app = state.identity.apps[arguments.get("client_id") or state.client_id]
    if (refusal := arguments.get("refusal")) is not None and refusal not in LOGIN_REFUSALS:
        raise ValueError(f"refusal {refusal!r} is not one of: {', '.join(LOGIN_REFUSALS)}")
    _set(app, arguments, "client_secret jwt_flow refresh_tokens refusal", sets="permissions")
    return asdict(app)


def add_user(state: State, arguments: dict[str, Any]) -> Any:
    """Let the next user of the company (or the extension `id`) log in."""
    taken = state.identity.users
    user_id = arguments.get("id") or next(user.id for user in state.company.users if user.id not in taken)
    taken[user_id] = User(user_id)
    return change_user(state, {**arguments, "id": user_id})


def change_user(state: State, arguments: dict[str, Any]) -> Any:
    """Change status, permissions, extended, service, sms_features or numbers of a user.

    A status other than Enabled ends all sessions of the user.
    """
    user = state.identity.users[arguments.get("id") or state.identity.jwts[state.jwt].user_id]
    _set(user, arguments, "status extended service numbers", sets="permissions sms_features")
    if user.status != "Enabled":
        state.identity.end_sessions(user_id=user.id)
    return asdict(user)


def add_jwt(state: State, arguments: dict[str, Any]) -> Any:
    """Create a JWT for a user; `apps` restricts it to client ids, `expires` is in Unix seconds."""
    user_id = arguments.get("user_id") or state.identity.jwts[state.jwt].user_id
    value = make_jwt(f"{state.options.seed}-{len(state.identity.jwts)}", expires=arguments.get("expires"))
    state.identity.jwts[value] = Jwt(
        user_id, arguments.get("apps"), arguments.get("expires"), bool(arguments.get("revoked"))
    )
    return {"jwt": value}


def change_jwt(state: State, arguments: dict[str, Any]) -> Any:
    """Revoke or restrict a JWT; sessions that it opened stay valid."""
    _set(state.identity.jwts[arguments.get("jwt") or state.jwt], arguments, "apps expires revoked user_id")


def _set(target: object, arguments: dict[str, Any], names: str, *, sets: str = "") -> None:
    for name in names.split():
        if name in arguments:
            setattr(target, name, arguments[name])
    for name in sets.split():
        if name in arguments:
            setattr(target, name, set(arguments[name]))
