"""PutMetricAlarm, DescribeAlarms, DescribeAlarmsForMetric, DeleteAlarms and DescribeAlarmHistory.

Refs: API reference of each.
"""

from __future__ import annotations

from typing import Literal, cast

from msgspec.structs import replace

from hatobin.companions.cloudwatch import alarm_store
from hatobin.companions.cloudwatch.alarm_store import HistoryItem
from hatobin.companions.cloudwatch.alarms import MAX_ALARMS, Alarm, Standing, State
from hatobin.companions.cloudwatch.definitions import check_definition
from hatobin.companions.cloudwatch.errors import invalid_token, validation_error
from hatobin.companions.cloudwatch.reasons import CREATED
from hatobin.companions.cloudwatch.transitions import configuration_item
from hatobin.gateway import Call, operation
from hatobin.gateway.models import cloudwatch as models
from hatobin.gateway.paging import PageRequest, Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_METRIC_ALARM = "MetricAlarm"

_LIST = Paging(
    kind="alarms",
    default_size=50,
    max_size=100,
    cursor=(str,),
    token_error=invalid_token,
    size_error=None,
    fallback_size=50,
)
_HISTORY = Paging(
    kind="alarm history",
    default_size=100,
    max_size=100,
    cursor=(float,),
    token_error=invalid_token,
    size_error=None,
    fallback_size=100,
)


@operation("cloudwatch", "PutMetricAlarm")
async def put_metric_alarm(call: Call, request: models.PutMetricAlarmInput) -> None:
    """Make an alarm, or give one another definition; its state stays what it is until it is looked at again."""
    check_definition(request, call.account_id, call.region)
    now = call.ports.clock.now()
    alarm = Alarm(
        account_id=call.account_id,
        region=call.region,
        name=request.alarm_name,
        definition=replace(request, tags=None),
        tags=tuple((tag.key, tag.value) for tag in request.tags or ()),
        actions_enabled=request.actions_enabled is not False,
        configured_at=now,
        standing=Standing(State.INSUFFICIENT_DATA, CREATED, None, now, now),
    )

    def put(session: Session) -> None:
        known = alarm_store.find(session, call.account_id, call.region, alarm.name)
        if known is None and alarm_store.count(session, call.account_id, call.region) >= MAX_ALARMS:
            raise CallerError("LimitExceededFault", f"The maximum limit of {MAX_ALARMS} alarms has been reached.")
        alarm_store.put(session, alarm)
        what = "created" if known is None else "updated"
        alarm_store.note(session, call.account_id, call.region, [configuration_item(alarm, now, what)])

    await call.ports.database.write(put)


@operation("cloudwatch", "DescribeAlarms")
async def describe_alarms(call: Call, request: models.DescribeAlarmsInput) -> models.DescribeAlarmsOutput:
    """Show alarms by name; there are no composite ones."""
    if request.alarm_names and request.alarm_name_prefix:
        raise validation_error("AlarmNames and AlarmNamePrefix are mutually exclusive.")
    scope = f"{request.alarm_names} {request.alarm_name_prefix} {request.state_value} {request.action_prefix}"
    page = _LIST.start(call, request.max_records, request.next_token, scope)
    if request.children_of_alarm_name or request.parents_of_alarm_name or not _wants_metric_alarms(request):
        return models.DescribeAlarmsOutput(metric_alarms=[], composite_alarms=[])

    def read(session: Session) -> list[Alarm]:
        if request.alarm_names:
            after = "" if page.after is None else page.after[0]
            names = sorted({name for name in request.alarm_names if name > str(after)})
            found = (alarm_store.find(session, call.account_id, call.region, name) for name in names)
            alarms = [one for one in found if one is not None]
            wanted = request.state_value
            return [one for one in alarms if wanted in (None, one.standing.state.value)][: page.fetch]
        return alarm_store.page(
            session,
            call.account_id,
            call.region,
            page,
            prefix=request.alarm_name_prefix,
            state=request.state_value,
        )

    rows = await call.ports.database.read(read)
    alarms, token = _LIST.finish(call, page, rows, lambda alarm: (alarm.name,), scope)
    shown = [shown_alarm(alarm) for alarm in alarms if _has_action(alarm, request.action_prefix)]
    return models.DescribeAlarmsOutput(metric_alarms=shown, composite_alarms=[], next_token=token)


def _wants_metric_alarms(request: models.DescribeAlarmsInput) -> bool:
    return not request.alarm_types or _METRIC_ALARM in request.alarm_types


def _has_action(alarm: Alarm, prefix: str | None) -> bool:
    return prefix is None or any(arn.startswith(prefix) for state in State for arn in alarm.actions(state))


@operation("cloudwatch", "DescribeAlarmsForMetric")
async def describe_alarms_for_metric(
    call: Call, request: models.DescribeAlarmsForMetricInput
) -> models.DescribeAlarmsForMetricOutput:
    """Show the alarms on one metric, by its whole set of dimensions."""
    everything = PageRequest(MAX_ALARMS, None)
    alarms = await call.ports.database.read(
        lambda session: alarm_store.page(session, call.account_id, call.region, everything)
    )
    return models.DescribeAlarmsForMetricOutput(
        metric_alarms=[shown_alarm(alarm) for alarm in alarms if _is_about(alarm.definition, request)]
    )


def _is_about(given: models.PutMetricAlarmInput, asked: models.DescribeAlarmsForMetricInput) -> bool:
    if (given.namespace, given.metric_name) != (asked.namespace, asked.metric_name):
        return False
    if _pairs(given.dimensions) != _pairs(asked.dimensions):
        return False
    optional = ("statistic", "extended_statistic", "period", "unit")
    return all(getattr(asked, name) in (None, getattr(given, name)) for name in optional)


def _pairs(dimensions: list[models.Dimension] | None) -> set[tuple[str, str]]:
    return {(one.name, one.value) for one in dimensions or ()}


@operation("cloudwatch", "DeleteAlarms")
async def delete_alarms(call: Call, request: models.DeleteAlarmsInput) -> None:
    """Remove alarms; those that are there go also where another one of the call is not."""
    now = call.ports.clock.now()

    def delete(session: Session) -> list[str]:
        missing, items = list[str](), list[HistoryItem]()
        for name in sorted(set(request.alarm_names)):
            alarm = alarm_store.find(session, call.account_id, call.region, name)
            if alarm is None or not alarm_store.delete(session, call.account_id, call.region, name):
                missing.append(name)
            else:
                items.append(configuration_item(alarm, now, "deleted"))
        alarm_store.note(session, call.account_id, call.region, items)
        return missing

    if missing := await call.ports.database.write(delete):
        raise no_alarm(missing[0])


@operation("cloudwatch", "DescribeAlarmHistory")
async def describe_alarm_history(
    call: Call, request: models.DescribeAlarmHistoryInput
) -> models.DescribeAlarmHistoryOutput:
    """Show what became of alarms in the last two weeks, the newest first if nothing is said."""
    filters = (request.alarm_name, request.history_item_type, request.start_date, request.end_date, request.scan_by)
    page = _HISTORY.start(call, request.max_records, request.next_token, str(filters))
    if request.alarm_types and _METRIC_ALARM not in request.alarm_types:
        return models.DescribeAlarmHistoryOutput(alarm_history_items=[])
    rows = await call.ports.database.read(
        lambda session: alarm_store.history(
            session,
            call.account_id,
            call.region,
            page,
            name=request.alarm_name,
            kind=request.history_item_type,
            start=request.start_date,
            end=request.end_date,
            ascending=request.scan_by == "TimestampAscending",
        )
    )
    items, token = _HISTORY.finish(call, page, rows, lambda item: (float(item.id),), str(filters))
    return models.DescribeAlarmHistoryOutput(
        alarm_history_items=[_shown_item(item) for item in items], next_token=token
    )


def _shown_item(item: HistoryItem) -> models.AlarmHistoryItem:
    return models.AlarmHistoryItem(
        alarm_name=item.name,
        alarm_type="MetricAlarm",
        timestamp=item.at,
        history_item_type=cast(Literal["ConfigurationUpdate", "StateUpdate", "Action"], item.kind),
        history_summary=item.summary,
        history_data=item.data,
    )


def no_alarm(name: str) -> CallerError:
    """Say that an alarm is not there."""
    return CallerError("ResourceNotFound", f"The alarm {name} does not exist.")


def shown_alarm(alarm: Alarm) -> models.MetricAlarm:
    """Give an alarm as answers have it."""
    given, standing = alarm.definition, alarm.standing
    return models.MetricAlarm(
        alarm_name=alarm.name,
        alarm_arn=alarm.arn,
        alarm_description=given.alarm_description,
        alarm_configuration_updated_timestamp=alarm.configured_at,
        actions_enabled=alarm.actions_enabled,
        ok_actions=given.ok_actions or [],
        alarm_actions=given.alarm_actions or [],
        insufficient_data_actions=given.insufficient_data_actions or [],
        state_value=standing.state.value,
        state_reason=standing.reason,
        state_reason_data=standing.reason_data,
        state_updated_timestamp=standing.updated_at,
        state_transitioned_timestamp=standing.transitioned_at,
        metric_name=given.metric_name,
        namespace=given.namespace,
        statistic=given.statistic,
        extended_statistic=given.extended_statistic,
        dimensions=given.dimensions or ([] if given.metrics is None else None),
        period=given.period,
        unit=given.unit,
        evaluation_periods=given.evaluation_periods,
        datapoints_to_alarm=given.datapoints_to_alarm,
        threshold=given.threshold,
        comparison_operator=given.comparison_operator,
        treat_missing_data=given.treat_missing_data,
        evaluate_low_sample_count_percentile=given.evaluate_low_sample_count_percentile,
        metrics=given.metrics,
    )
