"""What IAM makes, for the tests of isolation."""

from __future__ import annotations

from tests.api.harness import ACCOUNT
from tests.api.resource import Resource, of

APP, ROLE, MANAGED = {"UserName": "app"}, {"RoleName": "app"}, "arn:aws:iam::aws:policy/AmazonSESFullAccess"
ALLOWING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:*","Resource":"*"}]}'
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}'
)

IAM_RESOURCES: dict[str, Resource] = {
    "user": Resource(
        ("CreateUser", "CreateAccessKey"),
        (
            ("iam", "create_user", APP),
            ("iam", "put_user_policy", {**APP, "PolicyName": "p", "PolicyDocument": ALLOWING}),
            ("iam", "create_access_key", APP),
        ),
        ("iam", "list_access_keys", APP),
        (
            *of("iam", APP, "get_user", "delete_user", "list_access_keys", "create_access_key", "list_user_tags"),
            *of("iam", APP, "list_user_policies", "list_attached_user_policies", "update_user"),
            *of("iam", {**APP, "PolicyName": "p"}, "get_user_policy", "delete_user_policy"),
            *of("iam", {**APP, "PolicyArn": MANAGED}, "attach_user_policy", "detach_user_policy"),
            ("iam", "put_user_policy", {**APP, "PolicyName": "p", "PolicyDocument": ALLOWING}),
            ("iam", "tag_user", {**APP, "Tags": [{"Key": "a", "Value": "b"}]}),
            ("iam", "untag_user", {**APP, "TagKeys": ["a"]}),
        ),
        (("iam", "list_users", {}), ("iam", "list_access_keys", {})),
        is_global=True,
    ),
    "role": Resource(
        ("CreateRole",),
        (
            ("iam", "create_role", {**ROLE, "AssumeRolePolicyDocument": TRUST}),
            ("iam", "attach_role_policy", {**ROLE, "PolicyArn": MANAGED}),
        ),
        ("iam", "list_attached_role_policies", ROLE),
        (
            *of("iam", ROLE, "get_role", "delete_role", "list_role_policies", "list_attached_role_policies"),
            *of("iam", ROLE, "update_role", "list_role_tags"),
            *of("iam", {**ROLE, "PolicyName": "p"}, "get_role_policy", "delete_role_policy"),
            *of("iam", {**ROLE, "PolicyArn": MANAGED}, "attach_role_policy", "detach_role_policy"),
            ("iam", "put_role_policy", {**ROLE, "PolicyName": "p", "PolicyDocument": ALLOWING}),
            ("iam", "update_assume_role_policy", {**ROLE, "PolicyDocument": TRUST}),
            ("iam", "tag_role", {**ROLE, "Tags": [{"Key": "a", "Value": "b"}]}),
            ("iam", "untag_role", {**ROLE, "TagKeys": ["a"]}),
            ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "run"}),
        ),
        (("iam", "list_roles", {}), ("iam", "list_policies", {"OnlyAttached": True})),
        is_global=True,
    ),
}
