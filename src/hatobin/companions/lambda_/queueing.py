"""How asynchronous invocations come in: as rows, in the transaction of whoever asks for them."""

from __future__ import annotations

from enum import Enum

from hatobin.companions.lambda_ import event_store, store
from hatobin.companions.lambda_.model import MAX_EVENT_BYTES, Event, FunctionKey
from hatobin.companions.lambda_.policies import lets_invoke
from hatobin.ports import Entropy, Session


class Refusal(Enum):
    """Why a service cannot have a function invoked; the value is EventBridge's word for it."""

    NO_RESOURCE = "NO_RESOURCE"
    NO_PERMISSIONS = "NO_PERMISSIONS"
    TOO_LARGE = "INVALID_PARAMETER"


def invoke_for(
    session: Session,
    function_arn: str,
    payload: bytes,
    *,
    service: str,
    source_arn: str,
    source_account: str,
    now: float,
    entropy: Entropy,
) -> Refusal | None:
    """Have a function invoked for a service of ours, because of the resource `source_arn`; say why not, else None.

    The function's own policy decides. After the commit the caller tells `EventInvocations.notify`.
    """
    key = FunctionKey.from_arn(function_arn)
    policy = None if key is None else store.find_policy(session, key)
    if key is None or policy is None:
        return Refusal.NO_RESOURCE
    if not lets_invoke(policy, key, service, source_arn=source_arn, source_account=source_account):
        return Refusal.NO_PERMISSIONS
    if len(payload) > MAX_EVENT_BYTES:
        return Refusal.TOO_LARGE
    event_store.enqueue(session, Event(key, entropy.uuid(), payload, now, 0, 0))
    return None
