"""The cause of an error, its cure, and who applies the cure."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEVELOPER_CONSOLE = "developer console"
ADMIN_PORTAL = "admin portal"
CONNECTION = "Connection"
RINGCENTRAL_SUPPORT = "RingCentral support"
DAG_AUTHOR = "DAG author"
PLATFORM_TEAM = "platform team"

WHO = (DEVELOPER_CONSOLE, ADMIN_PORTAL, CONNECTION, RINGCENTRAL_SUPPORT, DAG_AUTHOR, PLATFORM_TEAM)
"""The values of `Remedy.who`: people, and places where the cure is applied."""

# Names from RingCentral's answer may contain braces themselves: str.format would fail on them, and successive
# replacements would fill them too.
_PLACEHOLDER = re.compile(r"\{parameter\}|\{permission\}|\{portal_name\}")
_UNNAMED_PARAMETER = "a parameter that RingCentral did not name"
_UNNAMED_PERMISSION = "a permission that RingCentral did not name"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Why an error happened (`cause`), what ends it (`cure`), and who does that (`who`, one of `WHO`).

    `cause` and `cure` are one or two sentences each. In the tables of `remedies` they may contain `{parameter}` and
    `{permission}`, each of which stands for a noun phrase ("parameter 'view'"), and `{portal_name}`, the name that the
    Admin Portal shows for the permission. `filled` replaces them.
    """

    cause: str
    cure: str
    who: str

    def filled(self, *, parameter: str | None, permission: str | None, portal_name: str | None = None) -> Remedy:
        """Return the remedy with the names that RingCentral gave, or with words that say that it gave none."""
        words = {
            "{parameter}": f"parameter '{parameter}'" if parameter else _UNNAMED_PARAMETER,
            "{permission}": f"permission '{permission}'" if permission else _UNNAMED_PERMISSION,
            "{portal_name}": f" (shown there as {portal_name})" if portal_name else "",
        }

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: words[match[0]], text)

        return Remedy(cause=fill(self.cause), cure=fill(self.cure), who=self.who)


def by_dag_author(cause: str, cure: str) -> Remedy:
    """Return a remedy that the DAG author applies, as most are."""
    return Remedy(cause, cure, DAG_AUTHOR)
