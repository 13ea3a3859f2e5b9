"""Which function answers which operation of S3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from hatobin.companions.s3.call import Operation
from hatobin.protocols.aws.s3.operations import operation_names

F = TypeVar("F", bound=Operation)

_registered: dict[str, Operation] = {}


def s3_operation(name: str) -> Callable[[F], F]:
    """Register the decorated function; raises `LookupError` for an unknown name and for a second function."""
    if name not in operation_names():
        raise LookupError(f"no request leads to {name}")

    def register(operation: F) -> F:
        if name in _registered:
            raise LookupError(f"{name} has two functions")
        _registered[name] = operation
        return operation

    return register


def served_operations() -> Mapping[str, Operation]:
    """Give a frozen map of what has been registered so far."""
    return MappingProxyType(dict(_registered))
