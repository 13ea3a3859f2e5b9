"""Calls that are answered somewhere else: a service or an operation that is not ours, or a service kept elsewhere.

Whoever passes a call on is given by the composition root; without one
everything that is not ours is refused.

Refs: Service Authorization Reference (the prefix of an action is mostly the name in the credential scope).
"""

from __future__ import annotations

from typing import Protocol

from hatobin.gateway.addressing import Address, named_operation
from hatobin.gateway.authentication import Caller
from hatobin.gateway.authorization import call_context, check_action, denial
from hatobin.gateway.call import Call
from hatobin.gateway.errors import COVERAGE_PAGE
from hatobin.gateway.http import HttpRequest, HttpResponse
from hatobin.protocols.aws.policy import Verdict
from hatobin.protocols.aws.query import QueryWire
from hatobin.words.errors import CallerError
from hatobin.words.settings import table_name

ANY_RESOURCE = "*"


class Elsewhere(Protocol):
    """Knows what is somewhere else, and asks there."""

    def takes(self, service: str, *, is_ours: bool, is_served: bool) -> bool:
        """Say whether a call goes there: `service` is the signing name, `is_served` that an operation is here."""
        ...

    async def ask(self, request: HttpRequest, service: str, region: str) -> HttpResponse:
        """Pass a request on, signed anew, and give the answer. Raises `CallerError` where none comes."""
        ...


class Nowhere:
    """Nothing is somewhere else."""

    def takes(self, service: str, *, is_ours: bool, is_served: bool) -> bool:
        """See `Elsewhere.takes`."""
        return False

    async def ask(self, request: HttpRequest, service: str, region: str) -> HttpResponse:
        """See `Elsewhere.ask`."""
        raise not_served(service)


def not_served(service: str) -> CallerError:
    """Refuse a rightly signed call to a service that we are not; says what to set."""
    return CallerError(
        "NotImplementedException",
        f"This server does not serve {service}, and neither aws.{table_name(service)}.endpoint_url nor "
        f"aws.default.endpoint_url says where to pass it on; {COVERAGE_PAGE} lists what it serves.",
        status=501,
    )


def check_foreign(call: Call, caller: Caller, address: Address, request: HttpRequest) -> None:
    """Check a call whose input we cannot read: its operation on every resource. Raises `CallerError`.

    A REST request does not name its operation, so there all of the service must be allowed.
    """
    if call.permissions.unrestricted:
        return
    prefix, name = table_name(caller.service), named_operation(request, address)
    try:
        if name:
            check_action(call, f"{prefix}:{name}", ANY_RESOURCE)
        elif not call.permissions.allows_whole(prefix, lambda: call_context(call)):
            text = denial(call.principal.arn, f"{prefix}:*", ANY_RESOURCE, Verdict.NOT_ALLOWED)
            raise CallerError("AccessDenied", text, status=403)
    except CallerError as error:
        code = "AccessDenied" if isinstance(address.wire, QueryWire) else "AccessDeniedException"
        raise CallerError(code, error.message, status=403) from None
