"""Controlling a sandbox over its port, from any process."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

CONN_TYPE = "ringcentral"


class SandboxError(Exception):
    """The sandbox refused a control call; the message says why."""


class SandboxControl:
    """The controls of the sandbox that listens at `url` (such as `http://127.0.0.1:8080`).

    `Sandbox` has them for the sandbox that it runs. Create a `SandboxControl` for a sandbox in another process. Every
    method raises `SandboxError` when the sandbox refuses the call.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._identity: dict[str, Any] = {}

    def _call(self, method: str, path: str = "", /, **arguments: Any) -> Any:
        url = f"{self.url}/sandbox{path}"
        body = None
        if method == "GET":
            url += f"?{urlencode(arguments)}" if arguments else ""
        else:
            body = json.dumps(arguments).encode()
        request = Request(url, body, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback only
        # A proxy of the environment must not be asked for loopback addresses.
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return json.loads(response.read() or b"null")
        except HTTPError as error:
            with error:
                raise SandboxError(json.loads(error.read()).get("error", "")) from None

    def _default(self, name: str) -> str:
        if not self._identity:
            self._identity = self._call("GET")
        return str(self._identity[name])

    @property
    def url(self) -> str:
        """The server URL, without a slash at its end."""
        return self._url

    @property
    def media_url(self) -> str:
        """The base URL of recordings' bytes: that of the media host, or `url` when there is none."""
        return self._default("media_url")

    @property
    def client_id(self) -> str:
        """The client id of the default app."""
        return self._default("client_id")

    @property
    def client_secret(self) -> str:
        """The client secret of the default app."""
        return self._default("client_secret")

    @property
    def jwt(self) -> str:
        """The JWT of the default user, a service user."""
        return self._default("jwt")

    @property
    def connection_uri(self) -> str:
        """An Airflow Connection to the sandbox as a URI, for `AIRFLOW_CONN_RINGCENTRAL_DEFAULT`."""
        return self.connection_for()

    @property
    def connection_json(self) -> str:
        """The same Connection as JSON."""
        extra = {"jwt_token": self.jwt}
        fields = {"conn_type": CONN_TYPE, "host": self.url, "login": self.client_id, "password": self.client_secret}
        return json.dumps(fields | {"extra": extra})

    def connection_for(self, *, app: dict[str, Any] | None = None, jwt: str | None = None, **extra: str) -> str:
        """Return a Connection URI for another app (a result of `add_app`), another JWT, or with more extra fields."""
        login = app["client_id"] if app else self.client_id
        password = app["client_secret"] if app else self.client_secret
        query = urlencode({"jwt_token": jwt or self.jwt} | extra)
        return f"{CONN_TYPE}://{quote(login, safe='')}:{quote(password, safe='')}@{quote(self.url, safe='')}/?{query}"

    def info(self) -> dict[str, Any]:
        """Return URL, default identity, options, the sandbox's `now`, and the `start` and `end` of its calls."""
        return dict(self._call("GET"))

    def set(self, **options: Any) -> dict[str, Any]:
        """Change live options (`model.options.LIVE`), and return all options."""
        return dict(self._call("PATCH", "/options", **options))

    def stats(self) -> dict[str, Any]:
        """Return the counts of API requests since the start or `reset_stats`.

        requests, limited (429), in_penalty, faults, logins, logins_refused, evicted, tokens_alive; and by name:
        groups, operations, statuses.
        """
        return dict(self._call("GET", "/stats"))

    def requests(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the latest API requests (at most 5000), oldest first.

        Each has method, path, query, operation, group, status (0: reset unanswered), time (Unix seconds), seconds,
        authorization (its kind only), user_agent, limited, in_penalty, fault.
        """
        return list(self._call("GET", "/requests", **({} if limit is None else {"limit": limit})))

    def reset_stats(self) -> None:
        """Set all counts to 0 and drop the logged requests."""
        self._call("DELETE", "/stats")

    def change_limits(self, **groups: int | dict[str, float]) -> None:
        """Change limits: `change_limits(Heavy=3, Light={"requests": 5, "window": 60, "penalty": 60})`, unscaled."""
        self._call("PATCH", "/limits", **groups)

    def reset_limits(self) -> None:
        """Open every window and end every penalty."""
        self._call("DELETE", "/limits")

    def fault(self, kind: str, **rule: Any) -> int:
        """Inject a fault into coming requests (`model/faults.py` has kinds and fields), and return the rule's id."""
        return int(self._call("POST", "/faults", kind=kind, **rule)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """Return the active rules, with the number of requests that each has `seen` and `done`."""
        return list(self._call("GET", "/faults"))

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Remove one rule, or all."""
        self._call("DELETE", "/faults", **({} if fault_id is None else {"id": fault_id}))

    def kill_tokens(self, client_id: str | None = None, user_id: int | None = None) -> int:
        """End all sessions, or those of an app or user, and return how many these were."""
        return int(self._call("DELETE", "/tokens", client_id=client_id, user_id=user_id)["killed"])

    def add_app(self, **fields: Any) -> dict[str, Any]:
        """Register an app: client_id and client_secret (generated if absent), and the fields of `change_app`."""
        return dict(self._call("POST", "/apps", **fields))

    def change_app(self, client_id: str | None = None, **fields: Any) -> dict[str, Any]:
        """Change an app, by default the default one.

        Fields: permissions, jwt_flow, refresh_tokens, client_secret, and refusal, a key of
        `api.token_endpoint.LOGIN_REFUSALS`. Tokens keep the scope that they were issued with.
        """
        return dict(self._call("PATCH", "/apps", client_id=client_id, **fields))

    def add_user(self, **fields: Any) -> dict[str, Any]:
        """Let another user log in (`id` is the extension id), with the fields of `change_user`."""
        return dict(self._call("POST", "/users", **fields))

    def change_user(self, user_id: int | None = None, **fields: Any) -> dict[str, Any]:
        """Change a user, by default the default one.

        Fields: status, permissions, extended, service, `sms_features` (of the direct number) and `numbers`: further
        ones, `{"+16505559001": ["SmsSender"]}`.
        """
        return dict(self._call("PATCH", "/users", id=user_id, **fields))

    def add_jwt(self, **fields: Any) -> str:
        """Create a JWT: user_id, apps (client ids that may use it), expires (Unix seconds), revoked."""
        return str(self._call("POST", "/jwts", **fields)["jwt"])

    def change_jwt(self, jwt: str | None = None, **fields: Any) -> None:
        """Change a JWT, by default the default one: apps, expires, revoked, user_id."""
        self._call("PATCH", "/jwts", jwt=jwt, **fields)

    def call_ids(self, start: str | None = None, end: str | None = None) -> list[str]:
        """Return the ids of the calls in the log now with `start <= t < end` (ISO), newest first."""
        bounds = {name: value for name, value in (("start", start), ("end", end)) if value}
        return list(self._call("GET", "/calls", **bounds))

    def call(self, call: int | str, view: str = "Simple") -> dict[str, Any]:
        """Return the record of a call, by id or by index (0 is the newest)."""
        return dict(self._call("GET", "/call", call=call, view=view))

    def insert_calls(self, count: int = 1, where: str = "head", **how: Any) -> list[str]:
        """Add calls at `head`, `inside` or `edge`, or at `start_time` (ISO), and return their ids.

        `head` is the last millisecond of the calls' window, `inside` a random time within it, `edge` the millisecond of
        the oldest call on the page answered last. `start_times` (a list) adds one call at each and returns the ids in
        that order. `fields` overwrites fields of the records; `after_requests` (of the call log) and `after_seconds`
        delay the change.
        """
        return list(self._call("POST", "/calls", change="insert", count=count, where=where, **how))

    def insert_with_requests(self, per_request: int, where: str = "head") -> None:
        """Add calls with each call-log request, before it is answered, until called with 0."""
        self._call("POST", "/calls", change="arrivals", per_request=per_request, where=where)

    def delay_calls(self, calls: list[int | str], **when: Any) -> None:
        """Hide calls (ids or indexes) until `after_requests` call-log requests were answered, or `after_seconds`."""
        self._call("POST", "/calls", change="late", calls=calls, **when)

    def correct_calls(self, calls: list[int | str], fields: dict[str, Any], **when: Any) -> None:
        """Overwrite fields of calls, such as `{"result": "Accepted"}`, now or later; they count as modified then."""
        self._call("POST", "/calls", change="correct", calls=calls, fields=fields, **when)

    def delete_calls(self, calls: list[int | str], **when: Any) -> None:
        """Delete calls, now or later; `showDeleted=true` still lists them."""
        self._call("POST", "/calls", change="delete", calls=calls, **when)

    def recordings(self, start: str | None = None, end: str | None = None) -> list[dict[str, Any]]:
        """Return the recordings of calls with `start <= t < end` (ISO), newest call first.

        Each has id, call_id, duration (s), content_type, size (bytes), sha256 (hex), and state: there, late or lost.
        """
        bounds = {name: value for name, value in (("start", start), ("end", end)) if value}
        return list(self._call("GET", "/recordings", **bounds))

    def lose_recordings(self, recordings: list[str]) -> None:
        """Make recordings answer 404 CMN-102, as they do after the retention."""
        self._call("POST", "/recordings", change="lose", recordings=recordings)

    def delay_recordings(
        self,
        recordings: list[str] | None = None,
        calls: list[int | str] | None = None,
        *,
        row: bool = True,
        **when: Any,
    ) -> None:
        """Make recordings (by id, or all of some calls) late: until they arrive they answer 404 CMN-102.

        They arrive when `after_requests` call-log requests were answered, or after `after_seconds`, else with
        `arrive_recordings`. With `row=False` the records of their calls do not name them until then (all of a call or
        none), and the arrival changes the record: `lastModifiedTime` moves, and the change sync reports it.
        """
        self._call("POST", "/recordings", change="delay", recordings=recordings, calls=calls, row=row, **when)

    def arrive_recordings(self, recordings: list[str] | None = None, calls: list[int | str] | None = None) -> None:
        """Let late recordings arrive now: those given, those of some calls, or all."""
        self._call("POST", "/recordings", change="arrive", recordings=recordings, calls=calls)

    def refuse_sync_tokens(self, code: str = "CLG-101") -> None:
        """Refuse every sync token issued so far (400) with a code: CLG-101 … CLG-105, CMN-101 or any other."""
        self._call("POST", "/sync-refusal", code=code)

    def messages(self, **filters: Any) -> list[dict[str, Any]]:
        """Return all messages, oldest first, whether lists show them or not.

        Filters, which must all be equal: id, extension, type, direction, from (write `**{"from": …}`), to, text,
        status, availability, conversation. Each has these and code, recipients (number, status, code), attachments
        (id, type, filename, content_type, size, sha256), read, created, modified (ISO) and extra.
        """
        return list(self._call("GET", "/messages", **filters))

    def receive_message(
        self,
        type: str = "SMS",  # noqa: A002 - as RingCentral names it
        *,
        from_number: str | None = None,
        text: str = "",
        **fields: Any,
    ) -> dict[str, Any]:
        """Let an SMS, VoiceMail, Fax or Pager message arrive, and return it in the form of `messages`.

        Fields: to, extension (id), created (ISO), after_seconds, duration (s, of a voicemail), pages (of a fax), media.
        The text of a voicemail is its transcription. `from_number` is an extension's number for a pager message.
        """
        return dict(self._call("POST", "/messages", type=type, text=text, **{"from": from_number}, **fields))

    def change_message(self, message_id: int, status: str, code: str | None = None) -> dict[str, Any]:
        """Give a message its final status, now."""
        return dict(self._call("PATCH", "/messages", id=message_id, status=status, code=code))

    def number_outcome(self, number: str, **outcome: Any) -> None:
        """Choose what becomes of messages to a number from now on.

        `status` is the final one: Delivered, Sent or Queued (for ever), SendingFailed, DeliveryFailed, or any word;
        `code`, such as SMS-CAR-413 (or LineBusy for a fax); `after_seconds` (scaled). `refuse="MSG-243"` makes the
        request itself fail with that code. The code of a fax is its faxErrorCode; with RingOut the status is that of a
        phone: Busy, NoAnswer, Rejected, NoAnsweringMachine (Queued: it rings for ever).
        """
        self._call("POST", "/outcomes", number=number, **outcome)

    def opt_out(self, *numbers: str, out: bool = True, sender: str | None = None) -> None:
        """Opt recipients out (or in): a text to them is accepted, and fails later with SMS-RC-413.

        It holds for texts from every number of the company, or from `sender`.
        """
        self._call("POST", "/opt-outs", numbers=list(numbers), out=out, sender=sender)

    def batches(self, *, messages: bool = True) -> list[dict[str, Any]]:
        """Return all A2P batches, oldest first.

        Each has id, from, size (of what was accepted), processed, status, created, rejected (as the POST returned
        them), and messages (id, to, text, status, code) unless `messages` is false.
        """
        return list(self._call("GET", "/batches", messages=messages))

    def calls_placed(self) -> list[dict[str, Any]]:
        """Return all calls that RingOut placed, oldest first, with those that the API has forgotten.

        Each has id, user, from, to, caller_id, prompt, created, cancelled, callStatus, callerStatus, calleeStatus.
        """
        return list(self._call("GET", "/rings"))

    def posts(self, chat: str | None = None) -> list[dict[str, Any]]:
        """Return all posts, or those of a chat, oldest first.

        Each has id, chat, creator (extension id), text, created, modified, attachments (id, type; of a file name, size,
        sha256; of a card the card), and the fields of a webhook's payload: activity, title, iconUri.
        """
        return list(self._call("GET", "/posts", **({} if chat is None else {"chat": chat})))

    def add_post(self, chat: str, text: str, creator: int | None = None) -> dict[str, Any]:
        """Post a text as a colleague (or as the extension `creator`)."""
        return dict(self._call("POST", "/posts", chat=chat, text=text, creator=creator))

    def files(self) -> list[dict[str, Any]]:
        """Return all uploaded files: id, name, content_type, size, sha256."""
        return list(self._call("GET", "/files"))

    def chats(self) -> list[dict[str, Any]]:
        """Return all chats of the company, as the API shows them."""
        return list(self._call("GET", "/chats"))

    def add_chat(self, **fields: Any) -> dict[str, Any]:
        """Create a chat: type (Team), name, description, public, status, members (extension ids)."""
        return dict(self._call("POST", "/chats", **fields))

    def add_webhook(self, chat: str | None = None, status: str = "Active") -> str:
        """Create an incoming webhook of a chat (by default the first team), and return its URL."""
        return str(self._call("POST", "/webhooks", chat=chat, status=status)["uri"])

    def webhook_posts(self) -> list[dict[str, Any]]:
        """Return what incoming webhooks accepted, oldest first: webhook (id), chat, path, time, body."""
        return list(self._call("GET", "/webhook-posts"))
