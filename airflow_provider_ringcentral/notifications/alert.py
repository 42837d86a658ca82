"""What all notifiers have in common: a text that is there, no storms, and no exception that reaches Airflow."""

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

SECONDS_BETWEEN = 300.0
MOST_AN_HOUR = 10
SECONDS_OF_GATHERING = 8.0
SECONDS_OF_LOOKING = 4.0
SECONDS_IN_ALL = 18.0
"""For gathering, login, quota, sending and looking together: Airflow ends the process after 20."""

SECONDS_AFTER_GATHERING = 10.0
"""What is left of them at least, whatever `gather` is."""


class RingCentralAlertNotifier(BaseNotifier):
    """Alert somebody from a callback or a deadline. Subclasses say by what (`reach`), how (`send`) and whom (`line`).

    Never raises: what goes wrong is logged. Alerts that come together end in one message and one summary.

    :param text: what to say, a template or the name of a template file that ends in `.txt`; None: what happened,
        where, and a link. Templates see what the callback's context has; when one cannot be rendered, or renders
        nothing, the default text is sent.
    :param dedup_key: alerts of the same key are the same; None: DAG and task.
    :param min_interval: seconds in which the same alert is sent once and named in one summary.
    :param max_per_hour: messages in any hour to these recipients, one summary more apart; None: any number.
    :param gather: seconds without a further alert that end a storm; so long the last one waits before it tells of the
        others. Airflow ends the process of a task 20 s after it (`[core] task_success_overtime`).
    """

    # The text comes last: what else there is must be rendered when a text cannot be.
    alert_fields: Sequence[str] = ("dedup_key", "min_interval", "max_per_hour", "text")
    template_ext: Sequence[str] = (".txt",)
    most_units: ClassVar[int]
    """UTF-16 units that the channel takes; what is longer is cut."""
    shows_markdown: ClassVar[bool] = True
    """Whether the channel formats by Markdown, so that names in our own texts are escaped."""
    seconds_in_all: ClassVar[float] = SECONDS_IN_ALL

    def __init__(
        self,
        *,
        text: str | None = None,
        dedup_key: str | None = None,
        min_interval: DurationArgument = SECONDS_BETWEEN,
        max_per_hour: int | str | None = MOST_AN_HOUR,
        gather: float = SECONDS_OF_GATHERING,
        **kwargs: Any,
    ) -> None:
        # Airflow 3.1 and later hand over the context of a deadline here.
        super().__init__(**kwargs)
        self.text = text
        self.dedup_key = dedup_key
        self.min_interval = min_interval
        self.max_per_hour = max_per_hour
        self.gather = gather

    def reach(self, job: Callable[[Any], None], ends: float) -> None:
        """Do `job` with a client that gives up at `ends` (of `time.monotonic`)."""
        raise NotImplementedError

    async def reach_on_loop(self, job: Callable[[Any], None], ends: float) -> None:
        """The same on an event loop, in a thread."""
        raise NotImplementedError

    def line(self) -> str:
        """Who is told how, as a digest: alerts of one line and one server and credential share their limits."""
        raise NotImplementedError

    def send(self, client: Any, text: str) -> Outcomes:
        """Send `text` once to everybody; what became of each message. Raises what keeps it from being sent at all."""
        raise NotImplementedError

    def __call__(self, *args: Any) -> None:
        """Render and send. Of a copy: rendering changes the fields, and one notifier serves many tasks."""
        try:
            super(RingCentralAlertNotifier, copy.copy(self)).__call__(*args)
        except Exception:
            self.log.exception("The alert was not sent.")

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render; a text that cannot be rendered gives way to the default one."""
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
        """Send, or count what need not be sent. Never raises."""
        try:
            self.reach(lambda client: self._tell(client, context), self._ends())
        except Exception as error:  # noqa: BLE001 - the failure of an alert must not hide that of the task
            self._report(error)

    async def async_notify(self, context: Context) -> None:
        """The same in a thread of its own, on an event loop."""
        try:
            await self.reach_on_loop(lambda client: self._tell(client, context), self._ends())
        except Exception as error:  # noqa: BLE001 - as above
            self._report(error)

    def _ends(self) -> float:
        gather = self._rules().gather
        return time.monotonic() + max(self.seconds_in_all, gather + SECONDS_AFTER_GATHERING if gather else 0.0)

    def _tell(self, client: Any, context: Mapping[str, Any]) -> None:
        from airflow_provider_ringcentral.notifications.alert_text import key_of, subject_of
        from airflow_provider_ringcentral.notifications.throttle import AlertThrottle, discard_earlier
        from airflow_provider_ringcentral.sending.once.message import digest

        rules, name, line = self._rules(), subject_of(context), self.line()
        discard_earlier(client.ledger, line)
        line = digest(line, client.credentials.session_key)
        throttle = AlertThrottle(client.ledger, line, rules, self.dedup_key or key_of(context), name)
        word = throttle.word()
        if word is None:
            self.log.info("The alert about %s is counted and not sent: others like it were, or tell of it.", name)
            return
        try:
            outcomes = self.send(client, self._worded(word, context, rules.min_interval))
        except Exception:
            throttle.take_back(word)
            raise
        if not outcomes.may_have_sent:
            throttle.take_back(word)
        self._report_outcomes(outcomes, "A summary of alerts up to" if word.summary else "The alert about", name)

    def _report_outcomes(self, outcomes: Outcomes, what: str, name: str) -> None:
        if sent := [
            f"{one.channel} {one.sent.id}{one.sent.log_suffix}" for one in outcomes.all if one.sent is not None
        ]:
            self.log.info("%s %s is sent: %s.", what, name, ", ".join(sent))
        error = outcomes.error()
        if isinstance(error, OutcomeUnknown):
            # Its cure is to clear the task, and an alert has none.
            error.remedy = None
        if error is not None and sent:
            self.log.error("%s %s did not reach everybody: %s", what, name, error)
        elif error is not None and outcomes.may_have_sent:
            self.log.error("%s %s may have been sent or not: %s", what, name, error)
        elif error is not None:
            raise error

    def _worded(self, word: Decision, context: Mapping[str, Any], min_interval: float) -> str:
        from airflow_provider_ringcentral.notifications.alert_text import default_text, summary_of, with_untold
        from airflow_provider_ringcentral.sending.text import cut_text

        markdown = self.shows_markdown
        if word.summary:
            return cut_text(summary_of(word, min_interval, markdown=markdown), self.most_units)
        text = self.text or default_text(context, markdown=markdown)
        return cut_text(with_untold(text, word, markdown=markdown), self.most_units)

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
    """Alerts that are sent by the JWT's user.

    :param ringcentral_conn_id: the Connection.
    """

    account_fields: Sequence[str] = ("ringcentral_conn_id", *RingCentralAlertNotifier.alert_fields)

    def __init__(self, *, ringcentral_conn_id: str = "ringcentral_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ringcentral_conn_id = ringcentral_conn_id

    def reach(self, job: Callable[[RingCentralClient], None], ends: float) -> None:
        """With a client of the Connection."""
        from airflow_provider_ringcentral.hooks.client import run_with_client

        run_with_client(self.ringcentral_conn_id, job, ends)

    async def reach_on_loop(self, job: Callable[[RingCentralClient], None], ends: float) -> None:
        """The same, in a thread."""
        from airflow_provider_ringcentral.hooks.client import run_with_client_async

        await run_with_client_async(self.ringcentral_conn_id, job, ends)


def _most(value: int | str | None) -> int | None:
    if value is None or is_unset(value):
        return None
    try:
        most = int(value)
    except ValueError:
        most = -1
    if most < 0:
        raise BadArgument(f"max_per_hour {value!r} is not a number from 0 on; give one.", parameter="max_per_hour")
    return most
