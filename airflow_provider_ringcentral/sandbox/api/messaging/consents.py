"""Consents of recipients to senders (guide page messaging/sms/messaging-consent-management)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import is_e164, own_numbers
from airflow_provider_ringcentral.sandbox.api.paging import a2p_paging, cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import choice_field, list_field
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import OPT_IN, OPT_OUT, Consent

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse

_SOURCES = ("Recipient", "Api", "Upstream", "Carrier")
_COVERAGES = ("PhoneNumber", "Account", "CampaignType")
_MOST_NUMBERS, _MOST_RECORDS, _LARGEST_PAGE = 20, 1000, 1000


def search_consents(context: RequestContext) -> ApiResponse:
    """`searchSmsConsentRecords`: the latest consents that match the filters."""
    context.check_account()
    body = context.json_object()
    token = read_token(body.get("pageToken"), "consents")
    filters = token.filters if token else {name: _texts(body, name) for name in ("from", "to", "coverage")}
    if token is None:
        chosen = choice_field(body, "optStatus", (OPT_OUT, OPT_IN), required=False)
        filters["optStatus"] = [chosen] if chosen else []
        for value in filters["coverage"]:
            if value not in _COVERAGES:
                raise responses.invalid_parameter("coverage", value)
    consents = context.state.messaging.consents
    found = consents.find(senders=filters["from"], to=filters["to"], statuses=filters["optStatus"])
    # All consents here are given to one number: none covers the account or a type of campaign.
    shown = [] if filters["coverage"] and "PhoneNumber" not in filters["coverage"] else found
    count = body.get("perPage", 100)
    if not isinstance(count, int) or count < 1:
        raise responses.invalid_parameter("perPage", str(count))
    page = cut_page(
        shown,
        token,
        kind="consents",
        count=min(count, _LARGEST_PAGE),
        key=lambda one: f"{one.sender}/{one.to}",
        filters=filters,
    )
    records = [_record(consent) for consent in page.entries]
    return context.json({"records": records, "paging": a2p_paging(page, body.get("pageToken"))})


def edit_consents(context: RequestContext) -> ApiResponse:
    """`editSmsConsentRecords`: each record by itself; the response names those that failed."""
    context.check_account()
    state, entries = context.state, list_field(context.json_object(), "records")
    if len(entries) > _MOST_RECORDS:
        raise responses.batch_too_large(len(entries), _MOST_RECORDS)
    now, own, failed = state.now(), own_numbers(state), []
    for entry in entries:
        status = choice_field(entry, "optStatus", (OPT_OUT, OPT_IN)) or OPT_OUT
        source = choice_field(entry, "source", _SOURCES) or "Api"
        if entry.get("from") not in own or not is_e164(entry.get("to")):
            name = "to" if entry.get("from") in own else "from"
            error = {"errorCode": "CMN-101", "message": f"Parameter [{name}] value is invalid"}
            failed.append(entry | {"error": error})
            continue
        state.messaging.consents.put(Consent(entry["from"], entry["to"], status, source, now))
    return context.json({"failedRecords": failed} if failed else {})


def _texts(body: dict[str, Any], name: str) -> list[str]:
    values = body.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not 1 <= len(values) <= _MOST_NUMBERS:
        raise responses.invalid_parameter(name, detail=f"1 to {_MOST_NUMBERS} values")
    if name != "coverage" and not all(is_e164(value) for value in values):
        raise responses.invalid_parameter(name)
    return [str(value) for value in values]


def _record(consent: Consent) -> dict[str, Any]:
    return {
        "from": consent.sender,
        "to": consent.to,
        "optStatus": consent.status,
        "source": consent.source,
        "lastModifiedTime": timestamps.text(consent.modified),
    }


def list_opt_outs(context: RequestContext) -> ApiResponse:
    """`readA2PSMSOptOuts`, the list that consents replaced."""
    context.check_account()
    status = context.choice("status", ("optout", "optin", "all"), "optout") or "optout"
    token = read_token(context.value("pageToken"), "opt-outs")
    senders = [value for value in context.values("from") if value != "*"]
    statuses = {"optout": [OPT_OUT], "optin": [OPT_IN], "all": []}[status]
    filters = token.filters if token else {"from": senders, "to": context.values("to"), "status": statuses}
    found = context.state.messaging.consents.find(senders=filters["from"], to=filters["to"], statuses=filters["status"])
    count = min(context.number("perPage", _LARGEST_PAGE), _LARGEST_PAGE)
    page = cut_page(
        found, token, kind="opt-outs", count=count, key=lambda one: f"{one.sender}/{one.to}", filters=filters
    )
    records = [
        # The old list has no source `Api`; what was set through the API has the source `Account`.
        {"from": one.sender, "to": one.to, "status": one.status, "source": one.source.replace("Api", "Account")}
        for one in page.entries
    ]
    return context.json({"records": records, "paging": a2p_paging(page, context.value("pageToken"))})
