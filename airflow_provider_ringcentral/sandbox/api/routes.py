"""Every operation of the sandbox: one row each, with the group and permissions of the specification."""

from __future__ import annotations

from airflow_provider_ringcentral.sandbox.api import account, call_log, call_sync, media, token_endpoint
from airflow_provider_ringcentral.sandbox.api.messaging.routes import MESSAGING_OPERATIONS
from airflow_provider_ringcentral.sandbox.api.middleware import AUTH, Operation
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED

LIGHT, MEDIUM, HEAVY = "Light", "Medium", "Heavy"

_A = "/restapi/v1.0/account/{accountId}"
_E = _A + "/extension/{extensionId}"
_LOG = "ReadCallLog"
_COMPANY_LOG = "FullCompanyCallLog"

OPERATIONS: tuple[Operation, ...] = (
    Operation("getToken", "POST", "/restapi/oauth/token", AUTH, token_endpoint.get_token),
    Operation("revokeToken", "POST", "/restapi/oauth/revoke", AUTH, token_endpoint.revoke_token),
    Operation("readAPIVersions", "GET", "/restapi", UNLIMITED, account.read_api_versions),
    Operation("readAPIVersion", "GET", "/restapi/{apiVersion}", UNLIMITED, account.read_api_version),
    Operation("readAccountInfo", "GET", _A, LIGHT, account.read_account_info, "ReadAccounts", "ReadCompanyInfo"),
    Operation(
        "listExtensions", "GET", _A + "/extension", MEDIUM, account.list_extensions, "ReadAccounts", "ReadExtensions"
    ),
    Operation("readExtension", "GET", _E, LIGHT, account.read_extension, "ReadAccounts", "ReadExtensions"),
    Operation(
        "listExtensionPhoneNumbers",
        "GET",
        _E + "/phone-number",
        LIGHT,
        account.list_extension_phone_numbers,
        "ReadAccounts",
        "ReadUserPhoneNumbers",
    ),
    Operation("readAuthorizationProfile", "GET", _E + "/authz-profile", MEDIUM, account.read_authorization_profile),
    Operation("checkUserPermission", "GET", _E + "/authz-profile/check", LIGHT, account.check_user_permission),
    Operation("readCompanyCallLog", "GET", _A + "/call-log", HEAVY, call_log.read_company_call_log, _LOG, _COMPANY_LOG),
    Operation("readUserCallLog", "GET", _E + "/call-log", HEAVY, call_log.read_user_call_log, _LOG, _LOG),
    Operation(
        "readCompanyCallRecord",
        "GET",
        _A + "/call-log/{callRecordId}",
        HEAVY,
        call_log.read_company_call_record,
        _LOG,
        _COMPANY_LOG,
    ),
    Operation(
        "readUserCallRecord", "GET", _E + "/call-log/{callRecordId}", HEAVY, call_log.read_user_call_record, _LOG, _LOG
    ),
    Operation("syncAccountCallLog", "GET", _A + "/call-log-sync", HEAVY, call_sync.sync_account_call_log, _LOG, _LOG),
    Operation("syncUserCallLog", "GET", _E + "/call-log-sync", HEAVY, call_sync.sync_user_call_log, _LOG, _LOG),
    Operation(
        "extractSyncAccountCallLog",
        "GET",
        _A + "/call-log-extract-sync",
        HEAVY,
        call_sync.extract_sync_account_call_log,
        _LOG,
        _LOG,
    ),
    Operation(
        "readCallRecording",
        "GET",
        _A + "/recording/{recordingId}",
        HEAVY,
        media.read_call_recording,
        "ReadCallRecording",
        "ReadCallRecording",
    ),
    Operation(
        "readCallRecordingContent",
        "GET",
        _A + "/recording/{recordingId}/content",
        HEAVY,
        media.read_call_recording_content,
        "ReadCallRecording",
        media=True,
    ),
    *MESSAGING_OPERATIONS,
)
