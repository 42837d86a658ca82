"""Controls over who may log in: apps, users, JWTs and tokens."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.token_endpoint import LOGIN_REFUSALS
from airflow_provider_ringcentral.sandbox.model.identity import App, Jwt, User, make_jwt, make_secret

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


def kill_tokens(state: State, arguments: dict[str, Any]) -> Any:
    """Ends sessions: all, or those of a `client_id` or a `user_id`."""
    return {"killed": state.identity.kill(client_id=arguments.get("client_id"), user_id=arguments.get("user_id"))}


def add_app(state: State, arguments: dict[str, Any]) -> Any:
    """Registers an app; its client id and secret are made up unless given."""
    number = len(state.identity.apps)
    client_id = arguments.get("client_id") or make_secret(f"app-{state.options.seed}-{number}", 22)
    secret = arguments.get("client_secret") or make_secret(f"secret-{state.options.seed}-{number}", 44)
    app = state.identity.apps[client_id] = App(client_id, secret)
    return change_app(state, {**arguments, "client_id": app.client_id})


def change_app(state: State, arguments: dict[str, Any]) -> Any:
    """Changes permissions, jwt_flow, refresh_tokens, refusal or client_secret; tokens keep their scope."""
    app = state.identity.apps[arguments.get("client_id") or state.client_id]
    if (refusal := arguments.get("refusal")) is not None and refusal not in LOGIN_REFUSALS:
        raise ValueError(f"refusal {refusal!r} is none of {', '.join(LOGIN_REFUSALS)}")
    _set(app, arguments, "client_secret jwt_flow refresh_tokens refusal", sets="permissions")
    return asdict(app)


def add_user(state: State, arguments: dict[str, Any]) -> Any:
    """Gives the next person of the company (or `id`) a login."""
    taken = state.identity.users
    user_id = arguments.get("id") or next(user.id for user in state.company.users if user.id not in taken)
    taken[user_id] = User(user_id)
    return change_user(state, {**arguments, "id": user_id})


def change_user(state: State, arguments: dict[str, Any]) -> Any:
    """Changes status, permissions, extended, service, sms_features or numbers.

    A user who may not log in loses all sessions.
    """
    user = state.identity.users[arguments.get("id") or state.identity.jwts[state.jwt].user_id]
    _set(user, arguments, "status extended service numbers", sets="permissions sms_features")
    if user.status != "Enabled":
        state.identity.kill(user_id=user.id)
    return asdict(user)


def add_jwt(state: State, arguments: dict[str, Any]) -> Any:
    """Makes a JWT for a user; `apps` restricts it to client ids, `expires` is in Unix seconds."""
    user_id = arguments.get("user_id") or state.identity.jwts[state.jwt].user_id
    value = make_jwt(f"{state.options.seed}-{len(state.identity.jwts)}", expires=arguments.get("expires"))
    state.identity.jwts[value] = Jwt(
        user_id, arguments.get("apps"), arguments.get("expires"), bool(arguments.get("revoked"))
    )
    return {"jwt": value}


def change_jwt(state: State, arguments: dict[str, Any]) -> Any:
    """Revokes or restricts a JWT. Sessions it opened live on."""
    _set(state.identity.jwts[arguments.get("jwt") or state.jwt], arguments, "apps expires revoked user_id")


def _set(target: object, arguments: dict[str, Any], names: str, *, sets: str = "") -> None:
    for name in names.split():
        if name in arguments:
            setattr(target, name, arguments[name])
    for name in sets.split():
        if name in arguments:
            setattr(target, name, set(arguments[name]))
