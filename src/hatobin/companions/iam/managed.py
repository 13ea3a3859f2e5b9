"""Policies that AWS keeps for everybody, by ARN: those that concern what is served here.

Their names and ARNs are AWS's, because tools and documents name them; what
each allows is written here by the meaning that AWS documents for it.

Refs: "AWS managed policies" reference guide; SES developer guide, "Identity and access management in Amazon SES".
"""

from __future__ import annotations

import hashlib
from base64 import b32encode

import msgspec
from msgspec import Struct

ROOT = "arn:aws:iam::aws:policy"
ADMINISTRATOR = f"{ROOT}/AdministratorAccess"
SMTP_POLICY_NAME = "AmazonSesSendingAccess"
"""The inline policy that SES's console gives to the users that it makes for SMTP."""
SMTP_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:SendRawEmail","Resource":"*"}]}'
VERSION_ID = "v1"
CREATED_AT = 1_423_000_000.0
"""When the first of them appeared: 2015-02-03."""


class ManagedPolicy(Struct, frozen=True):
    """One policy that can be attached and not be changed."""

    name: str
    description: str
    document: str

    @property
    def arn(self) -> str:
        """Its ARN, which has no account."""
        return f"{ROOT}/{self.name}"

    @property
    def policy_id(self) -> str:
        """Its unique id, the same everywhere."""
        return "ANPA" + b32encode(hashlib.sha256(self.name.encode()).digest()[:10]).decode()


def _allowing(name: str, description: str, *actions: str, besides: tuple[str, ...] = ()) -> ManagedPolicy:
    """Make a policy that allows `actions` on everything, or all but `besides`."""
    statements: list[dict[str, object]] = []
    if besides:
        statements.append({"Effect": "Allow", "NotAction": list(besides), "Resource": "*"})
    if actions:
        statements.append({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
    document = {"Version": "2012-10-17", "Statement": statements}
    return ManagedPolicy(name, description, msgspec.json.encode(document).decode())


_READING = (
    *("ses:BatchGet*", "ses:Describe*", "ses:Get*", "ses:List*"),
    *("sns:Check*", "sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*", "sqs:Receive*"),
    *("s3:Describe*", "s3:Get*", "s3:List*", "s3:Head*"),
    *("iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*"),
    *("cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"),
    *("sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken"),
)

_ALL = (
    _allowing("AdministratorAccess", "Full access to everything.", "*"),
    _allowing(
        "PowerUserAccess",
        "Full access to everything but the management of users, roles and accounts.",
        *("iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles"),
        besides=("iam:*", "organizations:*", "account:*"),
    ),
    _allowing("ReadOnlyAccess", "Read access to everything.", *_READING),
    _allowing("IAMFullAccess", "Full access to IAM.", "iam:*"),
    _allowing("IAMReadOnlyAccess", "Read access to IAM.", *("iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*")),
    _allowing("AmazonSESFullAccess", "Full access to SES.", "ses:*"),
    _allowing("AmazonSESReadOnlyAccess", "Read access to SES.", *("ses:Get*", "ses:List*", "ses:BatchGetMetricData")),
    _allowing("AmazonSNSFullAccess", "Full access to SNS.", "sns:*"),
    _allowing("AmazonSNSReadOnlyAccess", "Read access to SNS.", *("sns:Get*", "sns:List*")),
    _allowing("AmazonSQSFullAccess", "Full access to SQS.", "sqs:*"),
    _allowing(
        "AmazonSQSReadOnlyAccess",
        "Read access to SQS.",
        *("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListDeadLetterSourceQueues", "sqs:ListQueues"),
        *("sqs:ListMessageMoveTasks", "sqs:ListQueueTags"),
    ),
    _allowing("CloudWatchFullAccess", "Full access to CloudWatch.", "cloudwatch:*"),
    _allowing(
        "CloudWatchReadOnlyAccess",
        "Read access to CloudWatch.",
        *("cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"),
    ),
    _allowing("AmazonS3FullAccess", "Full access to S3.", *("s3:*", "s3-object-lambda:*")),
    _allowing("AmazonS3ReadOnlyAccess", "Read access to S3.", *("s3:Describe*", "s3:Get*", "s3:List*")),
)

MANAGED = {policy.arn: policy for policy in sorted(_ALL, key=lambda policy: policy.arn)}
"""All of them by ARN, in the order of their ARNs."""


def managed_arn(name: str) -> str | None:
    """Give the ARN of a policy that is named by its ARN or by its name alone; None when there is no such policy.

    >>> managed_arn("AmazonSESFullAccess")
    'arn:aws:iam::aws:policy/AmazonSESFullAccess'
    """
    for arn in (name, f"{ROOT}/{name}"):
        if arn in MANAGED:
            return arn
    return None
