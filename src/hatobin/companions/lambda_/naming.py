"""Which function a request means: by its name, by a part of its ARN, or by the whole."""

from __future__ import annotations

from hatobin.companions.lambda_ import store
from hatobin.companions.lambda_.errors import no_function
from hatobin.companions.lambda_.model import LATEST, Function, FunctionKey
from hatobin.gateway import Call
from hatobin.ports import Session
from hatobin.words.errors import CallerError


def named(call: Call, given: str, qualifier: str | None = None) -> FunctionKey:
    """Give the function of the caller that is named.

    Raises ResourceNotFoundException for a version or alias, of which there are none, and
    AccessDeniedException for a function of somebody else.
    """
    parts = given.split(":")
    region, account_id, name, version = call.region, call.account_id, parts[0], ""
    if "function" in parts[:-1]:
        at = parts.index("function")
        name, version = parts[at + 1], ":".join(parts[at + 2 :])
        account_id = parts[at - 1] if at >= 1 else account_id
        region = parts[at - 2] if at >= 2 else region
    elif len(parts) > 1:
        version = parts[1]
    key = FunctionKey(account_id, region, name)
    if account_id != call.account_id or region != call.region:
        action = "InvokeFunction" if call.operation == "Invoke" else call.operation
        raise CallerError(
            "AccessDeniedException",
            f"User: {call.principal.arn} is not authorized to perform: lambda:{action} on resource: {key.arn}"
            f" because no resource-based policy allows the lambda:{action} action",
            status=403,
        )
    for asked in (version, qualifier or ""):
        if asked not in ("", LATEST):
            raise no_function(key, asked)
    return key


def open_function(session: Session, key: FunctionKey) -> Function:
    """Give a function. Raises ResourceNotFoundException."""
    function = store.find(session, key)
    if function is None:
        raise no_function(key)
    return function
