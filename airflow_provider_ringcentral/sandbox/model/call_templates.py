"""A thousand call records with placeholders, of which every call is an instance.

Only code and timestamps are left open. Both have a fixed width, so that a record, or a thousand of them, is made by
joining and patching bytes (`calls.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from airflow_provider_ringcentral.sandbox.model.company import Company, Extension, account_path, extension_link

TEMPLATE_COUNT = 1000
CODE = "@@@@@@@@"
"""Placeholder of the eight digits that identify the block of a call (`calls.Codes`)."""
LATENCY_LIMIT = 1_830_000
"""No call is modified later than this after its start (ms)."""

ROW, LEG = "6", "7"
"""First digit of a recording's id: of a whole call, and of a further recording that only one leg names."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def time_placeholder(delta: int) -> str:
    """Return the placeholder of the call's start plus `delta` ms, as wide as a timestamp."""
    return f"~{delta:022d}~"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of a call: `digit` begins its id, `duration` is in seconds."""

    digit: str
    duration: int
    media_type: str


@dataclass(frozen=True, slots=True)
class CallTemplate:
    """One template: its record in both views, and the values that filters compare."""

    simple: dict[str, Any]
    detailed: dict[str, Any]
    owner: Extension
    type: str
    direction: str
    transport: str
    result: str
    recording: str | None
    numbers: frozenset[str]
    tail: str
    session: str
    duration: int
    latency: int
    recordings: tuple[Recording, ...]


def make_templates(company: Company, seed: int, url: str, media_url: str | None = None) -> list[CallTemplate]:
    """Return the thousand templates of a seed, the same for the same seed, whatever the ports.

    `media_url` is the base URL of recordings' bytes when they are on another host.
    """
    random = Random(f"shapes-{seed}")
    templates: list[CallTemplate] = []
    for number in range(TEMPLATE_COUNT):
        # About one record in 25 belongs to its predecessor's session, such as a queue's and then the agent's.
        session = templates[-1].session if number and random.random() < 0.04 else f"{number:03d}"
        templates.append(
            _TemplateBuilder(random, company, number, session, url=url, media_url=media_url or url).build()
        )
    return templates


class _TemplateBuilder:
    """Draws one template at random."""

    def __init__(
        self, random: Random, company: Company, number: int, session: str, *, url: str, media_url: str
    ) -> None:
        self.random, self.url, self.session, self.media_url = random, url, session, media_url
        self.tail = f"{_ALPHABET[number // 62 % 62]}{_ALPHABET[number % 62]}{random.choice(_ALPHABET)}zUA"
        self.number = number
        self.fax = random.random() < 0.05
        self.inbound = random.random() < 0.58
        self.owner = random.choice(company.users if not self.inbound or self.fax else company.extensions)
        self.outsider, self.outsider_name = random.choice(company.outsiders)
        self.internal = not self.fax and random.random() < 0.15
        self.colleague = random.choice([user for user in company.users if user is not self.owner])
        self.answered = random.random() < 0.72
        self.duration = self._duration()
        # A call appears 15-30 s after its end (guide page voice/call-log).
        self.latency = self.duration * 1000 + random.randrange(15_000, 30_000)

    def _duration(self) -> int:
        if not self.answered:
            return self.random.randrange(3, 45)
        return min(1800, max(2, round(self.random.lognormvariate(4.6, 1.1))))

    def build(self) -> CallTemplate:
        simple = self._simple()
        legs = [self._leg(simple, "Accept" if self.inbound else "SipToPstnUnmetered", master=True)]
        if self.inbound and self.owner.type == "Department":
            legs.append(self._leg(simple, "FindMe", master=False))
        recordings = self._recordings(simple)
        if len(recordings) > 1:
            other = self._recording(LEG, simple["recording"]["type"])
            legs.append(self._leg(simple, "TransferCall", master=False) | {"recording": other})
        detailed = simple | {
            "uri": simple["uri"].replace("view=Simple", "view=Detailed"),
            "transport": simple["transport"],
            "lastModifiedTime": time_placeholder(self.latency),
            "billing": {"costIncluded": round(self.random.random() * 0.2, 3), "costPurchased": 0.0},
            "legs": legs,
        }
        recording = simple.get("recording", {}).get("type")
        parties = (simple["from"].get("phoneNumber"), simple["to"].get("phoneNumber"))
        return CallTemplate(
            simple=simple,
            detailed=detailed,
            owner=self.owner,
            type=simple["type"],
            direction=simple["direction"],
            transport=simple["transport"],
            result=simple["result"],
            recording=recording,
            numbers=frozenset(number.removeprefix("+") for number in parties if number),
            tail=self.tail,
            session=self.session,
            duration=self.duration,
            latency=self.latency,
            recordings=recordings,
        )

    def _simple(self) -> dict[str, Any]:
        account = f"{self.url}{account_path()}"
        call_id = f"I{CODE}{self.tail}"
        own, other = self._own(), self._other()
        record: dict[str, Any] = {
            "uri": f"{account}/call-log/{call_id}?view=Simple",
            "id": call_id,
            "sessionId": f"4{CODE}{self.session}008",
            "telephonySessionId": f"s-a{self.session}{CODE}z19a035d17a2z4d39",
            "partyId": f"p-a{self.session}{CODE}z19a035d17a2z4d39-1",
            "startTime": time_placeholder(0),
            "duration": self.duration,
            "durationMs": self.duration * 1000 + self.random.randrange(1000),
            "type": "Fax" if self.fax else "Voice",
            "direction": "Inbound" if self.inbound else "Outbound",
            "action": self._action(),
            "result": self._result(),
            "internalType": "Sip" if self.internal else self.random.choice(("Local", "LongDistance", "TollFreeNumber")),
            "from": other if self.inbound else own,
            "to": own if self.inbound else other,
            "extension": extension_link(self.url, self.owner),
            "transport": "VoIP" if self.internal else "PSTN",
        }
        if record["result"] == "No Answer":
            record |= {"reason": "No Answer", "reasonDescription": "The number you dialed did not answer."}
        self._attach(record, account)
        return record

    def _attach(self, record: dict[str, Any], account: str) -> None:
        """Add the links of a record: to a voicemail or fax message, or to a recording."""
        if self.fax or record["result"] == "Voicemail":
            message = f"5{CODE}{self.number:03d}"
            record["message"] = {
                "uri": f"{account}/extension/{self.owner.id}/message-store/{message}",
                "id": message,
                "type": "Fax" if self.fax else "VoiceMail",
            }
        elif self.answered and self.random.random() < 0.35:
            # Recordings under 30 s are not kept (guide page voice/call-log/recordings).
            if self.duration < 30:
                record["shortRecording"] = True
                return
            record["recording"] = self._recording(ROW, "Automatic" if self.random.random() < 0.8 else "OnDemand")

    def _recording(self, digit: str, kind: str) -> dict[str, Any]:
        recording = f"{digit}{CODE}{self.number:03d}"
        path = f"{account_path()}/recording/{recording}"
        links = {"uri": f"{self.url}{path}", "contentUri": f"{self.media_url}{path}/content"}
        return {"id": recording, "type": kind} | links

    def _recordings(self, record: dict[str, Any]) -> tuple[Recording, ...]:
        """Return the recordings of a call: one, and for every fourth call a leg's; every fifth is a WAV file."""
        if "recording" not in record:
            return ()
        types = ["audio/wav" if number % 5 == 0 else "audio/mpeg" for number in (self.number, self.number + 2)]
        whole = Recording(ROW, self.duration, types[0])
        if self.number % 4:
            return (whole,)
        return whole, Recording(LEG, max(30, self.duration // 2), types[1])

    def _own(self) -> dict[str, Any]:
        device = self.owner.device_id
        party: dict[str, Any] = {
            "phoneNumber": self.owner.phone_number,
            "extensionNumber": self.owner.number,
            "extensionId": str(self.owner.id),
            "name": self.owner.name,
        }
        if self.owner.type == "User" and self.random.random() < 0.1:
            party["device"] = {"id": device, "uri": f"{self.url}{account_path()}/device/{device}"}
        return party

    def _other(self) -> dict[str, Any]:
        if self.internal:
            return {
                "extensionNumber": self.colleague.number,
                "extensionId": str(self.colleague.id),
                "name": self.colleague.name,
            }
        if self.inbound and self.random.random() < 0.04:
            return {"name": "Anonymous"}
        party = {"phoneNumber": self.outsider, "name": self.outsider_name, "location": self.owner.location}
        if self.random.random() < 0.2:
            party["dialerPhoneNumber" if self.inbound else "dialedPhoneNumber"] = self.outsider
        return party

    def _action(self) -> str:
        if self.fax:
            return "Incoming Fax" if self.inbound else "Outgoing Fax"
        return "Phone Call" if self.inbound else self.random.choice(("VoIP Call", "VoIP Call", "RingOut Web"))

    def _result(self) -> str:
        if self.fax:
            return "Received" if self.inbound else "Sent"
        if self.answered:
            return "Accepted" if self.inbound else "Call connected"
        return self.random.choice(("Missed", "Voicemail") if self.inbound else ("No Answer", "Busy", "Hang Up"))

    def _leg(self, record: dict[str, Any], kind: str, *, master: bool) -> dict[str, Any]:
        # fmt: off
        names = [
            "startTime", "duration", "durationMs", "type", "direction", "action", "result", "internalType", "from",
            "to", "extension", "transport", "telephonySessionId", "partyId", "recording",
        ]
        # fmt: on
        return {name: record[name] for name in names if name in record} | {"legType": kind, "master": master}
