"""What the models do not say, or say in a dialect of regular expressions that Python lacks.

`PATTERNS` translates patterns as data. `SQS_*` restore the Query protocol of
SQS, which its JSON model dropped: the names are those of the public API
reference of 2012-11-05 as older SDKs send and expect them.
"""

from __future__ import annotations

PATTERNS = {
    # Java classes that `re` does not know.
    r"[\P{C}\s]*": r"[^\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]*",
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+": r"[\w\s.:/=+\-@]+",
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*": r"[\w\s.:/=+\-@]*",
    r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$": r"[\w\s.:/=+\-@]*",
    r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)": r"[\w\s.:/=+\-@]*",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$": r"[\w\s.:/=+\-@]+",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$": r"[\w\s.:/=+\-@]*",
    r"^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$": r"[\w\s.:/=+\-@%]*",
    r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$": r"(?!aws:)[\w\s.:/=+\-@%]*",
    # Written with five digits, meant beyond the basic plane.
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+": (
        r"[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"
    ),
    # The same language without quadratic backtracking.
    r"^s3:\/\/([^\/]+)\/(.*?([^\/]+)\/?)$": r"s3://[^/]+/.*[^/]/?",
}

# Services that refuse an unknown value with an error of their own ("Unknown Attribute X."):
# their enums stay plain strings, and the operation decides.
OPEN_ENUMS = {"sqs"}

SQS_FLAT_NAMES = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageBodyAttributeMap": "MessageAttribute",
    "MessageBodySystemAttributeMap": "MessageSystemAttribute",
    "MessageList": "Message",
    "MessageSystemAttributeList": "AttributeName",
    "MessageSystemAttributeMap": "Attribute",
    "QueueAttributeMap": "Attribute",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
    "TagMap": "Tag",
}

SQS_MAP_NAMES = {
    "MessageBodyAttributeMap": ("Name", "Value"),
    "MessageBodySystemAttributeMap": ("Name", "Value"),
    "MessageSystemAttributeMap": ("Name", "Value"),
    "QueueAttributeMap": ("Name", "Value"),
    "TagMap": ("Key", "Value"),
}

# Member names that the two protocols of SQS spell differently are served by `flat` names alone:
# `MessageSystemAttributeNames` and `AttributeNames` both arrive as repeated members.
SQS_MEMBER_FLAT_NAMES = {
    ("ReceiveMessageRequest", "MessageSystemAttributeNames"): "MessageSystemAttributeName",
}

SQS_QUERY_ERRORS = {
    "BatchEntryIdsNotDistinct": ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
    "BatchRequestTooLong": ("AWS.SimpleQueueService.BatchRequestTooLong", 400),
    "EmptyBatchRequest": ("AWS.SimpleQueueService.EmptyBatchRequest", 400),
    "InvalidBatchEntryId": ("AWS.SimpleQueueService.InvalidBatchEntryId", 400),
    "KmsAccessDenied": ("KMS.AccessDeniedException", 400),
    "KmsDisabled": ("KMS.DisabledException", 400),
    "KmsInvalidKeyUsage": ("KMS.InvalidKeyUsageException", 400),
    "KmsInvalidState": ("KMS.InvalidStateException", 400),
    "KmsNotFound": ("KMS.NotFoundException", 400),
    "KmsOptInRequired": ("KMS.OptInRequired", 403),
    "KmsThrottled": ("KMS.ThrottlingException", 400),
    "MessageNotInflight": ("AWS.SimpleQueueService.MessageNotInflight", 400),
    "OverLimit": ("OverLimit", 403),
    "PurgeQueueInProgress": ("AWS.SimpleQueueService.PurgeQueueInProgress", 403),
    "QueueDeletedRecently": ("AWS.SimpleQueueService.QueueDeletedRecently", 400),
    "QueueDoesNotExist": ("AWS.SimpleQueueService.NonExistentQueue", 400),
    "QueueNameExists": ("QueueAlreadyExists", 400),
    "ReceiptHandleIsInvalid": ("ReceiptHandleIsInvalid", 404),
    "RequestThrottled": ("RequestThrottled", 403),
    "ResourceNotFoundException": ("ResourceNotFoundException", 404),
    "TooManyEntriesInBatchRequest": ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
    "UnsupportedOperation": ("AWS.SimpleQueueService.UnsupportedOperation", 400),
}

XML_NAMESPACES = {"sqs": "http://queue.amazonaws.com/doc/2012-11-05/"}
