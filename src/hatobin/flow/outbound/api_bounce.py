"""The v1 door for bounces by hand: SendBounce answers the sender of a message that was received here.

Nothing is received here yet, so every message is one that this server does
not know; SES says the same of an id that it never gave out, or longer than a
day ago.

Refs: SES API v1 reference, SendBounce; DEV-CL-12 (text).
"""

from __future__ import annotations

from hatobin.capabilities import identities
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.api_v1 import refused
from hatobin.gateway import Call, operation
from hatobin.gateway.models import ses as model
from hatobin.words.address import AddressError, parse_mailbox
from hatobin.words.errors import CallerError


@operation("ses", "SendBounce")
async def send_bounce(call: Call, request: model.SendBounceRequest) -> model.SendBounceResponse:
    """Refuse to bounce a message that was not received here; whoever asks must be verified all the same."""
    if not request.bounced_recipient_info_list:
        raise CallerError("InvalidParameterValue", "At least one bounced recipient is required.")
    try:
        sender = parse_mailbox(request.bounce_sender).address
        for bounced in request.bounced_recipient_info_list:
            parse_mailbox(bounced.recipient)
    except AddressError as error:
        raise CallerError("InvalidParameterValue", str(error)) from error
    failing = await call.ports.database.read(
        lambda session: identities.failing_identities(session, call.account_id, call.region, [sender])
    )
    if failing:
        raise refused(refusals.NotVerified(failing, call.region))
    raise CallerError(
        "MessageRejected",
        f"Failed to generate a bounce for {request.original_message_id}: no such message was received here in the "
        "last 24 hours.",
    )
