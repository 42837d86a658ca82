"""SMS, MMS, fax and pager messages that were refused before they were accepted."""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    DAG_AUTHOR,
    RINGCENTRAL_SUPPORT,
    Remedy,
)


def _author(cause: str, cure: str) -> Remedy:
    return Remedy(cause=cause, cure=cure, who=DAG_AUTHOR)


_NOT_OWN_NUMBER = _author(
    "The sending number does not belong to the user the JWT belongs to. An administrator cannot send for others "
    "either.",
    "Send from a number of that user, or use a Connection with the JWT of the user who owns the number.",
)
_NO_SMS_FROM_NUMBER = _author(
    "The sending number cannot send SMS.",
    "Choose a number of the JWT's user that has the feature SmsSender; the diagnosis of the Connection lists them. "
    "Numbers in the US and Canada also need a confirmed SMS campaign.",
)
_FAX_NUMBER = _author("The number is a fax number, which has no SMS.", "Choose another number.")
_SHORT_NUMBER = _author(
    "SMS goes to and from full phone numbers, not extension or short numbers.",
    "Write the number in E.164, with + and country code.",
)
_INTERNATIONAL = Remedy(
    cause="The recipient is abroad and this account has no international SMS.",
    cure="Leave the recipient out, or ask RingCentral support whether the account can have international SMS.",
    who=RINGCENTRAL_SUPPORT,
)
_TOO_LARGE = _author(
    "The message or an attachment is too large.",
    "Shrink it: MMS attachments may have 1.5 MB together, a fax 50 MB.",
)
_FAX_ROLE = Remedy(
    cause="The user the JWT belongs to may not send faxes.",
    cure="Admin Portal → Users → Roles: give that user a role that may send faxes; check that its kind of extension "
    "has fax.",
    who=ADMIN_PORTAL,
)
_FAX_PARTS = _author(
    "RingCentral could not read the parts of the fax request.",
    "Put the JSON part first, give every file a name and a content type, and keep & @ # $ % ^ * out of names.",
)
_EXCLUSIVE = _author(
    "Two parameters were given that exclude each other.",
    "Leave one out: country id or isoCode; conversationId or message type.",
)
_PAGER_THREAD = _author(
    "No reply can be sent into this thread: it is too old, or the user has left it.",
    "Start a new message in place of `replyOn`.",
)
_PAGER_SENDER = _author(
    "A pager message can only come from the user the JWT belongs to.",
    "Leave `from` out.",
)

ROWS: dict[str, Remedy] = {
    "MSG-240": _INTERNATIONAL,
    "MSG-241": _FAX_NUMBER,
    "MSG-242": _NO_SMS_FROM_NUMBER,
    "MSG-243": _author("The phone number is blocked.", "Leave it out; trying again does not help."),
    "MSG-245": _NOT_OWN_NUMBER,
    "MSG-246": _SHORT_NUMBER,
    "MSG-247": _SHORT_NUMBER,
    "MSG-290": Remedy(
        cause="RingCentral's SMS gateway cannot take the message now.",
        cure="Try again later.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-304": _NOT_OWN_NUMBER,
    "MSG-309": _FAX_NUMBER,
    "MSG-310": _author("The phone number is assigned to nobody.", "Choose a number that belongs to the JWT's user."),
    "MSG-314": _author("This kind of extension has no such messages.", "Use the JWT, or the id, of a normal user."),
    "MSG-316": _author(
        "The recipient of the pager message was not found, or is a call queue without members.",
        "Check the extension id or number.",
    ),
    "MSG-324": _author(
        "The recipient's extension is disabled, frozen or not activated.",
        "Leave it out, or have it enabled in the Admin Portal → Users.",
    ),
    "MSG-325": _PAGER_THREAD,
    "MSG-326": _PAGER_THREAD,
    "MSG-330": _author("A call queue cannot send pager messages.", "Send as the user the JWT belongs to."),
    "MSG-331": _PAGER_SENDER,
    "MSG-332": _PAGER_SENDER,
    "MSG-333": _author(
        "The message sync token no longer works.",
        "Start over with a full sync (syncType=FSync) from the last time known to be complete.",
    ),
    "MSG-335": _author(
        "The recipient's extension number and extension id do not belong together.",
        "Give only one of them.",
    ),
    "MSG-337": _TOO_LARGE,
    "MSG-338": _TOO_LARGE,
    "MSG-340": _FAX_ROLE,
    "MSG-341": _FAX_ROLE,
    "MSG-343": _author(
        "The fax cannot be sent again in its present state.",
        "Wait for its final status, or send a new fax with the original file.",
    ),
    "MSG-347": _author("An attachment is empty.", "Attach a file with content."),
    "MSG-348": _author("RingCentral does not take attachments of this type.", "Convert the file, for example to PDF."),
    "MSG-349": _FAX_PARTS,
    "MSG-350": _FAX_PARTS,
    "MSG-351": _FAX_PARTS,
    "MSG-352": _author("The message has no content.", "Give it a text or an attachment."),
    "MSG-365": _EXCLUSIVE,
    "MSG-367": _NO_SMS_FROM_NUMBER,
    "MSG-380": _author(
        "The sending number has no MMS.",
        "Choose a number of the JWT's user that has the feature MmsSender; toll-free numbers have no MMS.",
    ),
    "MSG-381": _author(
        "More than 10 recipients in one message, and all of them would see each other.",
        "Send one message per recipient.",
    ),
    "MSG-384": Remedy(
        cause="The account has used up the messages it may send.",
        cure="Send the rest later, or ask RingCentral support for a larger allowance. Trying again at once does not "
        "help.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-390": _EXCLUSIVE,
    "MSG-397": Remedy(
        cause="The account has no SMS on toll-free numbers.",
        cure="Send from a local number, or ask RingCentral support for toll-free SMS.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-403": _author(
        "Toll-free numbers cannot send SMS abroad.",
        "Send from a local number with international SMS.",
    ),
}
