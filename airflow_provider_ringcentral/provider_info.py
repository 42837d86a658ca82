"""What Airflow reads at every start: literal data, standard library only.

A mistake here stops `import airflow` for the whole installation, so tests check it against the schema of each Airflow.

Each field of the Connection is one row of the two tables below. The form of every Airflow, `hooks.connection`, which
reads and validates the fields, and the reference page are made from them. The keys of a row:

- `name`: in the Connection; `attribute`: in `Credentials`, where that is another name. A field without an attribute
  there is in `Credentials.extra`.
- `label`, `description`, `placeholder`: in the form.
- `schema`: JSON type, bounds, choices and default; `"format": "password"` makes a field secret.
- `reads`: `internal id` or `phone number`, for text that must be one.
"""

from __future__ import annotations

from typing import Any, Final

PACKAGE: Final = "airflow_provider_ringcentral"
CONNECTION_TYPE: Final = "ringcentral"
HOOK_NAME: Final = "RingCentral"
HOOK_CLASS: Final = f"{PACKAGE}.hooks.ringcentral.RingCentralJWTHook"

STANDARD_FIELDS: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "host",
        "attribute": "server",
        "label": "Server URL",
        "placeholder": "https://platform.ringcentral.com",
        "description": "Leave empty for RingCentral's own server. Plain http is accepted for a loopback address only; "
        "other hosts must be listed in [ringcentral] allowed_hosts, because they receive the secret and the JWT.",
    },
    {
        "name": "port",
        "label": "Port (443)",
        "placeholder": "type 443: the Test button needs it",
        "description": "443, 0 or empty; write any other port into the server URL. Store 443: the Test button of "
        "Airflow 3.3.0 to 3.3.2 refuses saved Connections without a port.",
    },
    {
        "name": "login",
        "attribute": "client_id",
        "label": "Client ID",
        "placeholder": "from the app in the Developer Console",
        "description": "The client id of a REST API app with the JWT auth flow enabled.",
    },
    {
        "name": "password",
        "attribute": "client_secret",
        "label": "Client secret",
        "placeholder": "from the app in the Developer Console",
        "description": "The client secret of the same app.",
    },
)

EXTRA_FIELDS: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "jwt_token",
        "attribute": "jwt",
        "label": "JWT credential",
        "description": "Created in the Developer Console under Credentials, preferably by a service user. Required.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    {
        "name": "account_id",
        "label": "Account ID",
        "description": "The internal id of the account. Empty: the JWT's own.",
        "reads": "internal id",
        "schema": {"type": ["string", "null"]},
    },
    {
        "name": "extension_id",
        "label": "Extension ID",
        "description": "The internal id of the extension (not its number). Empty: the JWT's own.",
        "reads": "internal id",
        "schema": {"type": ["string", "null"]},
    },
    {
        "name": "from_number",
        "label": "Default sender",
        "description": "Sends the texts of tasks and alerts that name no sender: a number of the JWT's user in E.164, "
        "such as +16505550100. Empty: the only number that can send.",
        "reads": "phone number",
        "schema": {"type": ["string", "null"]},
    },
    {
        "name": "timeout",
        "label": "Timeout (seconds)",
        "description": "How long to wait for one answer.",
        "schema": {"type": ["number", "null"], "minimum": 1, "maximum": 600, "default": 60},
    },
    {
        "name": "max_wait",
        "label": "Longest wait (seconds)",
        "description": "How long one request may wait for the rate limit, in total. Empty: 900 in a task, 10 in a "
        "deferrable one.",
        "schema": {"type": ["number", "null"], "minimum": 0},
    },
    {
        "name": "verify",
        "label": "Verify TLS certificate",
        "description": "May be false only for a loopback server.",
        "schema": {"type": ["boolean", "null"], "default": True},
    },
    {
        "name": "proxies",
        "label": "Proxies",
        "description": 'As for the requests library, such as {"https": "http://proxy.example:3128"}.',
        "schema": {"type": ["object", "null"]},
    },
)


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, valid against `provider_info.schema.json` of every supported Airflow."""
    return {
        "package-name": "airflow-provider-ringcentral",
        "name": "RingCentral",
        "description": "RingCentral with JWT login: extract call logs and recordings, load them into a warehouse, and "
        "send messages once, within one shared rate limit.",
        "integrations": [
            {
                "integration-name": "RingCentral",
                "external-doc-url": "https://developers.ringcentral.com/",
                "tags": ["service"],
            }
        ],
        "operators": [
            {
                "integration-name": "RingCentral",
                "python-modules": [
                    f"{PACKAGE}.operators.a2p_sms",
                    f"{PACKAGE}.operators.api",
                    f"{PACKAGE}.operators.call_log",
                    f"{PACKAGE}.operators.fax",
                    f"{PACKAGE}.operators.mms",
                    f"{PACKAGE}.operators.pager",
                    f"{PACKAGE}.operators.recordings",
                    f"{PACKAGE}.operators.ring_out",
                    f"{PACKAGE}.operators.sms",
                    f"{PACKAGE}.operators.team_messaging",
                    f"{PACKAGE}.operators.warehouse",
                    f"{PACKAGE}.operators.webhook",
                ],
            }
        ],
        "notifications": [
            f"{PACKAGE}.notifications.sms.RingCentralSmsNotifier",
            f"{PACKAGE}.notifications.team_messaging.RingCentralTeamMessagingNotifier",
            f"{PACKAGE}.notifications.webhook.RingCentralWebhookNotifier",
        ],
        "sensors": [
            {
                "integration-name": "RingCentral",
                "python-modules": [
                    f"{PACKAGE}.sensors.api",
                    f"{PACKAGE}.sensors.calls",
                    f"{PACKAGE}.sensors.messages",
                ],
            }
        ],
        "triggers": [
            {
                "integration-name": "RingCentral",
                "python-modules": [
                    f"{PACKAGE}.triggers.api",
                    f"{PACKAGE}.triggers.batches",
                    f"{PACKAGE}.triggers.calls",
                    f"{PACKAGE}.triggers.messages",
                    f"{PACKAGE}.triggers.quota",
                    f"{PACKAGE}.triggers.ring_out",
                ],
            }
        ],
        "hooks": [{"integration-name": "RingCentral", "python-modules": [f"{PACKAGE}.hooks.ringcentral"]}],
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": HOOK_CLASS,
                "hook-name": HOOK_NAME,
                "ui-field-behaviour": {
                    "hidden-fields": ["schema"],
                    "relabeling": {field["name"]: field["label"] for field in STANDARD_FIELDS},
                    "placeholders": {field["name"]: field["placeholder"] for field in STANDARD_FIELDS},
                },
                "conn-fields": {
                    field["name"]: {key: field[key] for key in ("label", "description", "schema")}
                    for field in EXTRA_FIELDS
                },
            }
        ],
        "config": {
            "ringcentral": {
                "description": "Settings of the RingCentral provider.",
                "options": {
                    "ledger_url": {
                        "description": "Where processes share access token, rate limit windows and penalties. Empty: a "
                        "SQLite file in AIRFLOW_HOME, shared by all processes of one machine. `memory://` shares "
                        "nothing.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": True,
                        "example": "sqlite:////var/lib/airflow/ringcentral.sqlite",
                        "default": "",
                    },
                    "allowed_hosts": {
                        "description": "Hosts besides RingCentral's own that may receive the client secret, the JWT "
                        "and access tokens, separated by commas.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "gateway.example.com",
                        "default": "",
                    },
                    "log_personal_data": {
                        "description": "Show phone numbers and RingCentral's own words in full in error messages.",
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": None,
                        "default": "False",
                    },
                },
            }
        },
    }
