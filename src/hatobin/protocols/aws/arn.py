"""Amazon Resource Names: reading them and writing them.

Refs: AWS General Reference, "Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

from msgspec import Struct

# The longest ARN that services document; longer text is not an ARN.
MAX_ARN_CHARACTERS = 2048


class Arn(Struct, frozen=True):
    """`arn:partition:service:region:account:resource`; region and account may be empty."""

    partition: str
    service: str
    region: str
    account_id: str
    resource: str

    def __str__(self) -> str:
        """Write the ARN."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account_id}:{self.resource}"

    @property
    def resource_type(self) -> str:
        """What stands before the first `/` or `:` of the resource ("identity"); empty without one."""
        return self._split()[0]

    @property
    def resource_id(self) -> str:
        """What stands after the first `/` or `:` of the resource, or all of it without one."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        cuts = [index for index in (self.resource.find("/"), self.resource.find(":")) if index >= 0]
        if not cuts:
            return "", self.resource
        return self.resource[: min(cuts)], self.resource[min(cuts) + 1 :]


def parse_arn(text: str) -> Arn | None:
    """Read an ARN; None when `text` is not one."""
    if len(text) > MAX_ARN_CHARACTERS:
        return None
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        return None
    return Arn(*parts[1:])


def ses_arn(region: str, account_id: str, resource: str) -> str:
    """Give the ARN of an SES resource such as "identity/example.com"."""
    return f"arn:aws:ses:{region}:{account_id}:{resource}"
