"""What a transport must know of a server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class Reach(Protocol):
    """How to reach a server: `Credentials` say it, and so does the address of a webhook, which has no login."""

    @property
    def server(self) -> str:
        """Its URL without a path."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds until an answer is late."""
        ...

    @property
    def verify(self) -> bool:
        """Whether its certificate is checked; on loopback it need not be."""
        ...

    @property
    def proxies(self) -> Mapping[str, str] | None:
        """As in requests."""
        ...

    @property
    def allowed_hosts(self) -> Collection[str]:
        """Hosts besides RingCentral's own that may receive secrets."""
        ...
