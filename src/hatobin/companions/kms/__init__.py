"""Secrets at rest: sealed with AES-256-GCM under the server's master key.

Every secret that must be read back (access key secrets, DKIM private keys)
is stored sealed, and bound to its place by `context`, so that a sealed value
moved to another row does not open. Master keys come from files in the data
folder or from the configuration; they are never in the database. There may be
several: the first seals, all open, and `reseal_piece` brings what former ones
sealed under the first.
"""

from __future__ import annotations

from hatobin.companions.kms.resealing import Examined, SealedTable, SealedValue, reseal_piece
from hatobin.companions.kms.vault import KEY_BYTES, MasterKeys, SealBroken, Vault, key_id

__all__ = [
    "KEY_BYTES",
    "Examined",
    "MasterKeys",
    "SealBroken",
    "SealedTable",
    "SealedValue",
    "Vault",
    "key_id",
    "reseal_piece",
]
