"""Every operation that the sandbox speaks: one row each, with the group and permissions of the specification."""

from __future__ import annotations

from airflow_provider_ringcentral.sandbox.api import account as extensions
from airflow_provider_ringcentral.sandbox.api import authz, call_log, call_sync, recordings, versions
from airflow_provider_ringcentral.sandbox.api import token_endpoint as tokens
from airflow_provider_ringcentral.sandbox.api.messaging.routes import MESSAGING_OPERATIONS
from airflow_provider_ringcentral.sandbox.api.middleware import AUTH, Operation
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED

LIGHT, MEDIUM, HEAVY = "Light", "Medium", "Heavy"

_A = "/restapi/v1.0/account/{accountId}"
_E = _A + "/extension/{extensionId}"
_LOG = "ReadCallLog"
_COMPANY_LOG = "FullCompanyCallLog"

OPERATIONS: tuple[Operation, ...] = (
    Operation("getToken", "POST", "/restapi/oauth/token", AUTH, tokens.get_token),
    Operation("revokeToken", "POST", "/restapi/oauth/revoke", AUTH, tokens.revoke_token),
    Operation("readAPIVersions", "GET", "/restapi", UNLIMITED, versions.read_api_versions),
    Operation("readAPIVersion", "GET", "/restapi/{apiVersion}", UNLIMITED, versions.read_api_version),
    Operation("readAccountInfo", "GET", _A, LIGHT, extensions.read_account_info, "ReadAccounts", "ReadCompanyInfo"),
    Operation(
        "listExtensions", "GET", _A + "/extension", MEDIUM, extensions.list_extensions, "ReadAccounts", "ReadExtensions"
    ),
    Operation("readExtension", "GET", _E, LIGHT, extensions.read_extension, "ReadAccounts", "ReadExtensions"),
    Operation(
        "listExtensionPhoneNumbers",
        "GET",
        _E + "/phone-number",
        LIGHT,
        extensions.list_extension_phone_numbers,
        "ReadAccounts",
        "ReadUserPhoneNumbers",
    ),
    Operation("readAuthorizationProfile", "GET", _E + "/authz-profile", MEDIUM, authz.read_authorization_profile),
    Operation("checkUserPermission", "GET", _E + "/authz-profile/check", LIGHT, authz.check_user_permission),
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
        recordings.read_call_recording,
        "ReadCallRecording",
        "ReadCallRecording",
    ),
    Operation(
        "readCallRecordingContent",
        "GET",
        _A + "/recording/{recordingId}/content",
        HEAVY,
        recordings.read_call_recording_content,
        "ReadCallRecording",
        media=True,
    ),
    *MESSAGING_OPERATIONS,
)
