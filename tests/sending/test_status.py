"""What statuses and delivery error codes mean (guide page messaging/sms/sms-errors)."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.errors import DeliveryFailed
from airflow_provider_ringcentral.client.errors.remedies import delivery_remedy
from airflow_provider_ringcentral.client.errors.remedies.delivery import UNLISTED, FailureKind
from airflow_provider_ringcentral.sending.status.status import (
    DeliveryState,
    WaitState,
    check_failures,
    failure_of,
    not_confirmed,
    wait_state_of,
)

WAIT, DONE, FAILED = WaitState.WAIT, WaitState.DONE, WaitState.FAILED

OUTCOMES = [
    # type, status, code, and the outcome for accepted, sent, delivered
    ("SMS", "Queued", None, (DONE, WAIT, WAIT)),
    ("SMS", "Sent", None, (DONE, DONE, WAIT)),
    ("SMS", "sent", None, (DONE, DONE, WAIT)),
    ("SMS", "Delivered", None, (DONE, DONE, DONE)),
    ("sms", "DELIVERED", None, (DONE, DONE, DONE)),
    ("SMS", "Sending Failed", None, (FAILED, FAILED, FAILED)),
    ("SMS", "Received", None, (DONE, DONE, DONE)),
    ("SMS", "SendingFailed", "SMS-RC-413", (FAILED, FAILED, FAILED)),
    ("SMS", "DeliveryFailed", None, (FAILED, FAILED, FAILED)),
    ("SMS", "DeliveryFailed", "SMS-CAR-104", (DONE, DONE, WAIT)),
    ("SMS", "SendingFailed", "SMS-CAR-199", (DONE, DONE, WAIT)),
    ("SMS", "Delivered", "SMS-CAR-199", (DONE, DONE, DONE)),
    ("SMS", "DeliveryFailed", "SMS-XX-1", (FAILED, FAILED, FAILED)),
    ("SMS", "Pondering", None, (DONE, WAIT, WAIT)),
    ("SMS", "", None, (DONE, WAIT, WAIT)),
    ("SMS", None, None, (DONE, WAIT, WAIT)),
    ("Fax", "Queued", None, (DONE, WAIT, WAIT)),
    ("Fax", "Sent", None, (DONE, DONE, DONE)),
    ("Fax", "SendingFailed", None, (FAILED, FAILED, FAILED)),
    ("Pager", "Sent", None, (DONE, DONE, DONE)),
    ("VoiceMail", "Received", None, (DONE, DONE, DONE)),
]


@pytest.mark.parametrize(("kind", "status", "code", "outcomes"), OUTCOMES)
def test_outcomes(kind, status, code, outcomes):
    record = {"id": 1, "type": kind, "messageStatus": status, "deliveryErrorCode": code}

    assert tuple(wait_state_of(record, wish) for wish in ("accepted", "sent", "delivered")) == outcomes


def test_of_several_recipients_one_that_failed_makes_the_message_fail():
    to = [{"messageStatus": "Delivered"}, {"messageStatus": "SendingFailed"}]

    assert wait_state_of({"type": "SMS", "messageStatus": "Sent", "to": to}, "sent") is FAILED


KINDS = {
    FailureKind.PERMANENT: (
        "SMS-RC-410 SMS-UP-411 SMS-RC-413 SMS-UP-413 SMS-CAR-413 SMS-RC-414 SMS-UP-430 SMS-CAR-431 SMS-CAR-432 SMS-UP-433"
        " SMS-RC-434 SMS-CAR-435 SMS-CAR-461"
    ),
    FailureKind.TEMPORARY: "SMS-CAR-412 SMS-RC-500 SMS-RC-501 SMS-RC-503 SMS-RC-504 SMS-UP-500 SMS-CAR-500",
    FailureKind.QUOTA: "SMS-RC-403 SMS-CAR-450 SMS-CAR-451 SMS-CAR-452",
    FailureKind.UNKNOWN: "SMS-CAR-104 SMS-CAR-199",
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in KINDS.items() for code in codes.split()])
def test_codes(kind, code):
    assert delivery_remedy(code).kind is kind
    assert delivery_remedy(code) is not UNLISTED


@pytest.mark.parametrize("code", [None, "", "SMS-RC-999", "SMS-XX-413", "413", "SMS-RC-4130"])
def test_unlisted_codes_are_failures_that_nobody_repeats(code):
    assert delivery_remedy(code) is UNLISTED


def test_the_error_of_a_failure_names_code_remedy_and_whether_it_passes():
    record = {"id": 4178398077955743750, "messageStatus": "SendingFailed", "deliveryErrorCode": "SMS-RC-413"}
    error = failure_of(record)

    assert (error.code, error.temporary) == ("SMS-RC-413", False)
    assert "opted out" in error.remedy.cause
    assert "4178398077955743750" in str(error)
    assert failure_of({**record, "deliveryErrorCode": "SMS-CAR-412"}).temporary


def state(**codes):
    """SMS by id, each failed with its code; "" stands for one that is still queued."""
    records = {
        name: {"id": name, "messageStatus": "SendingFailed" if code else "Queued", "deliveryErrorCode": code}
        for name, code in codes.items()
    }
    return DeliveryState(records, "sent")


MIXED = [
    ({"a": "SMS-CAR-412", "b": "SMS-RC-413"}, False, "SMS-RC-413"),
    ({"a": "SMS-CAR-412", "b": "SMS-RC-500"}, True, "SMS-CAR-412"),
    ({"a": "", "b": "SMS-RC-500"}, True, "SMS-RC-500"),
]


@pytest.mark.parametrize(("codes", "temporary", "code"), MIXED)
def test_several_failures_pass_only_when_all_of_them_do(codes, temporary, code):
    with pytest.raises(DeliveryFailed, match="of 2 messages failed") as caught:
        check_failures(state(**codes), list(codes))

    assert (caught.value.temporary, caught.value.code) == (temporary, code)


def test_no_failure_is_no_error():
    check_failures(state(a="", b="SMS-RC-413"), ["a"])
    check_failures(state(), [])


def test_what_is_not_confirmed_is_told():
    error = not_confirmed(state(a="", b="SMS-RC-413"), ["a", "b", "c"], 60)

    assert str(error).startswith("2 of 3 messages are not sent after 60 s (status Queued): a, c.")
