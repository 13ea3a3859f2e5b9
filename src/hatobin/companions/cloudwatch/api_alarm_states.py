"""SetAlarmState, EnableAlarmActions and DisableAlarmActions, and the tags of alarms.

Refs: API reference of each.
"""

from __future__ import annotations

import msgspec

from hatobin.companions import sns
from hatobin.companions.cloudwatch import alarm_store
from hatobin.companions.cloudwatch.alarms import Alarm, Standing, State
from hatobin.companions.cloudwatch.api_alarms import no_alarm
from hatobin.companions.cloudwatch.definitions import MAX_TAGS
from hatobin.companions.cloudwatch.errors import invalid_value
from hatobin.companions.cloudwatch.transitions import change_state
from hatobin.gateway import Call, operation
from hatobin.gateway.models import cloudwatch as models
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.errors import CallerError


@operation("cloudwatch", "SetAlarmState")
async def set_alarm_state(call: Call, request: models.SetAlarmStateInput) -> None:
    """Give an alarm a state by hand, and do what it does then; it holds until the alarm is looked at again."""
    if request.state_reason_data:
        try:
            read_json(request.state_reason_data)
        except msgspec.DecodeError:
            raise CallerError("InvalidFormatFault", "StateReasonData is not valid JSON.") from None
    now = call.ports.clock.now()

    def change(session: Session) -> list[sns.Published]:
        alarm = alarm_store.find(session, call.account_id, call.region, request.alarm_name)
        if alarm is None:
            raise no_alarm(request.alarm_name)
        state = State(request.state_value)
        changed_at = alarm.standing.transitioned_at if state is alarm.standing.state else now
        new = Standing(state, request.state_reason, request.state_reason_data, now, changed_at)
        return change_state(session, alarm, new, services=call.services, entropy=call.ports.entropy)

    for published in await call.ports.database.write(change, turn="publish"):
        sns.announce(call.services, published)


@operation("cloudwatch", "EnableAlarmActions")
async def enable_alarm_actions(call: Call, request: models.EnableAlarmActionsInput) -> None:
    """Let alarms tell their topics; names that are not there are passed over."""
    await _switch(call, request.alarm_names, enabled=True)


@operation("cloudwatch", "DisableAlarmActions")
async def disable_alarm_actions(call: Call, request: models.DisableAlarmActionsInput) -> None:
    """Keep alarms from telling their topics; they change their states all the same."""
    await _switch(call, request.alarm_names, enabled=False)


async def _switch(call: Call, names: list[str], *, enabled: bool) -> None:
    def switch(session: Session) -> None:
        for name in sorted(set(names)):
            alarm_store.put_actions_enabled(session, call.account_id, call.region, name, enabled=enabled)

    await call.ports.database.write(switch)


@operation("cloudwatch", "ListTagsForResource")
async def list_tags_for_resource(
    call: Call, request: models.ListTagsForResourceInput
) -> models.ListTagsForResourceOutput:
    """Show the tags of an alarm."""
    name = _alarm_name(call, request.resource_arn)
    alarm = await call.ports.database.read(lambda session: _found(session, call, name))
    return models.ListTagsForResourceOutput(tags=[models.Tag(key=key, value=value) for key, value in alarm.tags])


@operation("cloudwatch", "TagResource")
async def tag_resource(call: Call, request: models.TagResourceInput) -> models.TagResourceOutput:
    """Add tags to an alarm, or change their values."""
    name = _alarm_name(call, request.resource_arn)
    new = {tag.key: tag.value for tag in request.tags}

    def tag(session: Session) -> None:
        alarm = _found(session, call, name)
        pairs = dict(alarm.tags) | new
        if len(pairs) > MAX_TAGS:
            raise invalid_value(f"An alarm can have up to {MAX_TAGS} tags.")
        alarm_store.put_tags(session, alarm, sorted(pairs.items()))

    await call.ports.database.write(tag)
    return models.TagResourceOutput()


@operation("cloudwatch", "UntagResource")
async def untag_resource(call: Call, request: models.UntagResourceInput) -> models.UntagResourceOutput:
    """Take tags from an alarm; keys that it does not have are passed over."""
    name = _alarm_name(call, request.resource_arn)

    def untag(session: Session) -> None:
        alarm = _found(session, call, name)
        alarm_store.put_tags(session, alarm, [pair for pair in alarm.tags if pair[0] not in request.tag_keys])

    await call.ports.database.write(untag)
    return models.UntagResourceOutput()


def _alarm_name(call: Call, text: str) -> str:
    """Read the ARN of an alarm. Raises `CallerError`; one of another account or region is as good as not there."""
    arn = parse_arn(text)
    if arn is None or arn.service != "cloudwatch" or not arn.resource.startswith("alarm:"):
        raise invalid_value(f"The value {text} for parameter ResourceARN is invalid.")
    if (arn.account_id, arn.region) != (call.account_id, call.region):
        raise _unknown(text)
    return arn.resource.removeprefix("alarm:")


def _found(session: Session, call: Call, name: str) -> Alarm:
    alarm = alarm_store.find(session, call.account_id, call.region, name)
    if alarm is None:
        raise _unknown(f"arn:aws:cloudwatch:{call.region}:{call.account_id}:alarm:{name}")
    return alarm


def _unknown(arn: str) -> CallerError:
    return CallerError("ResourceNotFoundException", f"The resource {arn} does not exist.")
