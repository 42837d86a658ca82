"""What all notifiers share: a text in any case, the alert throttle, and no exception that reaches Airflow."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseNotifier

from airflow_provider_ringcentral.arguments import is_unset
from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RingCentralError
from airflow_provider_ringcentral.client.errors.arguments import BadArgument

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import DurationArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.notifications.throttle import Decision, Rules
    from airflow_provider_ringcentral.sending.outcomes import Outcomes

MIN_INTERVAL_SECONDS = 300.0
MAX_PER_HOUR = 10
GATHER_SECONDS = 8.0
SETTLING_SECONDS = 4.0
"""How long a lost answer is looked up."""

TOTAL_SECONDS = 18.0
"""For gathering, login, quota, sending and looking up together. Airflow ends the process of a callback after 20 s."""

SECONDS_AFTER_GATHERING = 10.0
"""What is left of the total at least, whatever `gather` is."""


class RingCentralAlertNotifier(BaseNotifier):
    """Send an alert from a callback or a deadline. A subclass says with which client, to whom and how.

    Never raises: problems are logged. Alerts that arrive together end in one message and one summary.

    :param text: a template, or the name of a template file that ends in `.txt`; None: what happened, where, and a link.
        Templates see the callback's context. If a text cannot be rendered, or renders nothing, the default is sent.
    :param dedup_key: alerts with equal keys count as the same alert; None: DAG and task.
    :param min_interval: seconds in which the same alert is sent once, and named in one summary.
    :param max_per_hour: messages to these recipients in any hour, plus one summary; None: any number.
    :param gather: seconds without another alert after which a summary is sent; the last alert waits that long. Airflow
        ends the process of a task 20 s after the task (`[core] task_success_overtime`).
    """

    # The text is rendered last, so that the other fields are rendered even if the text cannot be.
    alert_fields: Sequence[str] = ("dedup_key", "min_interval", "max_per_hour", "text")
    template_ext: Sequence[str] = (".txt",)
    most_units: ClassVar[int]
    """UTF-16 units that the channel takes; longer texts are cut."""
    shows_markdown: ClassVar[bool] = True
    """Whether the channel formats Markdown, so that names in the default text have to be escaped."""
    total_seconds: ClassVar[float] = TOTAL_SECONDS

    def __init__(
        self,
        *,
        text: str | None = None,
        dedup_key: str | None = None,
        min_interval: DurationArgument = MIN_INTERVAL_SECONDS,
        max_per_hour: int | str | None = MAX_PER_HOUR,
        gather: float = GATHER_SECONDS,
        **kwargs: Any,
    ) -> None:
        # Airflow 3.1 and later pass the context of a deadline in kwargs.
        super().__init__(**kwargs)
        self.text = text
        self.dedup_key = dedup_key
        self.min_interval = min_interval
        self.max_per_hour = max_per_hour
        self.gather = gather

    def run_with_client(self, job: Callable[[Any], None], ends_at: float) -> None:
        """Call `job` with a client that gives up at `ends_at` (a time of `time.monotonic`)."""
        raise NotImplementedError

    async def run_with_client_async(self, job: Callable[[Any], None], ends_at: float) -> None:
        """Do the same on an event loop, in a thread."""
        raise NotImplementedError

    def audience(self) -> str:
        """Return a digest of the channel and the recipients: alerts to the same audience share their limits."""
        raise NotImplementedError

    def send(self, client: Any, text: str) -> Outcomes:
        """Send `text` once to everybody, and return what became of each message. Raises if nothing can be sent."""
        raise NotImplementedError

    def __call__(self, *args: Any) -> None:
        """Render and send with a copy: rendering changes the fields, and one notifier serves many tasks."""
        try:
            super(RingCentralAlertNotifier, copy.copy(self)).__call__(*args)
        except Exception:
            self.log.exception("The alert was not sent.")

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render the template fields; if that fails, the default text is used."""
        try:
            super().render_template_fields(context, jinja_env)
        except Exception as error:  # noqa: BLE001 - an alert with another text is better than none
            self.log.warning(
                "The alert cannot be rendered (%s: %s); the default text is used.", type(error).__name__, error
            )
            self.text = None
        if self.text is not None and is_unset(self.text):
            self.log.warning("The text of the alert rendered nothing; the default text is used.")
            self.text = None

    def notify(self, context: Context) -> None:
        """Send the alert, or count it if the throttle holds it. Never raises."""
        try:
            self.run_with_client(lambda client: self._alert(client, context), self._ends_at())
        except Exception as error:  # noqa: BLE001 - the failure of an alert must not hide that of the task
            self._report(error)

    async def async_notify(self, context: Context) -> None:
        """Do the same on an event loop, in a thread."""
        try:
            await self.run_with_client_async(lambda client: self._alert(client, context), self._ends_at())
        except Exception as error:  # noqa: BLE001 - as above
            self._report(error)

    def _ends_at(self) -> float:
        gather = self._rules().gather
        return time.monotonic() + max(self.total_seconds, gather + SECONDS_AFTER_GATHERING if gather else 0.0)

    def _alert(self, client: Any, context: Mapping[str, Any]) -> None:
        from airflow_provider_ringcentral.notifications.alert_text import key_of, subject_of
        from airflow_provider_ringcentral.notifications.throttle import AlertThrottle, discard_earlier
        from airflow_provider_ringcentral.sending.once.message import digest

        rules, name, audience = self._rules(), subject_of(context), self.audience()
        discard_earlier(client.ledger, audience)
        audience = digest(audience, client.credentials.session_key)
        throttle = AlertThrottle(client.ledger, audience, rules, self.dedup_key or key_of(context), name)
        decision = throttle.decide()
        if decision is None:
            self.log.info("The alert about %s is held: another message reports it.", name)
            return
        try:
            outcomes = self.send(client, self._text_of(decision, context, rules.min_interval))
        except Exception:
            throttle.take_back(decision)
            raise
        if not outcomes.may_have_sent:
            throttle.take_back(decision)
        self._report_outcomes(outcomes, "A summary of alerts up to" if decision.summary else "The alert about", name)

    def _report_outcomes(self, outcomes: Outcomes, what: str, name: str) -> None:
        if sent := [
            f"{one.channel} {one.sent.id}{one.sent.log_suffix}" for one in outcomes.all if one.sent is not None
        ]:
            self.log.info("%s %s is sent: %s.", what, name, ", ".join(sent))
        error = outcomes.error()
        if isinstance(error, OutcomeUnknown):
            # The remedy is to clear the task, which does not send an alert again.
            error.remedy = None
        if error is not None and sent:
            self.log.error("%s %s did not reach everybody: %s", what, name, error)
        elif error is not None and outcomes.may_have_sent:
            self.log.error("%s %s may have been sent or not: %s", what, name, error)
        elif error is not None:
            raise error

    def _text_of(self, decision: Decision, context: Mapping[str, Any], min_interval: float) -> str:
        from airflow_provider_ringcentral.notifications.alert_text import default_text, summary_of, with_held
        from airflow_provider_ringcentral.sending.text import cut_text

        markdown = self.shows_markdown
        if decision.summary:
            return cut_text(summary_of(decision, min_interval, markdown=markdown), self.most_units)
        text = self.text or default_text(context, markdown=markdown)
        return cut_text(with_held(text, decision, markdown=markdown), self.most_units)

    def _rules(self) -> Rules:
        from airflow_provider_ringcentral.arguments import parse_seconds
        from airflow_provider_ringcentral.notifications.throttle import Rules

        interval = parse_seconds("min_interval", self.min_interval)
        return Rules(interval, _most(self.max_per_hour), parse_seconds("gather", self.gather))

    def _report(self, error: Exception) -> None:
        if isinstance(error, OutcomeUnknown):
            self.log.error("The alert may have been sent or not: %s", error)
        elif isinstance(error, RingCentralError):
            self.log.error("The alert was not sent: %s", error)
        else:
            self.log.error("The alert was not sent.", exc_info=error)


class RingCentralAccountNotifier(RingCentralAlertNotifier):
    """Send alerts as the JWT's user.

    :param ringcentral_conn_id: the Connection.
    """

    account_fields: Sequence[str] = ("ringcentral_conn_id", *RingCentralAlertNotifier.alert_fields)

    def __init__(self, *, ringcentral_conn_id: str = "ringcentral_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ringcentral_conn_id = ringcentral_conn_id

    def run_with_client(self, job: Callable[[RingCentralClient], None], ends_at: float) -> None:
        """Call `job` with a client of the Connection."""
        from airflow_provider_ringcentral.hooks.client import run_with_client

        run_with_client(self.ringcentral_conn_id, job, ends_at)

    async def run_with_client_async(self, job: Callable[[RingCentralClient], None], ends_at: float) -> None:
        """Do the same in a thread."""
        from airflow_provider_ringcentral.hooks.client import run_with_client_async

        await run_with_client_async(self.ringcentral_conn_id, job, ends_at)


def _most(value: int | str | None) -> int | None:
    if value is None or is_unset(value):
        return None
    try:
        most = int(value)
    except ValueError:
        most = -1
    if most < 0:
        raise BadArgument(f"max_per_hour {value!r} must be a whole number, 0 or more.", parameter="max_per_hour")
    return most
