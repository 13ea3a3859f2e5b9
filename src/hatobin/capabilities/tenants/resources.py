"""Which resources an ARN may name for a tenant. Pure.

The type and the name are those of the tagged resources of the same words:
where one is, and how its name is kept, is asked of `TaggedKinds`, because the
rooms of identities, sets and templates look at this one before they delete.

Refs: surface.md appendix F (the wire has `identity`, `configuration-set`,
`template`, and refuses the constants of the SDKs); texts observed in 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.tags import TaggedKind, TaggedKinds
from hatobin.capabilities.tenants.model import bad
from hatobin.protocols.aws.arn import parse_arn, ses_arn
from hatobin.words.errors import CallerError

IDENTITY, CONFIGURATION_SET, TEMPLATE = "identity", "configuration-set", "template"
# The colon is SES's own.
_MISSING = {
    IDENTITY: "Identity <{}> does not exist",
    CONFIGURATION_SET: "Configuration set <{}> does not exist:",
    TEMPLATE: "Template <{}> does not exist",
}


@dataclass(frozen=True, slots=True)
class TenantResource:
    """Something that a tenant can be given: its type as the wire has it, and its name as its table keeps it."""

    account_id: str
    region: str
    resource_type: str
    key: str

    @property
    def arn(self) -> str:
        """Name the resource."""
        return ses_arn(self.region, self.account_id, f"{self.resource_type}/{self.key}")


def read_resource(text: str, kinds: TaggedKinds, account_id: str, region: str) -> tuple[TenantResource, TaggedKind]:
    """Read the ARN of a resource for a tenant of the caller; it need not exist.

    The order of the checks is SES's: form, service, type, region, account. Raises `CallerError`.
    """
    arn = parse_arn(text)
    if arn is None:
        raise _no_resource()
    if arn.service != "ses":
        raise bad("Provided ARN is not in SES resource ARN format")
    resource_type, _, name = arn.resource.partition("/")
    if resource_type not in _MISSING:
        raise bad(f"Unsupported resource type: {resource_type}")
    if not name:
        raise _no_resource()
    if arn.region != region:
        raise bad(f"Resource <{text}> must be in the same region")
    if arn.account_id != account_id:
        raise bad(f"Resource <{text}> must be in the same account")
    kind = kinds.by_type[resource_type]
    return TenantResource(account_id, region, resource_type, kind.key(name)), kind


def is_resource_type(text: str) -> bool:
    """Say whether a text is one of the types, as the wire has them."""
    return text in _MISSING


def missing(resource: TenantResource) -> CallerError:
    """Word a resource that is not there."""
    return CallerError("NotFoundException", _MISSING[resource.resource_type].format(resource.key), status=404)


def _no_resource() -> CallerError:
    return bad("Provided resource identifier is not an SES resource")
