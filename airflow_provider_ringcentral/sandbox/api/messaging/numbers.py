"""Which numbers may send, and to whom (guide page messaging/sms/sms-requirements)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.account import phone_numbers

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.state import State

REFUSALS = {
    "MSG-240": (403, "International SMS is not available for account."),
    "MSG-241": (403, "Cannot send SMS from Fax number"),
    "MSG-243": (400, "Parameter [to] value is invalid [Phone number is blocked]"),
    "MSG-290": (503, "SMS gateway is temporarily unavailable"),
    "MSG-305": (429, "Request rate exceeded"),
    "MSG-384": (403, "Account limits exceeded. Cannot send the message."),
    "MSG-397": (403, "Toll Free SMS is not available for the account"),
}
"""Codes for `number_outcome(refuse=…)` with their status and message; any other code answers 400."""

_E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
_LONGEST_EXTENSION, _LONGEST_SHORT_NUMBER = 4, 6


def own_numbers(state: State) -> dict[str, list[str]]:
    """Return the numbers of all users who may log in, with their features."""
    found: dict[str, list[str]] = {}
    for user in state.identity.users:
        extension = state.company.find(str(user))
        if extension is not None:
            found |= {entry["phoneNumber"]: entry["features"] for entry in phone_numbers(state, extension)}
    return found


def is_e164(value: object) -> bool:
    """Tell whether a value is a phone number in E.164 form: `+`, country code and number."""
    return isinstance(value, str) and bool(_E164.match(value))


def outsider(state: State, number: str) -> dict[str, Any]:
    """Return a phone number as a party of a message."""
    names = dict(state.company.outsiders)
    return {"phoneNumber": number} | ({"name": names[number]} if number in names else {})


def sms_sender(context: RequestContext, body: dict[str, Any], *, mms: bool) -> dict[str, Any]:
    """Return the sender of a text; refuse a number that is not the user's, or whose features do not allow it."""
    extension, state = context.own_extension(), context.state
    if not isinstance(body.get("from"), dict):
        raise responses.missing_parameter("from")
    number = body["from"].get("phoneNumber")
    if number is None:
        raise responses.missing_parameter("from.phoneNumber")
    own = {entry["phoneNumber"]: entry for entry in phone_numbers(state, extension)}
    if number not in own:
        raise _foreign(state, number)
    features = own[number]["features"]
    if "SmsSender" not in features:
        if own[number]["usageType"] == "DirectNumber":
            message = "The requested feature is not available"
            raise responses.api_error(403, "MSG-242", message, word="FeatureNotAvailable", parameter="from")
        raise responses.api_error(403, "MSG-367", "from phone number does not support SMS", parameter="from")
    if mms and "MmsSender" not in features:
        raise responses.api_error(403, "MSG-380", "The MMS feature is not available", word="FeatureNotAvailable")
    return {"phoneNumber": number, "name": extension.name, "location": extension.location}


def _foreign(state: State, number: object) -> responses.ApiError:
    if any(number == extension.phone_number for extension in state.company.extensions):
        message = "Phone number doesn't belong to extension"
        return responses.api_error(403, "MSG-304", message, word="FeatureNotAvailable", parameter="from")
    detail = "Cannot find the phone number which belongs to user"
    return responses.invalid_parameter("from", str(number), code="MSG-245", detail=detail)


def check_country(body: dict[str, Any]) -> None:
    """Refuse a country that is given twice (MSG-365)."""
    country = body.get("country") or {}
    if "id" in country and "isoCode" in country:
        message = "Parameters [country.id] and [country.isoCode] can not be specified simultaneously"
        raise responses.api_error(400, "MSG-365", message, parameter="country")


def check_text_recipient(context: RequestContext, number: object, sender: str) -> str:
    """Return the number of a recipient; refuse one that cannot be sent texts."""
    if number is None:
        raise responses.missing_parameter("to.phoneNumber")
    text = str(number)
    digits = text.removeprefix("+")
    if digits.isdecimal() and len(digits) <= _LONGEST_SHORT_NUMBER:
        short = len(digits) > _LONGEST_EXTENSION
        message = "Sending SMS to short numbers" if short else "Sending SMS from/to extension numbers"
        code = "MSG-247" if short else "MSG-246"
        raise responses.api_error(400, code, f"{message} is not available", word="InvalidParameter", parameter="to")
    if not is_e164(number):
        raise responses.invalid_parameter("to", text)
    own = phone_numbers(context.state, context.extension())
    features = next(entry["features"] for entry in own if entry["phoneNumber"] == sender)
    if not text.startswith("+1") and "InternationalSmsSender" not in features:
        raise refused("MSG-240")
    check_outcome(context.state, text)
    return text


def check_outcome(state: State, number: str) -> None:
    """Refuse a recipient for whom `number_outcome(refuse=…)` was called."""
    code = state.messaging.outcomes.of(number).refuse
    if code is not None:
        raise refused(code)


def refused(code: str, headers: dict[str, str] | None = None) -> responses.ApiError:
    """Return the error of a code of `REFUSALS`."""
    status, message = REFUSALS.get(code, (400, "Parameter [to] value is invalid."))
    return responses.api_error(status, code, message, parameter="to", headers=headers)
