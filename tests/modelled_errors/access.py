"""The errors of IAM and STS, as far as they are served."""

from __future__ import annotations

from typing import Any

from tests.api.harness import ACCOUNT
from tests.api.iam_resources import ALLOWING, TRUST
from tests.api.iam_resources import MANAGED as SES
from tests.modelled_errors.provocation import Group, Provocation

_IAM, _STS, _FULL = Group("iam"), Group("sts"), Group("iam", "full")
_GONE, _LIMIT, _INPUT = "NoSuchEntityException", "LimitExceededException", "InvalidInputException"
_MALFORMED, _TAKEN, _CONFLICT = (
    "MalformedPolicyDocumentException",
    "EntityAlreadyExistsException",
    "DeleteConflictException",
)
ATTACHED = tuple(
    f"arn:aws:iam::aws:policy/{name}"
    for name in (
        *("AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "IAMFullAccess", "IAMReadOnlyAccess"),
        *("AmazonSESReadOnlyAccess", "AmazonSNSFullAccess", "AmazonSNSReadOnlyAccess"),
        *("AmazonSQSFullAccess", "AmazonSQSReadOnlyAccess"),
    )
)
"""What is attached on the stages: as many as there may be."""
KEY = "AKIAAAAAAAAAAAAAAAAA"
_TWICE = [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]
_MANY = [{"Key": str(number), "Value": ""} for number in range(50)]
_BY_KIND: dict[str, dict[str, Any]] = {
    "Put{}Policy": {"PolicyName": "p", "PolicyDocument": ALLOWING},
    "Get{}Policy": {"PolicyName": "p"},
    "List{}Policies": {},
    "Delete{}Policy": {"PolicyName": "p"},
    "Attach{}Policy": {"PolicyArn": SES},
    "Detach{}Policy": {"PolicyArn": SES},
    "ListAttached{}Policies": {},
    "Get{}": {},
    "Update{}": {},
    "Delete{}": {},
    "Tag{}": {"Tags": []},
    "Untag{}": {"TagKeys": ["a"]},
    "List{}Tags": {},
}


def _of(kind: str, more: dict[str, dict[str, Any]]) -> list[Provocation]:
    """Provoke what a name that nobody has gives."""
    text = f"The {kind.lower()} with name none cannot be found."
    return [
        _IAM.one(operation.format(kind), _GONE, text, **{f"{kind}Name": "none", **arguments})
        for operation, arguments in (_BY_KIND | more).items()
    ]


def _both(kind: str) -> list[Provocation]:
    """Provoke what users and roles have alike; `app` has everything that it may have."""
    name, small = {f"{kind}Name": "app"}, kind.lower()
    room = {"User": 2048, "Role": 10_240}[kind]
    long = ALLOWING.replace("ses:*", "ses:" + "x" * room)
    return [
        _IAM.one(
            f"Put{kind}Policy",
            _LIMIT,
            f"Maximum policy size of {room} bytes exceeded for {small} app",
            **name,
            PolicyName="q",
            PolicyDocument=long,
        ),
        _IAM.one(
            f"Put{kind}Policy",
            _MALFORMED,
            "Policy must have at least one Statement.",
            **name,
            PolicyName="q",
            PolicyDocument="{}",
        ),
        _IAM.one(
            f"Attach{kind}Policy", _LIMIT, f"Cannot exceed quota for PoliciesPer{kind}: 10", **name, PolicyArn=SES
        ),
        _IAM.one(f"Tag{kind}", _LIMIT, "Cannot exceed quota for TagsPerResource: 50", **name, Tags=_MANY),
        _IAM.one(
            f"Tag{kind}",
            _INPUT,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            **name,
            Tags=_TWICE,
        ),
        _IAM.one(f"Delete{kind}", _CONFLICT, _FIRST[kind], **name),
    ]


_FIRST = {
    "User": "Cannot delete entity, must delete access keys first.",
    "Role": "Cannot delete entity, must detach all policies first.",
}
_RESERVED = [{"Key": "aws:x", "Value": ""}]
_RESERVED_TEXT = "Tag keys and values that start with 'aws:' are reserved for system use."
IAM: list[Provocation] = [
    *_of(
        "User",
        {
            "CreateAccessKey": {},
            "ListAccessKeys": {},
            "UpdateAccessKey": {"AccessKeyId": KEY, "Status": "Active"},
            "DeleteAccessKey": {"AccessKeyId": KEY},
        },
    ),
    *_of("Role", {"UpdateAssumeRolePolicy": {"PolicyDocument": TRUST}}),
    *_both("User"),
    *_both("Role"),
    *(
        _IAM.one(operation, _GONE, f"Policy {SES}x was not found.", PolicyArn=f"{SES}x")
        for operation in ("GetPolicy", "GetPolicyVersion", "ListPolicyVersions")
    ),
    _IAM.one("CreateAccessKey", _LIMIT, "Cannot exceed quota for AccessKeysPerUser: 2", UserName="app"),
    _IAM.one(
        "UpdateAccessKey",
        _INPUT,
        "The status of an access key can be changed to Active or Inactive.",
        UserName="app",
        AccessKeyId=KEY,
        Status="Expired",
    ),
    _IAM.one("CreateUser", _TAKEN, "User with name APP already exists.", UserName="APP"),
    _IAM.one("UpdateUser", _TAKEN, "User with name TEST already exists.", UserName="app", NewUserName="TEST"),
    _IAM.one("CreateUser", _INPUT, _RESERVED_TEXT, UserName="new", Tags=_RESERVED),
    _IAM.one(
        "CreateRole",
        _TAKEN,
        "Role with name APP already exists.",
        RoleName="APP",
        AssumeRolePolicyDocument=TRUST,
    ),
    _IAM.one("CreateRole", _INPUT, _RESERVED_TEXT, RoleName="new", AssumeRolePolicyDocument=TRUST, Tags=_RESERVED),
    _IAM.one(
        "CreateRole",
        _MALFORMED,
        "Policy must have at least one Statement.",
        RoleName="new",
        AssumeRolePolicyDocument="{}",
    ),
    _IAM.one(
        "UpdateAssumeRolePolicy",
        _MALFORMED,
        "AssumeRole policy may only specify STS AssumeRole actions.",
        RoleName="app",
        PolicyDocument=TRUST.replace("sts:AssumeRole", "ses:SendEmail"),
    ),
    _IAM.one(
        "UpdateAssumeRolePolicy",
        _LIMIT,
        "Cannot exceed quota for ACLSizePerRole: 2048",
        RoleName="app",
        PolicyDocument=TRUST.replace(":root", ":user/" + "x" * 2048),
    ),
    _FULL.one("CreateUser", _LIMIT, "Cannot exceed quota for UsersPerAccount: 5000", UserName="new"),
    _FULL.one(
        "CreateRole",
        _LIMIT,
        "Cannot exceed quota for RolesPerAccount: 1000",
        RoleName="new",
        AssumeRolePolicyDocument=TRUST,
    ),
]
_ASKED = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "run"}
STS: list[Provocation] = [
    _STS.one("AssumeRole", _MALFORMED, "Policy is not valid JSON.", **_ASKED, Policy="x"),
    _STS.one(
        "AssumeRole",
        "PackedPolicyTooLargeException",
        "Packed size of session tags and policies consumes 489% of the allotted space",
        **_ASKED,
        Policy="x" * 10_000,
    ),
]
ALL = [*IAM, *STS]
