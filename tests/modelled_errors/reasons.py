"""Modelled errors that this server never gives, each with its reason; `*` stands for every operation of a service.

What a program may notice of it is also said in docs/ses-differences.md.
"""

from __future__ import annotations

ANY = "*"

_NO_RATIONING = "calls of the companions are not rationed"
_IN_TURN = "changes of one thing wait for each other instead of failing"
_ANY_TEXT = "it has no member that could be wrong: any text is looked up, and none of these is found"
_NO_MEMBER = "a request that can be read has no member that could be wrong"
_OWN_FAULT = "it is the answer to a fault of the server, of which none is known"
_NO_KMS = "keys of KMS are named and not used"
_NO_SEEDS = "there are no mailboxes to test with, so every request ends before, as BadRequestException"
_OLD_SIGNATURES = "a request without a signature is refused by a code of its own, whatever the operation"
_BY_POLICY = "tests/api/test_access.py provokes it for every operation, with a user who has no policy"

_ACTIVE = "a stream is active as soon as it is made"

REASONS: dict[tuple[str, str, str], str] = {
    ("sesv2", "SendBulkEmail", "TooManyRequestsException"): "each entry says it for itself",
    ("sesv2", ANY, "ConcurrentModificationException"): _IN_TURN,
    ("sesv2", ANY, "AccountSuspendedException"): "there is no AWS to suspend an account; the operator pauses it",
    ("sesv2", "SendEmail", "LimitExceededException"): "what SES counts here is not documented; quotas have other codes",
    ("sesv2", "SendBulkEmail", "LimitExceededException"): "as for SendEmail",
    (
        "sesv2",
        "CreateConfigurationSet",
        "NotFoundException",
    ): "a missing pool is BadRequestException (observed)",
    (
        "sesv2",
        "CreateContactList",
        "AlreadyExistsException",
    ): "a second list meets the limit (observed)",
    ("sesv2", "CreateContactList", "LimitExceededException"): "the limit is a BadRequestException (observed)",
    ("sesv2", "CreateCustomVerificationEmailTemplate", "NotFoundException"): "nothing that it names has to exist but "
    "its sender, and an unverified one is BadRequestException",
    ("sesv2", "PutAccountPricingAttributes", "ConflictException"): "a plan holds at once, so no change is under way",
    ("sesv2", "UpdateReputationEntityCustomerManagedStatus", "ConflictException"): _IN_TURN,
    ("sesv2", "UpdateReputationEntityPolicy", "ConflictException"): _IN_TURN,
    ("sesv2", "BatchGetMetricData", "InternalServiceErrorException"): _OWN_FAULT,
    **{
        ("sesv2", "CreateDeliverabilityTestReport", error): _NO_SEEDS
        for error in (
            *("LimitExceededException", "MailFromDomainNotVerifiedException", "MessageRejected"),
            *("NotFoundException", "SendingPausedException"),
        )
    },
    ("sesv2", "GetDeliverabilityDashboardOptions", "BadRequestException"): _NO_MEMBER,
    ("sesv2", "GetDeliverabilityDashboardOptions", "LimitExceededException"): "nothing is counted for it",
    ("sesv2", "GetDeliverabilityTestReport", "BadRequestException"): _ANY_TEXT,
    ("sesv2", "ListDeliverabilityTestReports", "NotFoundException"): "the list is empty, and nothing has to exist",
    ("sesv2", "GetAccount", "BadRequestException"): _NO_MEMBER,
    ("sesv2", "PutAccountSendingAttributes", "BadRequestException"): _NO_MEMBER,
    ("sesv2", "PutAccountDedicatedIpWarmupAttributes", "BadRequestException"): _NO_MEMBER,
    **{
        ("sesv2", operation, "BadRequestException"): _ANY_TEXT
        for operation in (
            *("GetContactList", "DeleteContactList"),
            *("GetEmailTemplate", "DeleteEmailTemplate"),
            *("GetCustomVerificationEmailTemplate", "DeleteCustomVerificationEmailTemplate"),
            *("GetEmailIdentity", "DeleteEmailIdentity", "GetEmailIdentityPolicies", "DeleteEmailIdentityPolicy"),
            *("PutEmailIdentityDkimAttributes", "PutEmailIdentityFeedbackAttributes"),
            *("PutEmailIdentityConfigurationSetAttributes", "GetImportJob", "GetMessageInsights"),
        )
    },
    **{
        ("sesv2", operation, "NotFoundException"): "an export job that is not there is BadRequestException (observed)"
        for operation in ("GetExportJob", "CancelExportJob")
    },
    ("sesv2", "CreateExportJob", "NotFoundException"): "nothing that it names has to exist",
    ("ses", "CreateConfigurationSet", "InvalidConfigurationSetException"): "a name that cannot be one is "
    "InvalidParameterValue (observed)",
    ("ses", "PutConfigurationSetDeliveryOptions", "InvalidDeliveryOptionsException"): "a wrong policy is a "
    "ValidationError (observed)",
    ("sns", ANY, "InternalErrorException"): _OWN_FAULT,
    ("sns", ANY, "InvalidSecurityException"): _OLD_SIGNATURES,
    ("sns", ANY, "ConcurrentAccessException"): _IN_TURN,
    ("sns", ANY, "StaleTagException"): _IN_TURN,
    ("sns", ANY, "TagPolicyException"): "there are no tag policies of an organization",
    ("sns", ANY, "ReplayLimitExceededException"): "messages are not archived, so none are replayed",
    ("sns", ANY, "FilterPolicyLimitExceededException"): "an account may have as many filter policies as it likes",
    ("sns", ANY, "TopicLimitExceededException"): "an account may have as many topics as it likes",
    ("sns", ANY, "PlatformApplicationDisabledException"): "there is no mobile push",
    ("sns", ANY, "EndpointDisabledException"): "there is no mobile push",
    (
        "sns",
        "ConfirmSubscription",
        "SubscriptionLimitExceededException",
    ): "who waits is counted already",
    ("sns", "UntagResource", "TagLimitExceededException"): "taking tags off meets no limit",
    ("sns", "DeleteTopic", "InvalidStateException"): "a topic can be deleted in every state",
    ("sns", "DeleteTopic", "NotFoundException"): "a missing one is fine (API reference)",
    ("sns", "Unsubscribe", "NotFoundException"): "a missing one is fine (observed)",
    ("sns", "PublishBatch", "InvalidParameterValueException"): "what is wrong with one entry is told in Failed",
    ("sns", ANY, "ValidationException"): "a wrong parameter is InvalidParameter",
    **{
        ("sns", ANY, error): _NO_KMS
        for error in (
            *("KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException"),
            *("KMSNotFoundException", "KMSOptInRequired", "KMSThrottlingException"),
        )
    },
    **{
        ("sns", operation, "AuthorizationErrorException"): _BY_POLICY
        for operation in ("CreateTopic", "ListTopics", "ListSubscriptions")
    },
    ("sns", "ConfirmSubscription", "AuthorizationErrorException"): "whoever has the link may follow it",
    ("sqs", ANY, "RequestThrottled"): _NO_RATIONING,
    ("sqs", ANY, "InvalidSecurity"): _OLD_SIGNATURES,
    ("sqs", ANY, "InvalidAddress"): "the host of a queue's URL is not looked at",
    ("sqs", ANY, "OverLimit"): "as many messages may be in flight as there are",
    ("sqs", ANY, "PurgeQueueInProgress"): "a queue is empty when the call returns",
    ("sqs", ANY, "QueueDeletedRecently"): "the name of a deleted queue is free at once",
    ("sqs", ANY, "InvalidIdFormat"): "a receipt handle that is none is ReceiptHandleIsInvalid",
    **{
        ("sqs", ANY, error): _NO_KMS
        for error in (
            *("KmsAccessDenied", "KmsDisabled", "KmsInvalidKeyUsage", "KmsInvalidState", "KmsNotFound"),
            *("KmsOptInRequired", "KmsThrottled"),
        )
    },
    ("iam", ANY, "ServiceFailureException"): _OWN_FAULT,
    ("iam", ANY, "ConcurrentModificationException"): _IN_TURN,
    ("iam", ANY, "UnmodifiableEntityException"): "no role is linked to a service",
    ("iam", ANY, "PolicyNotAttachableException"): "every managed policy can be attached",
    ("iam", "UpdateUser", "EntityTemporarilyUnmodifiableException"): "a name is free as soon as its user has another",
    ("iam", "CreateUser", "NoSuchEntityException"): "it names nothing but a boundary, and boundaries are not served",
    **{
        ("iam", operation, "LimitExceededException"): "what takes away or changes in place meets no limit"
        for operation in (
            *("UpdateAccessKey", "DeleteAccessKey", "UpdateUser", "DeleteUser", "DeleteRole"),
            *("DeleteUserPolicy", "DetachUserPolicy", "DeleteRolePolicy", "DetachRolePolicy"),
        )
    },
    **{
        ("iam", operation, "InvalidInputException"): "any ARN is looked up, and one that is none is not found"
        for operation in (
            *("GetPolicy", "GetPolicyVersion", "ListPolicyVersions", "ListAttachedUserPolicies"),
            *("AttachUserPolicy", "DetachUserPolicy", "AttachRolePolicy", "DetachRolePolicy"),
            "ListAttachedRolePolicies",
        )
    },
    ("iam", "UpdateRole", "InvalidInputException"): "its members are right or wrong each by itself",
    ("cloudwatch", ANY, "InternalServiceFault"): _OWN_FAULT,
    ("cloudwatch", ANY, "ConcurrentModificationException"): _IN_TURN,
    ("cloudwatch", ANY, "ConflictException"): _IN_TURN,
    ("cloudwatch", "DeleteAlarms", "ResourceConflict"): "no alarm depends on another: there are no composite ones",
    ("sts", ANY, "RegionDisabledException"): "every region is open",
    ("sts", "AssumeRole", "ExpiredTokenException"): "an expired token is ExpiredToken for every operation",
    ("sts", "AssumeRole", "InvalidContextAssertionException"): "contexts of identity providers are refused",
    ("firehose", ANY, "InvalidKMSResourceException"): _NO_KMS,
    ("firehose", ANY, "InvalidSourceException"): "every stream takes direct puts",
    ("firehose", ANY, "ServiceUnavailableException"): "records are not rationed, and a store that is away is a 503",
    ("firehose", "DeleteDeliveryStream", "ResourceInUseException"): _ACTIVE,
    ("firehose", "TagDeliveryStream", "ResourceInUseException"): _ACTIVE,
    ("firehose", "UntagDeliveryStream", "ResourceInUseException"): _ACTIVE,
    ("firehose", "PutRecord", "InvalidArgumentException"): "what is wrong with a record is a ValidationException",
    **{
        ("firehose", operation, error): "any key is a place in the order, and taking away meets no limit"
        for operation in ("UntagDeliveryStream", "ListTagsForDeliveryStream")
        for error in ("InvalidArgumentException", "LimitExceededException")
    },
    ("events", ANY, "InternalException"): _OWN_FAULT,
    ("events", ANY, "ConcurrentModificationException"): _IN_TURN,
    ("events", ANY, "ManagedRuleException"): "no rule is made by a service",
    ("lambda", ANY, "ServiceException"): _OWN_FAULT,
    **{
        ("lambda", ANY, error): "functions have no code signing configuration"
        for error in (
            *("InvalidCodeSignatureException", "CodeVerificationFailedException"),
            "CodeSigningConfigNotFoundException",
        )
    },
    ("lambda", ANY, "FunctionVersionsPerCapacityProviderLimitExceededException"): "there are no capacity providers",
    ("lambda", ANY, "PublicPolicyException"): "public access is not blocked",
    **{
        ("lambda", "Invoke", error): "functions here have no network, file system, key, version or image of AWS"
        for error in (
            *("RuntimeAliasDeletedException", "RuntimeVersionDeletedException", "CodeArtifactUserDeletedException"),
            *("CodeArtifactUserPendingException", "CodeArtifactUserFailedException", "ResourceNotReadyException"),
            *("InvalidSecurityGroupIDException", "SubnetIPAddressLimitReachedException", "InvalidSubnetIDException"),
            *("SnapStartTimeoutException", "SnapStartNotReadyException", "SnapStartException"),
            *("SnapStartRegenerationFailureException", "EC2ThrottledException", "EC2UnexpectedException"),
            *("EC2AccessDeniedException", "ENILimitReachedException", "ENINotReadyException"),
            *(
                "EFSMountConnectivityException",
                "EFSIOException",
                "EFSMountTimeoutException",
                "EFSMountFailureException",
            ),
            *("S3FilesMountConnectivityException", "S3FilesMountFailureException", "S3FilesMountTimeoutException"),
            *("KMSAccessDeniedException", "KMSDisabledException", "KMSNotFoundException", "KMSInvalidStateException"),
            *("NoPublishedVersionException", "ModeNotSupportedException", "DurableExecutionAlreadyStartedException"),
            *("ServiceQuotaExceededException", "SerializedRequestEntityTooLargeException"),
        )
    },
    ("lambda", "Invoke", "InvalidRuntimeException"): "a runtime that does not run is refused when it is named",
    ("lambda", "Invoke", "InvalidZipFileException"): "an archive is read to its end before it is kept",
    ("lambda", "Invoke", "UnsupportedMediaTypeException"): "a body is taken as JSON, whatever it says it is",
    ("lambda", "Invoke", "RecursiveInvocationException"): "loops are not looked for; they are bounded by concurrency",
    ("lambda", "Invoke", "ResourceConflictException"): "a change holds as soon as it is answered",
    **{
        ("lambda", operation, "ResourceConflictException"): _IN_TURN
        for operation in (
            *("UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction"),
            *("TagResource", "UntagResource"),
        )
    },
    **{
        ("lambda", operation, "TooManyRequestsException"): _NO_RATIONING
        for operation in (
            *("CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "GetFunction"),
            *("GetFunctionConfiguration", "ListFunctions", "DeleteFunction", "AddPermission", "RemovePermission"),
            *("GetPolicy", "TagResource", "UntagResource", "ListTags"),
        )
    },
    ("lambda", "CreateFunction", "ResourceNotFoundException"): "what it names and is not there is another error",
    **{
        ("lambda", operation, "InvalidParameterValueException"): "what is wrong with it is a ValidationException"
        for operation in (
            *("GetFunction", "GetFunctionConfiguration", "ListFunctions", "RemovePermission", "GetPolicy"),
        )
    },
    ("logs", ANY, "ServiceUnavailableException"): "a store that is away is a 503 of another name",
    ("logs", ANY, "OperationAbortedException"): _IN_TURN,
    ("logs", ANY, "ValidationException"): "groups are not protected from deletion",
    ("logs", "PutLogEvents", "InvalidSequenceTokenException"): "sequence tokens are not looked at (API reference)",
    ("logs", "PutLogEvents", "DataAlreadyAcceptedException"): "the same",
    ("logs", "PutLogEvents", "UnrecognizedClientException"): "an unknown key is that for every operation",
    ("sqs", ANY, "UnsupportedOperation"): "only queues of the kind FIFO are not supported, and they cannot be made",
}


def reason_of(pair: tuple[str, str, str]) -> str | None:
    """Say why an operation never gives an error; None where it can be provoked."""
    service, operation, error = pair
    return REASONS.get((service, operation, error)) or REASONS.get((service, ANY, error))
