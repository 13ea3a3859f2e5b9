"""What the policies of a sender cost per message: the check of the accept transaction, by what they say."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from benchmarks.stage_timing import Cost, measure
from benchmarks.stage_world import ACCOUNT, DOMAIN, REGION
from hatobin.capabilities.account import AccountStanding, SendLimits
from hatobin.capabilities.identities import IdentityKind, SendingIdentity
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.outbound.authorization import check_allowed
from hatobin.flow.outbound.draft import Draft
from hatobin.gateway import permissions_of
from hatobin.ports import Session

_IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{DOMAIN}"
_SET = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/bench"
_SEND = ["ses:SendEmail", "ses:SendRawEmail"]
_LEAST = {"Effect": "Allow", "Action": _SEND, "Resource": [_IDENTITY, _SET]}
_CONDITIONS = {
    "StringLike": {"ses:FromAddress": f"*@{DOMAIN}"},
    "ForAllValues:StringLike": {"ses:Recipients": ["*@example.net", "*@example.org"]},
    "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
}
_POLICIES: dict[str, list[dict[str, Any]]] = {
    "everything allowed": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    "least privilege: identity and set": [_LEAST],
    "least privilege, a Deny and three conditions": [
        {**_LEAST, "Condition": _CONDITIONS},
        {"Effect": "Deny", "Action": "ses:Delete*", "Resource": "*"},
    ],
}


class _NoSession:
    """The check of a plain message reads nothing."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the check asked the store for {name}")


def policy_costs(draft: Draft, key: MessageKey) -> list[Cost]:
    """Time the check of one message under several policies."""
    session: Session = _NoSession()
    standing = AccountStanding(True, False, (), SendLimits(-1.0, -1))
    identity = SendingIdentity(DOMAIN, _IDENTITY, IdentityKind.DOMAIN, True, None, None, True, None)
    costs: list[Cost] = []
    for name, statements in _POLICIES.items():
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        origin = replace(draft.origin, permissions=permissions_of((text,)))
        asked = replace(draft, origin=origin, actions=(("ses:SendRawEmail",),), configuration_set="bench")

        def check(asked: Draft = asked) -> None:
            check_allowed(session, asked, key, identity, standing)

        costs.append(measure("policy check", name, check))
    return costs
