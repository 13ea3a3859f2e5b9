"""The errors of tenants and of multi-region endpoints; those of tenants have texts observed at SES."""

from __future__ import annotations

from tests.modelled_errors.provocation import Group, Provocation

_V2 = Group("sesv2")
_FULL, _BAD, _MISSING, _TAKEN = (
    "LimitExceededException",
    "BadRequestException",
    "NotFoundException",
    "AlreadyExistsException",
)
_NO_TENANT = "The requested tenant <none> does not exist."
_IN_USE = (
    "Cannot delete <arn:aws:ses:us-east-1:123456789012:{}> because it has tenant associations. "
    "Remove all tenant associations and try again."
)
_TENANT_OPERATIONS = ("GetTenant", "DeleteTenant", "PutTenantSuppressionAttributes", "ListTenantResources")
_GIVING = ("CreateTenantResourceAssociation", "DeleteTenantResourceAssociation")
_SES = "arn:aws:ses:us-east-1:123456789012:"
TENANTS: list[Provocation] = [
    *_V2.each((*_TENANT_OPERATIONS, *_GIVING), _MISSING, _NO_TENANT, TenantName="none"),
    *_V2.each((*_TENANT_OPERATIONS, *_GIVING), _BAD, "TenantName cannot be empty", TenantName=" "),
    _V2.one(
        "CreateTenant",
        _BAD,
        "Invalid tenant name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        TenantName="a b",
    ),
    _V2.one(
        "CreateTenant",
        _TAKEN,
        "Tenant with name acme already exists in account 123456789012",
        TenantName="acme",
    ),
    _V2.one(
        "CreateTenantResourceAssociation",
        _TAKEN,
        f"Resources {_SES}configuration-set/cs has already been associated with tenant acme",
        TenantName="acme",
        ResourceArn=f"{_SES}configuration-set/cs",
    ),
    _V2.one("ListResourceTenants", _MISSING, "Template <none> does not exist", ResourceArn=f"{_SES}template/none"),
    _V2.one("ListResourceTenants", _BAD, "Provided resource identifier is not an SES resource", ResourceArn="x"),
    *_V2.each(("DeleteConfigurationSet",), _BAD, _IN_USE.format("configuration-set/cs"), ConfigurationSetName="cs"),
    *_V2.each(
        ("UpdateReputationEntityCustomerManagedStatus", "GetReputationEntity"),
        _BAD,
        "Reputation entity reference <x> is invalid.",
        ReputationEntityReference="x",
    ),
    _V2.one(
        "UpdateReputationEntityPolicy",
        _BAD,
        "Reputation policy <x> is invalid.",
        ReputationEntityReference=f"{_SES}tenant/acme",
        ReputationEntityPolicy="x",
    ),
    _V2.one(
        "GetReputationEntity",
        _MISSING,
        f"Reputation entity <{_SES}tenant/none> does not exist.",
        ReputationEntityReference=f"{_SES}tenant/none",
    ),
    _V2.one("ListReputationEntities", _BAD, "Invalid Next Token", NextToken="x"),
    _V2.one("ListRecommendations", _BAD, "Invalid Next Token", NextToken="x"),
    _V2.one("ListRecommendations", _MISSING, "Virtual Deliverability Manager is not enabled for this account."),
    _V2.one("ListTenants", _BAD, "Invalid Next Token", NextToken="x"),
    Group("sesv2", "full").one("CreateTenant", _FULL, "Maximum of 10000 tenants reached.", TenantName="more"),
]
_OTHER_REGION = {"RoutesDetails": [{"Region": "eu-west-1"}]}
ENDPOINTS: list[Provocation] = [
    *_V2.each(
        ("GetMultiRegionEndpoint", "DeleteMultiRegionEndpoint"),
        _MISSING,
        "Multi-region endpoint <none> does not exist.",
        EndpointName="none",
    ),
    *_V2.each(
        ("GetMultiRegionEndpoint", "DeleteMultiRegionEndpoint"),
        _BAD,
        "1 validation error detected: Value at 'endpointName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ^[\\w\\-_]+$",
        EndpointName="a b",
    ),
    _V2.one(
        "CreateMultiRegionEndpoint",
        _BAD,
        "RoutesDetails must contain exactly one route.",
        EndpointName="new",
        Details={"RoutesDetails": []},
    ),
    _V2.one(
        "CreateMultiRegionEndpoint",
        _TAKEN,
        "Multi-region endpoint global already exists.",
        EndpointName="global",
        Details=_OTHER_REGION,
    ),
    Group("sesv2", "full").one(
        "CreateMultiRegionEndpoint",
        _FULL,
        "Maximum of 100 multi-region endpoints reached.",
        EndpointName="more",
        Details=_OTHER_REGION,
    ),
    _V2.one("ListMultiRegionEndpoints", _BAD, "Invalid NextToken", NextToken="abcd"),
]
ALL = [*TENANTS, *ENDPOINTS]
