"""What went wrong, what to do about it and who can do it."""

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
"""Everyone (or every place) a remedy can point at."""

# Names from RingCentral's answer may hold braces themselves: str.format would fail on them, one replace after another
# would fill them too.
_PLACEHOLDER = re.compile(r"\{parameter\}|\{permission\}|\{where\}")
_UNNAMED_PARAMETER = "a parameter RingCentral did not name"
_UNNAMED_PERMISSION = "a permission RingCentral did not name"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One sentence or two each: why it happened, what ends it, and who (one of `WHO`) does that.

    In the tables `cause` and `cure` may hold `{parameter}` and `{permission}`, each standing for a whole noun phrase
    ("parameter 'view'"), and `{where}`, what the Admin Portal calls the permission. What `remedy_for` returns holds
    none of them.
    """

    cause: str
    cure: str
    who: str

    def filled(self, *, parameter: str | None, permission: str | None, where: str | None = None) -> Remedy:
        """The same remedy with the names RingCentral gave, or words that say it gave none."""
        words = {
            "{parameter}": f"parameter '{parameter}'" if parameter else _UNNAMED_PARAMETER,
            "{permission}": f"permission '{permission}'" if permission else _UNNAMED_PERMISSION,
            "{where}": f", there called {where}" if where else "",
        }

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: words[match[0]], text)

        return Remedy(cause=fill(self.cause), cure=fill(self.cure), who=self.who)
