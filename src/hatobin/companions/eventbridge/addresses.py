"""Which bus and rule a request means, and EventBridge's words for what is wrong."""

from __future__ import annotations

from hatobin.companions.eventbridge import store
from hatobin.companions.eventbridge.model import DEFAULT_BUS, Rule, RuleKey
from hatobin.gateway import Call
from hatobin.ports import Session
from hatobin.words.errors import CallerError


def bus_arn(call: Call) -> str:
    """Give the ARN of the caller's default bus."""
    return f"arn:aws:events:{call.region}:{call.account_id}:event-bus/{DEFAULT_BUS}"


def is_own_bus(call: Call, name: str | None) -> bool:
    """Say whether a name or ARN means the caller's default bus, the only one there is."""
    return name in (None, DEFAULT_BUS, bus_arn(call))


def check_bus(call: Call, name: str | None) -> None:
    """Raise ResourceNotFoundException for any other bus."""
    if not is_own_bus(call, name):
        shown = (name or "").rpartition("/")[2]
        raise CallerError("ResourceNotFoundException", f"Event bus {shown} does not exist.")


def rule_key(call: Call, name: str, bus: str | None) -> RuleKey:
    """Give the rule of this name on the caller's bus; raises ResourceNotFoundException for another bus."""
    check_bus(call, bus)
    return RuleKey(call.account_id, call.region, name)


def open_rule(session: Session, key: RuleKey) -> Rule:
    """Give a rule. Raises ResourceNotFoundException."""
    rule = store.find_rule(session, key)
    if rule is None:
        raise CallerError("ResourceNotFoundException", f"Rule {key.name} does not exist on EventBus {DEFAULT_BUS}.")
    return rule


def validation(text: str) -> CallerError:
    """Make the error of a request that cannot be; no model names it, and every service gives it."""
    return CallerError("ValidationException", text)
