"""From one state to another: the alarm's row, its history and its notices, in one transaction."""

from __future__ import annotations

import msgspec

from hatobin.companions import sns
from hatobin.companions.cloudwatch import alarm_store
from hatobin.companions.cloudwatch.alarm_store import HistoryItem
from hatobin.companions.cloudwatch.alarms import Alarm, Standing
from hatobin.companions.cloudwatch.notices import notice, subject
from hatobin.companions.cloudwatch.reasons import stamp
from hatobin.gateway import Services
from hatobin.ports import Entropy, Session


def change_state(
    session: Session, alarm: Alarm, new: Standing, *, services: Services, entropy: Entropy
) -> list[sns.Published]:
    """Give an alarm its new state and tell its topics, where that is another one than before.

    Nothing happens where the alarm was changed meanwhile. After the commit call `sns.announce` for each that is given.
    """
    if not alarm_store.put_standing(session, alarm, new) or new.state is alarm.standing.state:
        return []
    history = [_state_item(alarm, new)]
    told: list[sns.Published] = []
    if alarm.actions_enabled:
        for arn in dict.fromkeys(alarm.actions(new.state)):
            published = _publish(session, alarm, new, arn, services=services, entropy=entropy)
            history.append(_action_item(alarm, new, arn, published))
            if isinstance(published, sns.Published):
                told.append(published)
    alarm_store.note(session, alarm.account_id, alarm.region, history)
    return told


def _publish(
    session: Session, alarm: Alarm, new: Standing, arn: str, *, services: Services, entropy: Entropy
) -> sns.Published | sns.TopicMissing:
    return sns.publish(
        session,
        arn,
        notice(alarm, new),
        subject=subject(alarm, new.state),
        now=new.updated_at,
        entropy=entropy,
        signer=services.get(sns.SnsSigner),
        order_key=alarm.arn,
    )


def configuration_item(alarm: Alarm, at: float, what: str) -> HistoryItem:
    """Note that an alarm was created, updated or deleted."""
    data = {"version": "1.0", "type": what.capitalize()[:-1], "name": alarm.name}
    text = msgspec.json.encode(data).decode()
    return HistoryItem(alarm.name, at, "ConfigurationUpdate", f'Alarm "{alarm.name}" {what}', text)


def _state_item(alarm: Alarm, new: Standing) -> HistoryItem:
    old = alarm.standing
    data = {
        "version": "1.0",
        "oldState": {"stateValue": old.state.value, "stateReason": old.reason},
        "newState": {"stateValue": new.state.value, "stateReason": new.reason},
    }
    summary = f"Alarm updated from {old.state.value} to {new.state.value}"
    return HistoryItem(alarm.name, new.updated_at, "StateUpdate", summary, msgspec.json.encode(data).decode())


def _action_item(alarm: Alarm, new: Standing, arn: str, published: sns.Published | sns.TopicMissing) -> HistoryItem:
    done = isinstance(published, sns.Published)
    data = {
        "actionState": "Succeeded" if done else "Failed",
        "notificationResource": arn,
        "stateUpdateTimestamp": stamp(new.updated_at),
        **({} if done else {"error": "The topic does not exist."}),
    }
    summary = f"{'Successfully executed' if done else 'Failed to execute'} action {arn}"
    return HistoryItem(alarm.name, new.updated_at, "Action", summary, msgspec.json.encode(data).decode())
