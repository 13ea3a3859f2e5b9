"""The operations on rules."""

from __future__ import annotations

from collections.abc import Callable

from hatobin.companions.eventbridge import store
from hatobin.companions.eventbridge.addresses import check_bus, open_rule, rule_key, validation
from hatobin.companions.eventbridge.model import DEFAULT_BUS, ENABLED, MAX_RULES, MAX_TAGS, Rule, RuleKey
from hatobin.companions.eventbridge.pages import paging
from hatobin.companions.eventbridge.patterns import read_event_pattern
from hatobin.gateway import Call, operation
from hatobin.gateway.models.events import (
    DeleteRuleRequest,
    DescribeRuleRequest,
    DescribeRuleResponse,
    DisableRuleRequest,
    EnableRuleRequest,
    ListRuleNamesByTargetRequest,
    ListRuleNamesByTargetResponse,
    ListRulesRequest,
    ListRulesResponse,
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    PutRuleRequest,
    PutRuleResponse,
    Tag,
    TagResourceRequest,
    TagResourceResponse,
    UntagResourceRequest,
    UntagResourceResponse,
)
from hatobin.gateway.models.events import Rule as ShownRule
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_RULES, _NAMES = paging("rules"), paging("names by target")


@operation("events", "PutRule")
async def put_rule(call: Call, request: PutRuleRequest) -> PutRuleResponse:
    """Make a rule, or change all of it. Raises InvalidEventPatternException, LimitExceededException."""
    key = rule_key(call, request.name, request.event_bus_name)
    if request.schedule_expression:
        raise validation("Parameter ScheduleExpression is not supported by this server: rules match events.")
    if not request.event_pattern:
        raise validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    read_event_pattern(request.event_pattern)
    tags = tuple((tag.key, tag.value) for tag in request.tags or ())
    rule = Rule(
        key,
        request.event_pattern,
        request.state or ENABLED,
        request.description,
        request.role_arn,
        tags,
    )
    _check_tags(dict(tags))

    def work(session: Session) -> None:
        is_new = store.find_rule(session, key) is None
        if is_new and store.count_rules(session, key.account_id, key.region) >= MAX_RULES:
            raise CallerError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        store.put_rule(session, rule)

    await call.ports.database.write(work)
    return PutRuleResponse(rule_arn=key.arn)


@operation("events", "DescribeRule")
async def describe_rule(call: Call, request: DescribeRuleRequest) -> DescribeRuleResponse:
    """Show a rule. Raises ResourceNotFoundException."""
    key = rule_key(call, request.name, request.event_bus_name)
    rule = await call.ports.database.read(lambda session: open_rule(session, key))
    return DescribeRuleResponse(
        name=key.name,
        arn=key.arn,
        event_pattern=rule.pattern,
        state=rule.state,
        description=rule.description,
        role_arn=rule.role_arn,
        event_bus_name=DEFAULT_BUS,
        created_by=key.account_id,
    )


@operation("events", "ListRules")
async def list_rules(call: Call, request: ListRulesRequest) -> ListRulesResponse:
    """Give rules by name, a page at a time."""
    check_bus(call, request.event_bus_name)
    prefix = request.name_prefix or ""
    page = _RULES.start(call, request.limit, request.next_token, scope=prefix)
    after = str(page.after[0]) if page.after else ""
    rows = await call.ports.database.read(
        lambda session: store.list_rules(
            session, call.account_id, call.region, prefix=prefix, after=after, limit=page.fetch
        )
    )
    found, token = _RULES.finish(call, page, rows, lambda rule: (rule.key.name,), scope=prefix)
    return ListRulesResponse(rules=[_shown(rule) for rule in found], next_token=token)


@operation("events", "ListRuleNamesByTarget")
async def list_rule_names_by_target(call: Call, request: ListRuleNamesByTargetRequest) -> ListRuleNamesByTargetResponse:
    """Give the names of rules that have a target, a page at a time."""
    check_bus(call, request.event_bus_name)
    arn = request.target_arn
    page = _NAMES.start(call, request.limit, request.next_token, scope=arn)
    after = str(page.after[0]) if page.after else ""
    rows = await call.ports.database.read(
        lambda session: store.rule_names_by_target(
            session, call.account_id, call.region, arn, after=after, limit=page.fetch
        )
    )
    names, token = _NAMES.finish(call, page, rows, lambda name: (name,), scope=arn)
    return ListRuleNamesByTargetResponse(rule_names=list(names), next_token=token)


@operation("events", "DeleteRule")
async def delete_rule(call: Call, request: DeleteRuleRequest) -> None:
    """Remove a rule that has no targets any more; one that is not there is fine."""
    key = rule_key(call, request.name, request.event_bus_name)

    def work(session: Session) -> None:
        if store.targets(session, key, limit=1):
            raise validation("Rule can't be deleted since it has targets.")
        store.delete_rule(session, key)

    await call.ports.database.write(work)


@operation("events", "EnableRule")
async def enable_rule(call: Call, request: EnableRuleRequest) -> None:
    """Let a rule match. Raises ResourceNotFoundException."""
    await _switch(call, request.name, request.event_bus_name, ENABLED)


@operation("events", "DisableRule")
async def disable_rule(call: Call, request: DisableRuleRequest) -> None:
    """Let a rule match nothing. Raises ResourceNotFoundException."""
    await _switch(call, request.name, request.event_bus_name, "DISABLED")


@operation("events", "TagResource")
async def tag_resource(call: Call, request: TagResourceRequest) -> TagResourceResponse:
    """Add tags to a rule, or change their values."""
    new = {tag.key: tag.value for tag in request.tags}
    await _change_tags(call, request.resource_arn, lambda old: {**old, **new})
    return TagResourceResponse()


@operation("events", "UntagResource")
async def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    """Take tags from a rule; those that are not there are fine."""
    gone = set(request.tag_keys)
    await _change_tags(call, request.resource_arn, lambda old: {key: old[key] for key in old if key not in gone})
    return UntagResourceResponse()


@operation("events", "ListTagsForResource")
async def list_tags_for_resource(call: Call, request: ListTagsForResourceRequest) -> ListTagsForResourceResponse:
    """Give the tags of a rule. Raises ResourceNotFoundException."""
    key = _resource(call, request.resource_arn)
    rule = await call.ports.database.read(lambda session: open_rule(session, key))
    return ListTagsForResourceResponse(tags=[Tag(key=name, value=value) for name, value in rule.tags])


async def _switch(call: Call, name: str, bus: str | None, state: str) -> None:
    key = rule_key(call, name, bus)

    def work(session: Session) -> None:
        open_rule(session, key)
        store.set_state(session, key, state)

    await call.ports.database.write(work)


async def _change_tags(call: Call, arn: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    key = _resource(call, arn)

    def work(session: Session) -> None:
        tags = change(dict(open_rule(session, key).tags))
        _check_tags(tags)
        store.set_tags(session, key, tuple(tags.items()))

    await call.ports.database.write(work)


def _check_tags(tags: dict[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise validation(f"A rule can have up to {MAX_TAGS} tags.")


def _resource(call: Call, arn: str) -> RuleKey:
    """Read the rule that an ARN names; only those of the caller and region have tags here."""
    key = RuleKey.from_arn(arn)
    if key is None or (key.account_id, key.region) != (call.account_id, call.region):
        raise CallerError("ResourceNotFoundException", f"Resource {arn} does not exist.")
    return key


def _shown(rule: Rule) -> ShownRule:
    return ShownRule(
        name=rule.key.name,
        arn=rule.key.arn,
        event_pattern=rule.pattern,
        state=rule.state,
        description=rule.description,
        role_arn=rule.role_arn,
        event_bus_name=DEFAULT_BUS,
    )
