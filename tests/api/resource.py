"""One row of the table of everything that an account can make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Arguments = dict[str, Any]
Step = tuple[str, str, Arguments]
"""A service, a method of its client, and what it is called with."""


@dataclass(frozen=True)
class Resource:
    """One kind of thing. `made` are the steps that make it, `shown` the one that shows it to its owner."""

    operations: tuple[str, ...]
    made: tuple[Step, ...]
    shown: Step
    refused: tuple[Step, ...] = ()
    """Calls of others that must get the answer that they would get without it."""
    listed: tuple[Step, ...] = ()
    """Lists of others that must be what they were before."""
    is_global: bool = False
    """Whether it is the same in every region, as everything of IAM is."""


def of(service: str, arguments: Arguments, *methods: str, **more: Arguments) -> tuple[Step, ...]:
    """Give several calls with the same names; `more` adds to one of them."""
    return tuple((service, method, {**arguments, **more.get(method, {})}) for method in methods)
