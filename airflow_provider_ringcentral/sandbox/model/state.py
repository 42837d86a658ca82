"""Everything that one sandbox knows, in one place."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_changes import Arrivals, Changes
from airflow_provider_ringcentral.sandbox.model.call_templates import LATENCY_LIMIT
from airflow_provider_ringcentral.sandbox.model.calls import Calls
from airflow_provider_ringcentral.sandbox.model.company import HIGH_VOLUME_NUMBER, Company
from airflow_provider_ringcentral.sandbox.model.faults import Fault, Faults
from airflow_provider_ringcentral.sandbox.model.identity import App, Identity, Jwt, User, make_jwt, make_secret
from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batches
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Consents, Outcomes
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Mailbox
from airflow_provider_ringcentral.sandbox.model.messaging.ring_outs import RingOuts
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import TeamMessaging
from airflow_provider_ringcentral.sandbox.model.rate_limits import Limiter, SendRate
from airflow_provider_ringcentral.sandbox.model.recordings import MissingRecordings
from airflow_provider_ringcentral.sandbox.model.request_log import RequestLog

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.call_selection import CallFilter
    from airflow_provider_ringcentral.sandbox.model.calls import Selection
    from airflow_provider_ringcentral.sandbox.model.options import Options

_WINDOW_DAYS = 7


class MessagingState:
    """What the company has sent and received, and what will become of what it sends."""

    def __init__(self, company: Company, now: int, random: Random) -> None:
        self.mailbox = Mailbox()
        self.consents = Consents()
        self.outcomes = Outcomes(self.consents)
        self.rate = SendRate()
        self.team_messaging = TeamMessaging(company, now, random)
        self.batches = Batches()
        self.ring_outs = RingOuts()


class State:
    """The state of one sandbox. `lock` guards all of it: API requests and control calls come from several threads."""

    def __init__(self, options: Options, url: str, media_url: str | None = None) -> None:
        self.options, self.url, self.media_url = options, url, media_url or url
        self.lock = threading.RLock()
        start, end = _window(options)
        self._clock_lead = max(0, end + LATENCY_LIMIT - timestamps.now()) if options.end or options.start else 0
        self._latest = 0
        self.company = Company(options.seed)
        self.calls = Calls(
            self.company,
            count=options.calls,
            start=start,
            end=end,
            layout=options.layout,
            seed=options.seed,
            url=url,
            pretty=options.pretty,
            media_url=self.media_url,
        )
        self._selections: dict[CallFilter, Selection] = {}
        self.changes = Changes(self.calls)
        self.arrivals = Arrivals(self.changes, seed=options.seed)
        self.missing_recordings = MissingRecordings(self.changes)
        self.limiter = self._limiter()
        self.identity = Identity(sessions=options.sessions)
        self.faults = Faults()
        for fault in options.faults:
            self.faults.add(Fault(**fault))
        self.request_log = RequestLog()
        self.messaging = MessagingState(self.company, self.now(), Random(f"state-{options.seed}"))
        self.sync_epoch = 0
        self.sync_refusal = "CLG-101"
        self._add_default_identity()

    def _limiter(self) -> Limiter | None:
        limits = self.options.limits
        if limits is False:
            return None
        return Limiter(limits if isinstance(limits, dict) else None, scale=self.options.scale)

    def _add_default_identity(self) -> None:
        """Register one app, one service user and one JWT, the same for the same seed."""
        seed = self.options.seed
        self.client_id, self.client_secret = make_secret(f"app-{seed}", 22), make_secret(f"secret-{seed}", 44)
        app = App(self.client_id, self.client_secret)
        user = User(self.company.users[0].id, service=True, numbers={HIGH_VOLUME_NUMBER: ["A2PSmsSender"]})
        if self.options.permissions is not None:
            app.permissions = set(self.options.permissions)
        if self.options.user_permissions is not None:
            user.permissions = set(self.options.user_permissions)
        self.jwt = make_jwt(str(seed))
        self.identity.apps[app.client_id] = app
        self.identity.users[user.id] = user
        self.identity.jwts[self.jwt] = Jwt(user.id)

    def now(self) -> int:
        """Return the sandbox's time (ms), which lies after all calls of the chosen window.

        Each call returns a later time. Otherwise the next sync would miss a change made in the same millisecond in
        which the last sync was answered.
        """
        self._latest = max(timestamps.now() + self._clock_lead, self._latest + 1)
        return self._latest

    def is_media(self, port: int) -> bool:
        """Tell whether a port is that of the media host."""
        return self.media_url != self.url and self.media_url.endswith(f":{port}")

    def select(self, call_filter: CallFilter) -> Selection:
        """Return the calls that pass a filter; the selections of the last filters are cached."""
        found = self._selections.get(call_filter)
        if found is None:
            if len(self._selections) > 100:
                self._selections.clear()
            found = self._selections[call_filter] = self.calls.select(call_filter.passes)
        return found

    def send_wait(self, kind: str, user: int, most: int, seconds: float = 60) -> float:
        """Count a send by a user, and return how many seconds it must wait if `most` per `seconds` are exceeded."""
        if not most or self.options.limits is False:
            return 0.0
        return self.messaging.rate.wait(kind, user, most, seconds * self.options.scale, time.monotonic())

    def stats(self) -> dict[str, Any]:
        """Return the counts that `GET /sandbox/stats` answers."""
        alive = sum(token.ends > time.monotonic() for token in self.identity.tokens.values())
        return self.request_log.stats() | {"tokens_alive": alive}


def _window(options: Options) -> tuple[int, int]:
    """Return start and end of the calls (ms): by default a week that ended half an hour ago, so that all are final."""
    if options.end is not None:
        end = timestamps.parse(options.end)
    elif options.start is not None:
        end = timestamps.parse(options.start) + _WINDOW_DAYS * timestamps.DAY
    else:
        end = (timestamps.now() - LATENCY_LIMIT) // timestamps.MINUTE * timestamps.MINUTE
    start = timestamps.parse(options.start) if options.start is not None else end - _WINDOW_DAYS * timestamps.DAY
    return start, end
