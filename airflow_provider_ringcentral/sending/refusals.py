"""Whether a refusal concerns one recipient or everybody: the text, the sender, or the right to send at all. Pure."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors import ConfigurationError, LoginFailed, RateLimited, RingCentralError

FOR_EVERYBODY = frozenset(
    {
        # The app, the user's role, or the plan.
        *("CMN-109", "CMN-401", "CMN-402", "CMN-403", "CMN-404", "CMN-405", "CMN-408", "BIL-101", "BIL-103"),
        *("InsufficientPermissions", "MSG-340", "MSG-341", "MSG-384", "MSG-397"),
        # The sender.
        *("MSG-242", "MSG-245", "MSG-304", "MSG-330", "MSG-331", "MSG-332", "MSG-367", "MSG-380"),
        # The text or the files.
        *("MSG-337", "MSG-338", "MSG-347", "MSG-348", "MSG-349", "MSG-350", "MSG-351", "MSG-352"),
    }
)
"""Error codes that any other recipient would get, too. Source: guide page "Error codes" and the operations' own lists.

Codes that may mean the recipient are not here, such as MSG-241 (a fax number, of whichever side): one request too many
costs less than a recipient who is never tried.
"""

SHARED_PARAMETERS = ("from", "text", "attachment", "file", "subject", "body")
"""Parameters that all messages of a list have in common, by which a general code (`CMN-101`) can be placed."""


def concerns_everybody(error: RingCentralError) -> bool:
    """Whether the other recipients of the same list would meet the same error."""
    if isinstance(error, (ConfigurationError, LoginFailed)):
        return True
    if isinstance(error, RateLimited) and error.status is None:
        # No answer of the server: the quota that all share is used up for longer than the client waits.
        return True
    parameter = (error.parameter or "").lower()
    return not FOR_EVERYBODY.isdisjoint(error.codes) or parameter.startswith(SHARED_PARAMETERS)
