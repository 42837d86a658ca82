"""Who gets a message: checked, and nobody twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_ringcentral.client.errors.arguments import BadArgument

T = TypeVar("T")

MOST_IN_GROUP = 10
"""Recipients of one group message (MSG-381, FACTS 7.2)."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient, and at which places of `to` (from 0) it was named."""

    address: Any
    places: tuple[int, ...]


def recipients(to: Any, check: Callable[[str, Any], T]) -> list[Recipient]:
    """Everybody of `to` once, in the order given; `check(name, value)` gives the address or raises `BadArgument`."""
    given: Sequence[Any] = to if isinstance(to, Sequence) and not isinstance(to, str) else [to]
    if not given or to is None:
        raise BadArgument("to names nobody; give a recipient or a list of them.", parameter="to")
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(given):
        places.setdefault(check("to" if len(given) == 1 else f"to[{place}]", value), []).append(place)
    return [Recipient(address, tuple(where)) for address, where in places.items()]


def one_group(everybody: list[Recipient]) -> Recipient:
    """All of them as recipients of one message."""
    if len(everybody) > MOST_IN_GROUP:
        raise BadArgument(
            f"to names {len(everybody)} recipients and a group message may have {MOST_IN_GROUP}, who all see each "
            "other; leave out group=True to send one message to each.",
            parameter="to",
        )
    addresses = tuple(recipient.address for recipient in everybody)
    return Recipient(addresses, tuple(sorted(place for recipient in everybody for place in recipient.places)))
