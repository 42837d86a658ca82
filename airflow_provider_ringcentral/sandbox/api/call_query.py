"""What a call-log request asks for (FACTS of `openapi26: readCompanyCallLog, readUserCallLog`), checked strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.call_changes import Row

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.model.call_templates import Shape
    from airflow_provider_ringcentral.sandbox.model.calls import Calls
    from airflow_provider_ringcentral.sandbox.model.company import Extension

VIEWS = ("Simple", "Detailed")
PAGE_LIMITS = {"Simple": 1000, "Detailed": 250}
DEEPEST_PAGE = 1000
MISSED = frozenset({"Missed", "Abandoned", "Voicemail", "No Answer", "Busy", "Rejected", "Declined"})

_EXCLUDED_BY_SESSION = ("extensionNumber", "phoneNumber", "direction", "type", "recordingType", "withRecording")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls pass. Empty sets and None let everything pass."""

    types: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    transports: frozenset[str] = frozenset()
    recording: str | None = None
    extension_number: str | None = None
    owner: int | None = None
    phone: str | None = None
    missed: bool = False
    categories: frozenset[str] = frozenset()

    def passes(self, shape: Shape, fields: dict[str, Any] | None = None) -> bool:
        """Whether a call of that shape passes; `fields` are corrections of its record."""
        changed = fields or {}
        recording = (changed["recording"] or {}).get("type") if "recording" in changed else shape.recording
        return (
            (not self.types or changed.get("type", shape.type) in self.types)
            and (not self.directions or changed.get("direction", shape.direction) in self.directions)
            and (not self.transports or changed.get("transport", shape.transport) in self.transports)
            and (self.recording is None or recording == self.recording or (self.recording == "All" and bool(recording)))
            and self.extension_number in (None, shape.owner.number)
            and self.owner in (None, shape.owner.id)
            and (self.phone is None or self.phone in shape.numbers)
            and (not self.missed or changed.get("result", shape.result) in MISSED)
            # No call of the sandbox carries metadata of its own accord.
            and (not self.categories or bool(self.categories & set(changed.get("metadataCategories", ()))))
        )


@dataclass(frozen=True, slots=True)
class CallQuery:
    """A request for a page of calls with `first <= start time <= last` (ms)."""

    view: str
    page: int
    per_page: int
    first: int
    last: int
    date_from: int
    filter: Filter
    show_deleted: bool
    session: str | None

    def keeps(self, row: Row, calls: Calls) -> bool:
        """Whether a changed call belongs to the answer."""
        return (not row.deleted or self.show_deleted) and self.filter.passes(calls.shape(row.index), row.fields)


def read_filter(visit: Visit, owner: Extension | None) -> Filter:
    """The filters of a request."""
    kind = visit.choice("recordingType", ("Automatic", "OnDemand", "All"))
    if kind is None and visit.flag("withRecording"):
        kind = "All"
    groups = visit.many("statusGroup")
    for value in groups:
        if value not in {"Missed", "All"}:
            raise bodies.invalid("statusGroup", value)
    return Filter(
        types=choices(visit, "type", {"Voice", "Fax"}),
        directions=choices(visit, "direction", {"Inbound", "Outbound"}),
        transports=choices(visit, "transport", {"PSTN", "VoIP"}) if owner else frozenset(),
        recording=kind,
        extension_number=visit.one("extensionNumber"),
        owner=owner.id if owner else None,
        phone=visit.one("phoneNumber"),
        missed=bool(groups) and "All" not in groups,
        categories=frozenset(visit.many("metadataCategory")),
    )


def choices(visit: Visit, name: str, allowed: set[str]) -> frozenset[str]:
    """Repeated values. A comma list is no error and matches nothing (FACTS 1.3); any other wrong value is one."""
    values = frozenset(visit.many(name))
    for value in values:
        if value not in allowed and "," not in value:
            raise bodies.invalid(name, value)
    return values


def read_query(visit: Visit, owner: Extension | None) -> CallQuery:
    """The query of a call-log request; 400 (CMN-101, CLG-110) for what a strict service would not take."""
    view = visit.choice("view", VIEWS, "Simple") or "Simple"
    session = visit.one("sessionId")
    if session is not None and (mixed := [name for name in _EXCLUDED_BY_SESSION if visit.many(name)]):
        detail = "can not be combined with sessionId"
        raise bodies.invalid(mixed[0], visit.many(mixed[0])[0], code="CLG-110", detail=detail)
    if visit.one("phoneNumber") is not None and visit.one("extensionNumber") is not None:
        raise bodies.invalid("phoneNumber", visit.one("phoneNumber"), detail="can not be combined with extensionNumber")
    first, last, date_from = bounds(visit)
    if owner is not None:
        visit.flag("showBlocked", default=True)
    return CallQuery(
        view=view,
        page=visit.number("page", 1, most=DEEPEST_PAGE),
        per_page=_per_page(visit, view),
        first=first,
        last=last,
        date_from=date_from,
        filter=read_filter(visit, owner),
        show_deleted=visit.flag("showDeleted"),
        session=session or visit.one("telephonySessionId"),
    )


def _per_page(visit: Visit, view: str) -> int:
    if visit.one("perPage") == "max":
        return PAGE_LIMITS[view]
    return min(visit.number("perPage", 100), PAGE_LIMITS[view])


def bounds(visit: Visit) -> tuple[int, int, int]:
    """First and last millisecond of the answer, and `dateFrom` as it goes into the links."""
    options = visit.state.options
    asked_from, asked_to = visit.moment("dateFrom"), visit.moment("dateTo")
    date_to = visit.state.now() if asked_to is None else asked_to
    date_from = date_to - instants.DAY if asked_from is None else asked_from
    if date_from > date_to:
        raise bodies.invalid("dateFrom", visit.one("dateFrom"), detail="is after dateTo")
    first = date_from
    if options.date_bounds == "seconds":
        first, date_to = first // instants.SECOND * instants.SECOND, date_to // instants.SECOND * instants.SECOND
    return first, date_to if options.date_to == "inclusive" else date_to - 1, date_from
