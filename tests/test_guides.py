"""The examples in the guides work, and their lists agree with the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_SERVER
from airflow_provider_ringcentral.files.receipt import Receipt
from airflow_provider_ringcentral.hooks.errors import FAIL_NOW
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.triggers.condition import check_condition

GUIDES = Path(__file__).parent.parent / "docs" / "guides"
CONNECTION = "AIRFLOW_CONN_RINGCENTRAL_DEFAULT"
FINDINGS = """
connection_incomplete connection_invalid jwt_malformed unreachable login_throttled jwt_flow_disabled client_rejected
jwt_rejected user_inactive scope_missing role_missing personal_owner jwt_expires_soon no_sms_number from_number
"""


def text_of(guide):
    return (GUIDES / guide).read_text(encoding="utf-8")


def blocks(guide, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text_of(guide), re.DOTALL | re.MULTILINE)


def first_cells(guide, heading):
    """Return the code in the first column of the table under `heading`."""
    section = re.split(r"^## ", text_of(guide).split(heading, 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


EXPORTS = re.findall(rf"export {CONNECTION}='(.*?)'", text_of("configuring-jwt.md"), re.DOTALL)


@pytest.mark.parametrize("value", EXPORTS, ids=["json", "uri"])
def test_the_connections_of_the_guide_are_read(value, monkeypatch):
    monkeypatch.setenv(CONNECTION, value)

    credentials = RingCentralJWTHook().credentials

    assert (credentials.client_id, credentials.client_secret) == ("the-client-id", "the-client-secret")
    assert credentials.jwt == "the.jwt.credential"
    assert credentials.server == DEFAULT_SERVER


def test_the_file_of_the_local_backend_is_read(tmp_path):
    from airflow.secrets.local_filesystem import load_connections_dict

    path = tmp_path / "connections.yaml"
    path.write_text(blocks("configuring-jwt.md", "yaml")[0])

    connection = load_connections_dict(str(path))["ringcentral_default"]

    assert set(yaml.safe_load(path.read_text())) == {"ringcentral_default"}
    assert (connection.login, connection.password, connection.port) == ("the-client-id", "the-client-secret", 443)
    assert connection.extra_dejson == {"jwt_token": "the.jwt.credential"}


def test_the_guide_lists_the_findings_that_need_action():
    listed = first_cells("configuring-jwt.md", "## 6. The diagnosis")

    assert sorted(listed) == sorted(FINDINGS.split())


def test_the_guide_says_which_errors_airflow_retries():
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", text_of("errors.md"), re.MULTILINE)
    listed = {name: "fails now" in action for name, action in rows if hasattr(errors, name)}

    assert len(listed) == 9
    fail_now = {kind.__name__: raised.__name__ for kind, raised in FAIL_NOW.items()}
    assert {name for name, now in listed.items() if now} == {name for name in fail_now if hasattr(errors, name)}
    shown = re.findall(r"^\| `([A-Z]\w+)` \| `([A-Z]\w+)` \|", text_of("errors.md"), re.MULTILINE)
    assert {kind: raised for raised, kind in shown} == fail_now


def texts_of(node):
    """A string literal, or the fixed parts of an f-string."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_the_package_logs_what_the_guide_about_limits_quotes():
    package = Path(errors.__file__).parents[2]
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")]
    texts = "\n".join(texts_of(node) for module in modules for node in ast.walk(module))
    lines = re.findall(r"^\| `(.*?)` \|", text_of("limits.md").split("| in the log |")[1], re.MULTILINE)
    quoted = [part for line in lines for part in re.findall(r"[A-Za-z][^\d…:]{14,}", line)]

    assert len(lines) == 4
    assert len(quoted) > 3
    assert [part for part in quoted if part.strip() not in texts] == []


def test_the_error_about_several_recipients_reads_as_in_the_guide():
    from airflow_provider_ringcentral.client.errors import PermissionDenied, Unavailable
    from airflow_provider_ringcentral.sending.outcomes import MessageOutcome, Outcomes, SendStatus

    quoted = re.search(r"^    (of 4 messages .*)$", text_of("what-sent-means.md"), re.MULTILINE)[1]
    refused = PermissionDenied("no", status=403, codes=["MSG-240"])
    outcomes = Outcomes(
        [
            MessageOutcome((0,), SendStatus.SENT),
            MessageOutcome((1,), SendStatus.REFUSED, error=refused),
            MessageOutcome((2,), SendStatus.LATER, error=Unavailable("later", status=503)),
            MessageOutcome((3,), SendStatus.SENT),
        ]
    )

    assert str(outcomes.error().message).startswith(quoted)


def test_the_receipt_of_the_guide_has_the_fields_of_a_receipt():
    (shown,) = blocks("extracting-call-logs.md", "json")

    assert re.findall(r'^  "(\w+)":', shown, re.MULTILINE) == list(Receipt.__dataclass_fields__)


CODE = [
    (guide.name, code)
    for guide in sorted(GUIDES.glob("*.md"))
    for code in blocks(guide.name, "python")
    if "def test_" not in code  # tests/compat/test_pytest_plugin.py runs that block
]


@pytest.mark.parametrize(("guide", "code"), CODE, ids=[f"{guide}-{place}" for place, (guide, _) in enumerate(CODE)])
def test_every_code_block_runs_on_its_own(guide, code, monkeypatch):
    # One block sets this variable, and monkeypatch restores it.
    monkeypatch.setenv("AIRFLOW_CONN_MY_RINGCENTRAL", "")
    exec(compile(code, guide, "exec"), {"__name__": "shown"})


@pytest.mark.parametrize(
    "guide",
    [
        "alerts.md",
        "broadcasts.md",
        "extracting-call-logs.md",
        "fax-a-report.md",
        "team-messaging.md",
        "waiting-for-things.md",
    ],
)
def test_the_dag_of_the_guide_can_be_created(guide):
    spaces: dict[str, object] = {}
    exec(blocks(guide, "python")[0], spaces)

    assert spaces["DAG"]


def test_both_dags_about_waiting_can_be_created():
    for code in blocks("waiting-for-things.md", "python"):
        exec(code, {})


def test_the_connection_of_the_guide_is_a_webhook(monkeypatch):
    from airflow_provider_ringcentral.hooks.webhook import webhook_client

    (shown,) = re.findall(r"export (\w+)='(.*?)'", text_of("team-messaging.md"))
    monkeypatch.setenv(*shown)

    assert webhook_client("ringcentral_webhook_default").credentials.path == "/webhook/v2/the-id"


def test_the_conditions_of_the_guide_can_be_evaluated():
    section = text_of("waiting-for-things.md").split("### Conditions")[1].split("\n## ")[0]
    shown = [
        text for text in re.findall(r"`([^`]+)`", section) if re.search(r" == | != | is | > |select|\.get\(", text)
    ]

    assert len(shown) == 6
    for expression in shown:
        check_condition(expression.strip('"'))


def test_the_statuses_of_the_guide_are_those_of_a_result():
    from airflow_provider_ringcentral.sending.broadcast import broadcast as broadcast_result
    from airflow_provider_ringcentral.sending.broadcast import folder

    section = text_of("broadcasts.md").split("## The result")[1].split("\n## ")[0]
    listed = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", section, re.MULTILINE)))) - {"status"}
    ours = {
        folder.DUPLICATE,
        folder.OPTED_OUT,
        broadcast_result.ACCEPTED,
        broadcast_result.REJECTED,
        broadcast_result.UNKNOWN,
    }

    assert listed == ours | {"Queued", "Sent", "Delivered", "SendingFailed", "DeliveryFailed"}


def test_the_defaults_of_the_guide_are_those_of_the_notifiers():
    from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier

    one = RingCentralSmsNotifier(to="+16505550100")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+)", text_of("alerts.md"), re.MULTILINE)

    assert {name: float(value) for name, value in rows} == {
        name: float(getattr(one, name)) for name in ("min_interval", "max_per_hour", "gather")
    }
