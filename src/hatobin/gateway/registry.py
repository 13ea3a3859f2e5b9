"""The registry: which function answers which operation.

Rooms register with `@operation` while they are imported. The composition
root imports them all, then takes the frozen map and gives it to `Gateway`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from hatobin.gateway.call import Call
from hatobin.gateway.models import service_model
from hatobin.protocols.aws.shapes import Shape

# The request's type differs with the operation; the gateway decodes what the model names.
Handler = Callable[[Call, Any], Awaitable[Shape | None]]
Handlers = Mapping[tuple[str, str], Handler]
H = TypeVar("H", bound=Callable[[Call, Any], Awaitable[Shape | None]])

_registered: dict[tuple[str, str], Handler] = {}


def operation(service: str, name: str) -> Callable[[H], H]:
    """Register the decorated function for one operation of a service model.

    Raises `LookupError` for an operation that the model does not have and
    for a second function on the same operation: both are our own bugs and
    show while modules are imported.
    """
    if name not in service_model(service).operations:
        raise LookupError(f"{service} has no operation {name}")

    def register(handler: H) -> H:
        if (service, name) in _registered:
            raise LookupError(f"{service} {name} has two functions")
        _registered[service, name] = handler
        return handler

    return register


def registered_operations() -> Handlers:
    """Give a frozen map of what has been registered so far, by service and operation name."""
    return MappingProxyType(dict(_registered))
