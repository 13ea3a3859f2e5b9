"""Access keys as values: how they look, how they are made, and which are the first.

Refs: IAM user guide, "Managing access keys for IAM users" and "IAM identifiers".
"""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from hatobin.ports import Entropy

FIRST_ACCESS_KEY_ID = "test"
FIRST_SECRET = "test"  # noqa: S105 - the documented key of a fresh local server, refused in mode mx
FIRST_ACCOUNT_ID = "123456789012"
FIRST_USER_NAME = "test"

JUDGED_PEERS = 1024  # How many judged addresses are remembered.

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_CHARACTERS = 16
_SECRET_BYTES = 30  # 40 characters in base64, the length of every AWS secret.


class KeyStatus(Enum):
    """Whether a key may sign; the values are IAM's."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One access key without its secret. Times are seconds since the epoch."""

    access_key_id: str
    account_id: str
    user_name: str
    user_id: str
    arn: str
    status: KeyStatus
    created_at: float
    last_used_at: float | None


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    """A key that has just been made, with the secret that is shown only now."""

    key: AccessKey
    secret: str


def new_access_key_id(entropy: Entropy) -> str:
    """Draw an access key id: AKIA and 16 base32 characters."""
    return "AKIA" + _base32(entropy, _ID_CHARACTERS)


def new_user_id(entropy: Entropy) -> str:
    """Draw the unique id of a user: AIDA and 16 base32 characters."""
    return "AIDA" + _base32(entropy, _ID_CHARACTERS)


def new_secret(entropy: Entropy) -> str:
    """Draw a secret access key: 40 characters of base64, 240 bits."""
    return base64.b64encode(entropy.token_bytes(_SECRET_BYTES)).decode()


def user_arn(account_id: str, user_name: str) -> str:
    """Give the ARN of a user.

    >>> user_arn("123456789012", "test")
    'arn:aws:iam::123456789012:user/test'
    """
    return f"arn:aws:iam::{account_id}:user/{user_name}"


@lru_cache(maxsize=JUDGED_PEERS)
def first_key_allowed(peer_ip: str, *, mode: str, trusted_networks: tuple[str, ...]) -> bool:
    """Say whether a peer may use the documented first key.

    Everyone knows that key, so it works from loopback and from the networks
    that the operator trusts (containers, CI), and never where real mail leaves.
    A peer whose address cannot be read is a stranger.
    """
    if mode == "mx":
        return False
    try:
        peer = ipaddress.ip_address(peer_ip)
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    if (mapped or peer).is_loopback:
        return True
    return any((mapped or peer) in ipaddress.ip_network(network, strict=False) for network in trusted_networks)


def _base32(entropy: Entropy, count: int) -> str:
    # 256 is a multiple of 32, so the low five bits of a byte are uniform.
    return "".join(_BASE32[byte & 31] for byte in entropy.token_bytes(count))
