"""The errors of SES v1. Where a text is SES's own it stands in surface.md §4.6 or its appendix E."""

from __future__ import annotations

from typing import Any

from tests.api.resources import VERIFICATION
from tests.modelled_errors.provocation import Group, Provocation
from tests.modelled_errors.stages import TOPIC

_V1, _FULL = Group("ses"), Group("ses", "full")
_NO_SET, _SETS = "Configuration set <none> does not exist.", {"ConfigurationSetName": "none"}
_TRACKING = {"TrackingOptions": {"CustomRedirectDomain": "example.com"}}
_FOREIGN = {"TrackingOptions": {"CustomRedirectDomain": "other.example"}}
_NO_CUSTOM = "Custom verification email template <none> does not exist"
_NOT_VERIFIED = (
    "Email address is not verified. The following identities failed the check in region US-EAST-1: eve@none.example"
)
_ROLE = "arn:aws:iam::123456789012:role/r"


def _destination(name: str = "new", **target: Any) -> dict[str, Any]:
    chosen = target or {"SNSDestination": {"TopicARN": TOPIC}}
    return {"EventDestination": {"Name": name, "Enabled": True, "MatchingEventTypes": ["send"], **chosen}}


_NO_TOPIC = _destination("d", SNSDestination={"TopicARN": f"{TOPIC}x"})
_NO_STREAM = _destination("d", KinesisFirehoseDestination={"IAMRoleARN": _ROLE, "DeliveryStreamARN": "x"})
_BAD_DIMENSION = _destination(
    "d",
    CloudWatchDestination={
        "DimensionConfigurations": [
            {"DimensionName": "a b", "DimensionValueSource": "messageTag", "DefaultDimensionValue": "x"}
        ]
    },
)
_PUTS = ("CreateConfigurationSetEventDestination", "UpdateConfigurationSetEventDestination")

CONFIGURATION_SETS: list[Provocation] = [
    *_V1.each(
        ("DescribeConfigurationSet", "DeleteConfigurationSet", "PutConfigurationSetDeliveryOptions"),
        "ConfigurationSetDoesNotExistException",
        _NO_SET,
        **_SETS,
    ),
    *_V1.each(
        ("UpdateConfigurationSetReputationMetricsEnabled", "UpdateConfigurationSetSendingEnabled"),
        "ConfigurationSetDoesNotExistException",
        _NO_SET,
        **_SETS,
        Enabled=True,
    ),
    *_V1.each(
        ("CreateConfigurationSetTrackingOptions", "UpdateConfigurationSetTrackingOptions"),
        "ConfigurationSetDoesNotExistException",
        _NO_SET,
        **_SETS,
        **_TRACKING,
    ),
    _V1.one("DeleteConfigurationSetTrackingOptions", "ConfigurationSetDoesNotExistException", _NO_SET, **_SETS),
    *_V1.each(_PUTS, "ConfigurationSetDoesNotExistException", _NO_SET, **_SETS, **_destination()),
    _V1.one(
        "DeleteConfigurationSetEventDestination",
        "ConfigurationSetDoesNotExistException",
        _NO_SET,
        **_SETS,
        EventDestinationName="d",
    ),
    _V1.one(
        "CreateConfigurationSet",
        "ConfigurationSetAlreadyExistsException",
        "Configuration set cs already exists.",
        ConfigurationSet={"Name": "cs"},
    ),
    _FULL.one(
        "CreateConfigurationSet",
        "LimitExceededException",
        "Maximum of 10000 configuration sets reached.",
        ConfigurationSet={"Name": "more"},
    ),
    _V1.one(
        "CreateConfigurationSetEventDestination",
        "EventDestinationAlreadyExistsException",
        "An event destination with name <d> already exists for configuration set <cs>.",
        ConfigurationSetName="cs",
        **_destination("d"),
    ),
    _FULL.one(
        "CreateConfigurationSetEventDestination",
        "LimitExceededException",
        "Configuration set <cs> already has 10 event destinations.",
        ConfigurationSetName="cs",
        **_destination(),
    ),
    _V1.one(
        "UpdateConfigurationSetEventDestination",
        "EventDestinationDoesNotExistException",
        "No EventDestination found for cs",
        ConfigurationSetName="cs",
        **_destination(),
    ),
    _V1.one(
        "DeleteConfigurationSetEventDestination",
        "EventDestinationDoesNotExistException",
        "No EventDestination found for cs",
        ConfigurationSetName="cs",
        EventDestinationName="new",
    ),
    *(
        one
        for operation, name in zip(_PUTS, ("new", "d"), strict=True)
        for one in (
            _V1.one(
                operation,
                "InvalidSNSDestinationException",
                f"SNS topic <{TOPIC}x> not found.",
                ConfigurationSetName="cs",
                **{"EventDestination": _NO_TOPIC["EventDestination"] | {"Name": name}},
            ),
            _V1.one(
                operation,
                "InvalidFirehoseDestinationException",
                "Delivery stream <x> not found.",
                ConfigurationSetName="cs",
                **_NO_STREAM,
            ),
            _V1.one(
                operation,
                "InvalidCloudWatchDestinationException",
                "Invalid dimension name <a b>.",
                ConfigurationSetName="cs",
                **_BAD_DIMENSION,
            ),
        )
    ),
    _V1.one(
        "CreateConfigurationSetTrackingOptions",
        "TrackingOptionsAlreadyExistsException",
        "Configuration set <tracked> already has tracking options.",
        ConfigurationSetName="tracked",
        **_TRACKING,
    ),
    _V1.one(
        "UpdateConfigurationSetTrackingOptions",
        "TrackingOptionsDoesNotExistException",
        "There are no tracking options for configuration set <cs>",
        ConfigurationSetName="cs",
        **_TRACKING,
    ),
    _V1.one(
        "DeleteConfigurationSetTrackingOptions",
        "TrackingOptionsDoesNotExistException",
        "There are no tracking options for configuration set <cs>",
        ConfigurationSetName="cs",
    ),
    *_V1.each(
        ("CreateConfigurationSetTrackingOptions", "UpdateConfigurationSetTrackingOptions"),
        "InvalidTrackingOptionsException",
        "Domain <other.example> is not verified under this account.",
        ConfigurationSetName="tracked",
        **_FOREIGN,
    ),
]

_TEMPLATE = {"TemplateName": "none", "SubjectPart": "Hi"}
_MORE = {"Template": {"TemplateName": "more", "SubjectPart": "Hi"}}
_EMPTY = "Template must have at least a subject, text, or html part."
TEMPLATES: list[Provocation] = [
    _V1.one("GetTemplate", "TemplateDoesNotExistException", "Template none does not exist.", TemplateName="none"),
    _V1.one("UpdateTemplate", "TemplateDoesNotExistException", "Template none does not exist.", Template=_TEMPLATE),
    _V1.one(
        "TestRenderTemplate",
        "TemplateDoesNotExistException",
        "Template none does not exist.",
        TemplateName="none",
        TemplateData="{}",
    ),
    _V1.one(
        "TestRenderTemplate",
        "InvalidRenderingParameterException",
        "Template rendering data must be a JSON object.",
        TemplateName="t",
        TemplateData="[]",
    ),
    _V1.one(
        "TestRenderTemplate",
        "MissingRenderingAttributeException",
        "Attribute 'name' is not present in the rendering data.",
        TemplateName="t",
        TemplateData="{}",
    ),
    _V1.one(
        "CreateTemplate",
        "AlreadyExistsException",
        "Template t already exists.",
        Template={"TemplateName": "t", "SubjectPart": "Hi"},
    ),
    *_V1.each(("CreateTemplate", "UpdateTemplate"), "InvalidTemplateException", _EMPTY, Template={"TemplateName": "t"}),
    _FULL.one("CreateTemplate", "LimitExceededException", "Maximum of 20000 templates reached.", **_MORE),
]

_CUSTOM = ("CreateCustomVerificationEmailTemplate", "UpdateCustomVerificationEmailTemplate")
VERIFICATION_MAILS: list[Provocation] = [
    _V1.one(
        "GetCustomVerificationEmailTemplate",
        "CustomVerificationEmailTemplateDoesNotExistException",
        _NO_CUSTOM,
        TemplateName="none",
    ),
    _V1.one(
        "UpdateCustomVerificationEmailTemplate",
        "CustomVerificationEmailTemplateDoesNotExistException",
        _NO_CUSTOM,
        **{**VERIFICATION, "TemplateName": "none"},
    ),
    _V1.one(
        "CreateCustomVerificationEmailTemplate",
        "CustomVerificationEmailTemplateAlreadyExistsException",
        "Custom verification email template <welcome> already exists",
        **VERIFICATION,
    ),
    *_V1.each(
        _CUSTOM,
        "FromEmailAddressNotVerifiedException",
        _NOT_VERIFIED,
        **{**VERIFICATION, "FromEmailAddress": "eve@none.example"},
    ),
    *_V1.each(
        _CUSTOM,
        "CustomVerificationEmailInvalidContentException",
        "The HTML tag <script> is not allowed.",
        **{**VERIFICATION, "TemplateContent": "<script>"},
    ),
    _FULL.one(
        "CreateCustomVerificationEmailTemplate",
        "LimitExceededException",
        "Maximum of 50 templates reached.",
        **{**VERIFICATION, "TemplateName": "more"},
    ),
]

IDENTITIES: list[Provocation] = [
    _V1.one(
        "PutIdentityPolicy",
        "InvalidPolicyException",
        "Policy is not valid JSON.",
        Identity="example.com",
        PolicyName="p",
        Policy="{",
    ),
]
ALL = [*CONFIGURATION_SETS, *TEMPLATES, *VERIFICATION_MAILS, *IDENTITIES]
