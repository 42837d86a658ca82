"""Encryption of what the ledger keeps, with a key that only the holder of the Connection can derive."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from airflow_provider_ringcentral.client.auth.credentials import Credentials


class TokenEncryptor:
    """Closes and opens texts with a key derived (HKDF-SHA256) from client secret and JWT."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"airflow-provider-ringcentral ledger")
        return Fernet(base64.urlsafe_b64encode(derive.derive(self._credentials.encryption_secret())))

    def close(self, text: str) -> str:
        """`text`, unreadable without the credentials."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text, or None when it was sealed by other credentials or damaged."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
