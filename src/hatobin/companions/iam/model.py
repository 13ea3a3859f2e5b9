"""Users, roles and access keys as values: how they look, how they are made, and which are the first.

Refs: IAM user guide, "IAM identifiers", "Managing access keys for IAM users", "IAM and AWS STS quotas".
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

TEMPORARY = "ASIA"
"""What the access key ids of temporary credentials begin with."""
MAX_USERS = 5000
MAX_ROLES = 1000
MAX_KEYS_OF_USER = 2
MAX_ATTACHED = 10
MAX_TAGS = 50
MAX_USER_POLICY_BYTES = 2048
MAX_ROLE_POLICY_BYTES = 10_240
MAX_TRUST_BYTES = 2048
DEFAULT_SESSION_S = 3600

JUDGED_PEERS = 1024  # How many judged addresses are remembered.

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_CHARACTERS = 16
_TOKEN_BYTES = 129
_SECRET_BYTES = 30  # 40 characters in base64, the length of every AWS secret.


class KeyStatus(Enum):
    """Whether a key may sign; the values are IAM's."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


TagPair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class User:
    """One user. `revision` changes with everything that the user is and may do; times are seconds since the epoch."""

    account_id: str
    name: str
    user_id: str
    path: str
    tags: tuple[TagPair, ...]
    created_at: float
    revision: int

    @property
    def arn(self) -> str:
        """The user's ARN, which has its path."""
        return user_arn(self.account_id, self.name, self.path)


@dataclass(frozen=True, slots=True)
class Role:
    """One role. `trust` is the JSON text that says who may assume it, `max_session_s` for how long at most.

    `trust_ids` are the ids of whom it names, as the module `trust` keeps them.
    """

    account_id: str
    name: str
    role_id: str
    path: str
    trust: str
    trust_ids: str
    description: str | None
    max_session_s: int
    tags: tuple[TagPair, ...]
    created_at: float
    last_used_at: float | None
    last_used_region: str | None
    revision: int

    @property
    def arn(self) -> str:
        """The role's ARN, which has its path."""
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"


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
    last_used_service: str | None = None
    last_used_region: str | None = None


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


def new_role_id(entropy: Entropy) -> str:
    """Draw the unique id of a role: AROA and 16 base32 characters."""
    return "AROA" + _base32(entropy, _ID_CHARACTERS)


def new_session_key_id(entropy: Entropy) -> str:
    """Draw the access key id of temporary credentials: ASIA and 16 base32 characters."""
    return TEMPORARY + _base32(entropy, _ID_CHARACTERS)


def new_session_token(entropy: Entropy, least: int = 0) -> str:
    """Draw a session token: 172 characters of base64, more where the caller wants at least so many."""
    return base64.b64encode(entropy.token_bytes(max(_TOKEN_BYTES, -(-least // 4) * 3))).decode()


def new_secret(entropy: Entropy) -> str:
    """Draw a secret access key: 40 characters of base64, 240 bits."""
    return base64.b64encode(entropy.token_bytes(_SECRET_BYTES)).decode()


def user_arn(account_id: str, user_name: str, path: str = "/") -> str:
    """Give the ARN of a user.

    >>> user_arn("123456789012", "test")
    'arn:aws:iam::123456789012:user/test'
    """
    return f"arn:aws:iam::{account_id}:user{path}{user_name}"


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
