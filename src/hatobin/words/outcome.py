"""What became of a recipient: facts, each with the remote's full reply.

`Deferred` is the only outcome that is not final. Our own bugs have no place
here: they crash the task and the recipient stays queued.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from msgspec import Struct

from hatobin.words.reply import Reply


class RecipientState(IntEnum):
    """Where a recipient is on its way; everything but QUEUED is final. Stored as a number."""

    QUEUED = 0
    DELIVERED = 1
    BOUNCED = 2
    EXPIRED = 3
    SUPPRESSED = 4
    REJECTED = 5
    RENDERING_FAILED = 6
    CANCELLED = 7


class BounceType(Enum):
    """SES's three bounce types (developer guide, notification-contents)."""

    PERMANENT = "Permanent"
    TRANSIENT = "Transient"
    UNDETERMINED = "Undetermined"


class BounceSubType(Enum):
    """SES's bounce sub-types that we produce."""

    GENERAL = "General"
    NO_EMAIL = "NoEmail"
    SUPPRESSED = "Suppressed"
    ON_ACCOUNT_SUPPRESSION_LIST = "OnAccountSuppressionList"
    MAILBOX_FULL = "MailboxFull"
    MESSAGE_TOO_LARGE = "MessageTooLarge"
    CONTENT_REJECTED = "ContentRejected"
    ATTACHMENT_REJECTED = "AttachmentRejected"
    UNDETERMINED = "Undetermined"


class DelayType(Enum):
    """Why a delivery is late, in SES's words (event-publishing-retrieving-sns-contents)."""

    INTERNAL_FAILURE = "InternalFailure"
    GENERAL = "General"
    MAILBOX_FULL = "MailboxFull"
    SPAM_DETECTED = "SpamDetected"
    RECIPIENT_SERVER_ERROR = "RecipientServerError"
    IP_FAILURE = "IPFailure"
    TRANSIENT_COMMUNICATION_FAILURE = "TransientCommunicationFailure"
    UNDETERMINED = "Undetermined"
    SENDING_DEFERRAL = "SendingDeferral"


class Hop(Struct, frozen=True):
    """The other side of an attempt, as far as we got to know it."""

    host: str = ""
    remote_ip: str = ""
    local_ip: str = ""
    tls_version: str = ""


class Delivered(Struct, frozen=True):
    """The remote took the message for this recipient."""

    reply: Reply
    hop: Hop


class Deferred(Struct, frozen=True):
    """Not now: the remote said 4xx, or could not be reached. It is tried again."""

    delay_type: DelayType
    reply: Reply
    hop: Hop


class Bounced(Struct, frozen=True):
    """The remote, or the DNS, refused this recipient for good.

    `recipient_fault` says that the mailbox does not exist, which alone puts
    an address on the suppression list; a refusal of the sender or of the
    content never does.
    """

    bounce_type: BounceType
    sub_type: BounceSubType
    reply: Reply
    hop: Hop
    recipient_fault: bool = False


Outcome = Delivered | Deferred | Bounced
