"""Functions and invocations as values, and Lambda's limits.

Refs: AWS Lambda API reference 2015-03-31, developer guide "Lambda quotas", "How Lambda handles errors and retries with
asynchronous invocation".
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from hatobin.protocols.aws.arn import parse_arn

SERVICE = "lambda.amazonaws.com"
"""Whom a role has to trust."""
LATEST = "$LATEST"
MAX_FUNCTIONS = 1000
"""Of an account in a region, here; AWS counts their code alone."""
MAX_CODE_BYTES = 2 * 1024**3
"""What the zipped code of an account in a region may take together, here; at AWS 75 GB."""
MAX_ZIP_BYTES = 50 * 1024 * 1024
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
MAX_FILES = 20_000
"""Of one function's code, here."""
MAX_ENVIRONMENT_BYTES = 4096
MAX_POLICY_BYTES = 20 * 1024
MAX_TAGS = 50
MAX_TIMEOUT_S = 900
MAX_MEMORY_MB = 10_240
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Of a synchronous invocation, and of any answer."""
MAX_EVENT_BYTES = 1024 * 1024
"""Of an asynchronous invocation (256 KB until 2025)."""
TAIL_BYTES = 4096
DEFAULT_TIMEOUT_S = 3
DEFAULT_MEMORY_MB = 128

MAX_ATTEMPTS = 3
RETRY_DELAYS_S = (60.0, 120.0)
"""After the first and the second failure."""
MAX_EVENT_AGE_S = 6 * 3600.0
FIRST_THROTTLE_DELAY_S = 1.0
LONGEST_THROTTLE_DELAY_S = 300.0

_FUNCTION = "function:"


class FunctionKey(Struct, frozen=True):
    """Which function: what its ARN says."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The function's ARN.

        >>> FunctionKey("123456789012", "us-east-1", "bounces").arn
        'arn:aws:lambda:us-east-1:123456789012:function:bounces'
        """
        return f"arn:aws:lambda:{self.region}:{self.account_id}:{_FUNCTION}{self.name}"

    @classmethod
    def from_arn(cls, text: str) -> FunctionKey | None:
        """Read a function's ARN, with or without `:$LATEST`; None when the text is none.

        >>> FunctionKey.from_arn("arn:aws:lambda:us-east-1:123456789012:function:bounces").name
        'bounces'
        """
        arn = parse_arn(text)
        if arn is None or arn.service != "lambda" or not arn.resource.startswith(_FUNCTION):
            return None
        name, _, version = arn.resource.removeprefix(_FUNCTION).partition(":")
        if not name or version not in ("", LATEST) or not arn.region or not arn.account_id:
            return None
        return cls(arn.account_id, arn.region, name)


class Configuration(Struct, frozen=True, omit_defaults=True):
    """What a function is, beside its code."""

    runtime: str
    handler: str
    role_arn: str
    description: str = ""
    timeout_s: int = DEFAULT_TIMEOUT_S
    memory_mb: int = DEFAULT_MEMORY_MB
    environment: dict[str, str] | None = None
    dead_letter_arn: str | None = None
    architecture: Literal["x86_64", "arm64"] = "x86_64"


class Code(Struct, frozen=True):
    """A function's code: the key of its blob, the digest in base64, and the size of the archive."""

    blob: str
    sha256: str
    size: int

    @property
    def code_id(self) -> str:
        """The name of the folder that it is unpacked into: the same code, the same folder."""
        return self.sha256.replace("/", "_").replace("+", "-").rstrip("=")


class Function(Struct, frozen=True):
    """A function; `function_id` is another one when the name is taken again. Times are seconds since the epoch."""

    key: FunctionKey
    function_id: str
    configuration: Configuration
    code: Code
    tags: dict[str, str]
    revision_id: str
    modified_at: float


class Policy(Struct, frozen=True):
    """What a function's policy says: statements as JSON texts, by their ids, in their order."""

    statements: tuple[tuple[str, str], ...]
    revision_id: str

    @property
    def document(self) -> str:
        """The policy as a whole."""
        inner = ",".join(text for _, text in self.statements)
        return f'{{"Version":"2012-10-17","Id":"default","Statement":[{inner}]}}'


class Event(Struct, frozen=True):
    """An asynchronous invocation. `attempts` have failed; `throttles` found no free place."""

    key: FunctionKey
    request_id: str
    payload: bytes
    accepted_at: float
    attempts: int
    throttles: int

    @property
    def retry_delay_s(self) -> float:
        """How long to wait after one more failure."""
        return RETRY_DELAYS_S[min(self.attempts, len(RETRY_DELAYS_S) - 1)]

    @property
    def throttle_delay_s(self) -> float:
        """How long to wait for a free place once more."""
        return min(LONGEST_THROTTLE_DELAY_S, FIRST_THROTTLE_DELAY_S * 2.0 ** min(self.throttles, 16))


class Outcome(Struct, frozen=True):
    """What became of an invocation: the answer, or the error with its kind as X-Amz-Function-Error says it.

    `log_tail` are the last octets that it logged.
    """

    payload: bytes
    error: str | None = None
    log_tail: bytes = b""


class Throttled(Exception):
    """Every place for a running function is taken."""


class NotRunnable(Exception):
    """The function cannot be started; the text says why, for its owner."""


encode_configuration = msgspec.json.Encoder().encode
decode_configuration = msgspec.json.Decoder(Configuration).decode
