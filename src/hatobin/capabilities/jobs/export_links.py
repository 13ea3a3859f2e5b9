"""The link to the file of an export job.

SES gives a presigned URL of a bucket of its own. Here the file lies in the
blob store, and the link holds which job and until when, sealed under the
server's master key: nobody can make one, and who has one can fetch one file.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from hatobin.capabilities.jobs.model import JobKey
from hatobin.companions.kms import SealBroken, Vault
from hatobin.words.settings import Settings

EXPORT_PATH = "/exports/"
LINK_LIFE_S = 3600
MAX_TOKEN_LENGTH = 1024
_CONTEXT = "export link"


class _Link(msgspec.Struct, frozen=True, array_like=True):
    account_id: str
    region: str
    job_id: str
    expires_at: float


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Link)


class ExportLinks:
    """Writes and reads links."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self._vault = vault
        self._base = settings.link_base

    def url(self, key: JobKey, now: float) -> str:
        """Write a link that works for an hour."""
        link = _Link(key.account_id, key.region, key.job_id, now + LINK_LIFE_S)
        sealed = self._vault.seal(_encoder.encode(link), context=_CONTEXT)
        return f"{self._base}{EXPORT_PATH}{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def read(self, token: str, now: float) -> JobKey | None:
        """Read what follows the path of a link; None for what was never written here, or is over."""
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        try:
            sealed = base64.b64decode(f"{token}{'=' * (-len(token) % 4)}".encode("ascii"), b"-_", validate=True)
            link = _decoder.decode(self._vault.open(sealed, context=_CONTEXT))
        except (ValueError, binascii.Error, SealBroken, msgspec.DecodeError):
            return None
        return JobKey(link.account_id, link.region, link.job_id) if now < link.expires_at else None
