"""Lambda beside SES: functions in Python that run as processes of this machine.

A function's code is a blob, its role gives it temporary credentials, and the
official runtime client (awslambdaric) runs it in a child process (`Fleet`):
warm while it is used, killed with all that it started when it breaks a limit.
What it prints goes to CloudWatch Logs. There are no versions, aliases, layers,
event source mappings or function URLs.

Functions run with the rights of the server's own user unless `lambda.user`
says otherwise: whoever may create one can do what that user can.

Other rooms call `invoke_for` inside their transaction, and tell
`EventInvocations` after it.
"""

from __future__ import annotations

from hatobin.companions.lambda_ import api_code, api_functions, api_invoke, api_policies, tags
from hatobin.companions.lambda_.event_invocations import EventInvocations, Topics
from hatobin.companions.lambda_.event_store import backlog
from hatobin.companions.lambda_.fleet import Fleet
from hatobin.companions.lambda_.model import FunctionKey
from hatobin.companions.lambda_.queueing import Refusal, invoke_for
from hatobin.companions.lambda_.upkeep import CodeUpkeep

__all__ = [
    "CodeUpkeep",
    "EventInvocations",
    "Fleet",
    "FunctionKey",
    "Refusal",
    "Topics",
    "api_code",
    "api_functions",
    "api_invoke",
    "api_policies",
    "backlog",
    "invoke_for",
    "tags",
]
