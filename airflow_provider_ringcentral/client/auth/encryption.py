"""TokenEncryptor: encrypts what the ledger stores with a key that only holders of the Connection can derive."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from airflow_provider_ringcentral.client.auth.credentials import Credentials


class TokenEncryptor:
    """Encrypts text with a key derived (HKDF-SHA256) from client secret and JWT."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"airflow-provider-ringcentral ledger")
        return Fernet(base64.urlsafe_b64encode(derive.derive(self._credentials.encryption_secret())))

    def encrypt(self, text: str) -> str:
        """Return `text` as a Fernet token, printable ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str | None:
        """Return the text, or None if it is damaged or was encrypted with other credentials."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except InvalidToken:
            return None
