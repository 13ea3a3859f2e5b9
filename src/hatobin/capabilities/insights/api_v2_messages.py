"""GetMessageInsights. SES v1 has nothing of the kind.

Refs: API reference v2. That the manager is asked about before the id, and the two texts, were observed.
"""

from __future__ import annotations

import msgspec

from hatobin.capabilities import account, events, queue
from hatobin.capabilities.insights.timeline import Moment, RecipientTimeline, timelines
from hatobin.capabilities.queue import MessageKey, StoredMessage
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.errors import CallerError

NEEDS_MANAGER = "To use this feature you must enable Virtual Deliverability Manager"


def check_manager(session: Session, call: Call) -> None:
    """Refuse where the account has not switched the manager on. Raises `CallerError`."""
    if not account.vdm_enabled(session, call.account_id, call.region):
        raise CallerError("NotFoundException", NEEDS_MANAGER, status=404)


@operation("sesv2", "GetMessageInsights")
async def get_message_insights(
    call: Call, request: model.GetMessageInsightsRequest
) -> model.GetMessageInsightsResponse:
    """Show a message with what became of each recipient, for as long as the log keeps it."""
    key = MessageKey(call.account_id, call.region, request.message_id)

    def look(session: Session) -> tuple[StoredMessage, tuple[RecipientTimeline, ...]] | None:
        check_manager(session, call)
        message = queue.message(session, key)
        if message is None:
            return None
        return message, timelines(queue.recipients(session, key), events.recorded(session, key))

    found = await call.ports.database.read(look)
    if found is None:
        raise CallerError(
            "NotFoundException", f"Message <{request.message_id}> not found for account <{call.account_id}>", status=404
        )
    message, lines = found
    return model.GetMessageInsightsResponse(
        message_id=key.message_id,
        from_email_address=message.source,
        subject=message.subject or None,
        email_tags=_tags(message.tags),
        insights=[
            model.EmailInsights(
                destination=line.address, isp=line.isp, events=[_event(moment) for moment in line.moments]
            )
            for line in lines
        ],
    )


def _tags(text: str) -> list[model.MessageTag]:
    tags = msgspec.json.decode(text, type=dict[str, list[str]]) if text else {}
    return [model.MessageTag(name=name, value=value) for name, values in tags.items() for value in values]


def _event(moment: Moment) -> model.InsightsEvent:
    bounce, complaint = moment.bounce, moment.complaint
    details = None
    if bounce is not None:
        told = model.Bounce(
            bounce_type=msgspec.convert(bounce.bounce_type, model.BounceType),
            bounce_sub_type=bounce.sub_type,
            diagnostic_code=bounce.diagnostic,
        )
        details = model.EventDetails(bounce=told)
    elif complaint is not None:
        heard = model.Complaint(complaint_sub_type=complaint.sub_type, complaint_feedback_type=complaint.feedback_type)
        details = model.EventDetails(complaint=heard)
    return model.InsightsEvent(
        timestamp=moment.at, type=msgspec.convert(moment.kind.api_name, model.EventType), details=details
    )
