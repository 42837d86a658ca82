"""The sandbox's company: its extensions and numbers, and the people who call it, drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

ACCOUNT_ID = 400131426008
MAIN_NUMBER = "+16505550100"
HIGH_VOLUME_NUMBER = "+16505550120"

# fmt: off
_FIRST = [
    "Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Kavya", "Liam", "Mona",
    "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Wanda", "Xavier", "Yusuf", "Zoe",
    "Amira", "Bruno", "Chloe", "Diego",
]
_LAST = [
    "Abbott", "Barros", "Chen", "Duval", "Eriksen", "Fischer", "Garcia", "Hassan", "Ivanova", "Jensen", "Kowalski",
    "Lopez", "Moreau", "Nakamura", "Okafor", "Patel", "Quintero", "Rossi", "Schmidt", "Tanaka", "Ueda", "Vasquez",
    "Weber", "Xu", "Yilmaz", "Zhang", "Brandt", "Costa", "Doyle", "Engel",
]
# fmt: on
LOCATIONS = (
    "Palo Alto, CA",
    "Belmont, CA",
    "Denver, CO",
    "Austin, TX",
    "Seattle, WA",
    "New York, NY",
    "Chicago, IL",
    "Boston, MA",
    "Atlanta, GA",
    "Portland, OR",
    "Phoenix, AZ",
    "Raleigh, NC",
)


@dataclass(frozen=True, slots=True)
class Extension:
    """A user or a call queue."""

    id: int
    number: str
    name: str
    type: str
    phone_number: str
    device_id: str
    location: str


class Company:
    """The account: `users` users and three call queues, the same for the same seed."""

    def __init__(self, seed: int = 1, users: int = 40) -> None:
        random = Random(f"company-{seed}")
        names = [f"{first} {last}" for first in _FIRST for last in _LAST]
        people = random.sample(names, users)
        self.extensions: list[Extension] = []
        for rank in range(users + 3):
            queue = rank >= users
            self.extensions.append(
                Extension(
                    id=ACCOUNT_ID + 1000 * (rank + 1),
                    number=str((700 if queue else 101) + (rank - users if queue else rank)),
                    name=("Sales", "Support", "Billing")[rank - users] if queue else people[rank],
                    type="Department" if queue else "User",
                    phone_number=f"+1650555{1001 + rank}",
                    device_id=str(801_000_000_000 + random.randrange(10**9)),
                    location=LOCATIONS[random.randrange(len(LOCATIONS))],
                )
            )
        self.outsiders = [
            (f"+1{random.choice((212, 303, 312, 404, 415, 503, 617, 720))}555{number:04d}", random.choice(names))
            for number in random.sample(range(1, 10_000), 400)
        ]

    @property
    def users(self) -> list[Extension]:
        """The users, without the queues."""
        return [extension for extension in self.extensions if extension.type == "User"]

    def find(self, extension_id: str) -> Extension | None:
        """Return the extension with that id (RingCentral's `extensionId`, not the short number)."""
        return next((extension for extension in self.extensions if str(extension.id) == extension_id), None)


def account_path(account_id: int = ACCOUNT_ID) -> str:
    """Return the path of an account: `/restapi/v1.0/account/…`."""
    return f"/restapi/v1.0/account/{account_id}"


def extension_link(url: str, extension: Extension) -> dict[str, Any]:
    """Return `{id, uri}`, as call records name an extension."""
    return {"uri": f"{url}{account_path()}/extension/{extension.id}", "id": extension.id}
