"""The errors of SES v2. Where a text is SES's own it stands in surface.md §4.6 or its appendix E."""

from __future__ import annotations

from hatobin.app import operations
from tests.api.certificates import CERTIFICATE
from tests.api.resources import POLICY, VERIFICATION
from tests.gateway.samples import service
from tests.modelled_errors.provocation import Group, Provocation, without_required
from tests.modelled_errors.stages import DESTINATION

_V2 = Group("sesv2")
_FULL, _BAD, _MISSING, _TAKEN = (
    "LimitExceededException",
    "BadRequestException",
    "NotFoundException",
    "AlreadyExistsException",
)
_NO_SET = "Configuration set <none> does not exist."
_NO_IDENTITY = "Email identity none.example does not exist."
_NO_LIST = "List with name: none doesn't exist."
_NO_CUSTOM = "Custom verification email template <none> does not exist"
_NO_TENANT = "The requested tenant <none> does not exist."
_SETS = {"ConfigurationSetName": "none"}
_IDENTITY = {"EmailIdentity": "none.example"}
_ARN = "arn:aws:ses:us-east-1:123456789012:template/none"
_BAD_NAME = "Invalid configuration set name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed."
_BAD_POLICY_NAME = (
    "PolicyName is invalid. Policy names must only include alpha-numeric characters, dashes, and underscores."
)
_OPTIONS = (
    *("PutConfigurationSetArchivingOptions", "PutConfigurationSetDeliveryOptions"),
    *("PutConfigurationSetReputationOptions", "PutConfigurationSetSendingOptions"),
    *("PutConfigurationSetSuppressionOptions", "PutConfigurationSetTrackingOptions"),
    *("PutConfigurationSetVdmOptions", "UpdateConfigurationSet"),
)
_SET_OPERATIONS = (*_OPTIONS, "GetConfigurationSet", "DeleteConfigurationSet", "GetConfigurationSetEventDestinations")
_DESTINATIONS = ("CreateConfigurationSetEventDestination", "UpdateConfigurationSetEventDestination")
_NEW = {"EventDestinationName": "new", "EventDestination": DESTINATION}

CONFIGURATION_SETS: list[Provocation] = [
    *_V2.each(_SET_OPERATIONS, _MISSING, _NO_SET, **_SETS),
    *_V2.each(_SET_OPERATIONS, _BAD, _BAD_NAME, ConfigurationSetName="a b"),
    *_V2.each(_DESTINATIONS, _MISSING, _NO_SET, **_SETS, **_NEW),
    _V2.one(
        "UpdateConfigurationSetEventDestination",
        _MISSING,
        "An event destination with name <new> does not exist for configuration set <cs>.",
        ConfigurationSetName="cs",
        **_NEW,
    ),
    _V2.one("DeleteConfigurationSetEventDestination", _MISSING, _NO_SET, **_SETS, EventDestinationName="d"),
    *_V2.each(
        (*_DESTINATIONS, "DeleteConfigurationSetEventDestination"),
        _BAD,
        "Invalid event destination name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        ConfigurationSetName="cs",
        EventDestinationName="a b",
    ),
    _V2.one("CreateConfigurationSet", _TAKEN, "Configuration set cs already exists.", ConfigurationSetName="cs"),
    _V2.one("CreateConfigurationSet", _BAD, _BAD_NAME, ConfigurationSetName="a b"),
    _V2.one(
        "CreateConfigurationSetEventDestination",
        _TAKEN,
        "An event destination with name <d> already exists for configuration set <cs>.",
        ConfigurationSetName="cs",
        EventDestinationName="d",
        EventDestination=DESTINATION,
    ),
    _V2.one("ListConfigurationSets", _BAD, "invalid nextToken x", NextToken="x"),
]

IDENTITIES: list[Provocation] = [
    *_V2.each(
        (
            *("GetEmailIdentity", "DeleteEmailIdentity", "GetEmailIdentityPolicies", "DeleteEmailIdentityPolicy"),
            *("PutEmailIdentityConfigurationSetAttributes", "PutEmailIdentityDkimAttributes"),
            *("PutEmailIdentityFeedbackAttributes", "PutEmailIdentityMailFromAttributes"),
        ),
        _MISSING,
        _NO_IDENTITY,
        **_IDENTITY,
    ),
    _V2.one(
        "PutEmailIdentityDkimSigningAttributes", _MISSING, _NO_IDENTITY, **_IDENTITY, SigningAttributesOrigin="AWS_SES"
    ),
    *_V2.each(
        ("CreateEmailIdentityPolicy", "UpdateEmailIdentityPolicy"),
        _MISSING,
        _NO_IDENTITY,
        **_IDENTITY,
        PolicyName="p",
        Policy=POLICY.replace("example.com", "none.example"),
    ),
    *_V2.each(
        ("CreateEmailIdentityPolicy", "UpdateEmailIdentityPolicy"),
        _BAD,
        _BAD_POLICY_NAME,
        EmailIdentity="example.com",
        PolicyName="a b",
        Policy=POLICY,
    ),
    _V2.one(
        "CreateEmailIdentityPolicy",
        _TAKEN,
        "Policy <p> already exists",
        EmailIdentity="example.com",
        PolicyName="p",
        Policy=POLICY,
    ),
    _V2.one("CreateEmailIdentity", _TAKEN, "Email identity example.com already exist.", EmailIdentity="example.com"),
    _V2.one("CreateEmailIdentity", _MISSING, _NO_SET, EmailIdentity="new.example", **_SETS),
    _V2.one("CreateEmailIdentity", _BAD, "Invalid domain name x.", EmailIdentity="x"),
    _V2.one(
        "PutEmailIdentityDkimSigningAttributes",
        _BAD,
        "EXTERNAL origin requires DomainSigningSelector and DomainSigningPrivateKey.",
        EmailIdentity="example.com",
        SigningAttributesOrigin="EXTERNAL",
    ),
    _V2.one(
        "PutEmailIdentityMailFromAttributes",
        _BAD,
        "Provided MAIL-FROM domain <other.example> is not subdomain of the domain of the identity <example.com>.",
        EmailIdentity="example.com",
        MailFromDomain="other.example",
    ),
    _V2.one("ListEmailIdentities", _BAD, "Invalid NextToken <x>.", NextToken="x"),
]

_CERTIFICATES = (
    *("AssociateEmailIdentityCertificate", "DisassociateEmailIdentityCertificate"),
    "ListEmailIdentityCertificates",
)
_ANN = {"EmailIdentity": "example.com", "FromAddress": "ann@example.com"}
CERTIFICATES: list[Provocation] = [
    *_V2.each(_CERTIFICATES, _MISSING, _NO_IDENTITY, **_IDENTITY),
    *_V2.each(
        _CERTIFICATES[:2],
        _BAD,
        "FromAddress is required when the email identity is a domain.",
        EmailIdentity="example.com",
    ),
    _V2.one(
        "ListEmailIdentityCertificates", _BAD, "Invalid NextToken <x>.", EmailIdentity="example.com", NextToken="x"
    ),
    _V2.one(
        "AssociateEmailIdentityCertificate",
        _MISSING,
        f"Certificate <{CERTIFICATE[:-1]}0> does not exist.",
        **_ANN,
        CertificateArn=f"{CERTIFICATE[:-1]}0",
    ),
    _V2.one(
        "AssociateEmailIdentityCertificate",
        _TAKEN,
        "A certificate is already associated with <ann@example.com>.",
        **_ANN,
        CertificateArn=CERTIFICATE,
    ),
]

TEMPLATES: list[Provocation] = [
    *_V2.each(
        ("GetEmailTemplate", "DeleteEmailTemplate"), _MISSING, "Template none does not exist.", TemplateName="none"
    ),
    _V2.one(
        "UpdateEmailTemplate",
        _MISSING,
        "Template none does not exist.",
        TemplateName="none",
        TemplateContent={"Subject": "Hi"},
    ),
    _V2.one(
        "TestRenderEmailTemplate", _MISSING, "Template none does not exist.", TemplateName="none", TemplateData="{}"
    ),
    _V2.one(
        "CreateEmailTemplate",
        _TAKEN,
        "Template t already exists.",
        TemplateName="t",
        TemplateContent={"Subject": "Hi"},
    ),
    _V2.one("ListEmailTemplates", _BAD, "Invalid PageToken <x>.", NextToken="x"),
    *_V2.each(
        ("GetCustomVerificationEmailTemplate", "DeleteCustomVerificationEmailTemplate"),
        _MISSING,
        _NO_CUSTOM,
        TemplateName="none",
    ),
    _V2.one("UpdateCustomVerificationEmailTemplate", _MISSING, _NO_CUSTOM, **{**VERIFICATION, "TemplateName": "none"}),
    _V2.one(
        "CreateCustomVerificationEmailTemplate",
        _TAKEN,
        "Custom verification email template <welcome> already exists",
        **VERIFICATION,
    ),
    _V2.one("ListCustomVerificationEmailTemplates", _BAD, "Invalid NextToken <x>.", NextToken="x"),
]

_BOB = {"ContactListName": "news", "EmailAddress": "bob@example.net"}
_STRANGER = {"ContactListName": "news", "EmailAddress": "eve@example.net"}
_ONE_CONTACT = ("GetContact", "UpdateContact", "DeleteContact")
CONTACTS: list[Provocation] = [
    *_V2.each(
        ("GetContactList", "UpdateContactList", "DeleteContactList", "ListContacts"),
        _MISSING,
        _NO_LIST,
        ContactListName="none",
    ),
    *_V2.each(
        (*_ONE_CONTACT, "CreateContact"), _MISSING, _NO_LIST, ContactListName="none", EmailAddress="bob@example.net"
    ),
    *_V2.each(_ONE_CONTACT, _MISSING, "eve@example.net doesn't exist in List.", **_STRANGER),
    *_V2.each(
        (*_ONE_CONTACT, "CreateContact"),
        _BAD,
        "EmailAddress <eve> is invalid",
        ContactListName="news",
        EmailAddress="eve",
    ),
    _V2.one("CreateContact", _TAKEN, "bob@example.net already exists in List.", **_BOB),
    _V2.one("CreateContactList", _BAD, "A maximum of 1 Lists allowed per account.", ContactListName="more"),
    _V2.one(
        "UpdateContactList",
        _BAD,
        "List description can contain up to 500 characters.",
        ContactListName="news",
        Description="x" * 501,
    ),
    *_V2.each(("ListContactLists", "ListContacts"), _BAD, "Provided NextToken is invalid", NextToken="x")[:1],
    _V2.one("ListContacts", _BAD, "Provided NextToken is invalid", ContactListName="news", NextToken="x"),
]

_NOT_LISTED = "Email address eve@example.net does not exist on your suppression list."
_ADDRESS_OPERATIONS = ("GetSuppressedDestination", "DeleteSuppressedDestination")
ACCOUNT: list[Provocation] = [
    *_V2.each(_ADDRESS_OPERATIONS, _MISSING, _NOT_LISTED, EmailAddress="eve@example.net"),
    *_V2.each(_ADDRESS_OPERATIONS, _BAD, "EmailAddress <eve> is invalid", EmailAddress="eve"),
    _V2.one(
        "PutSuppressedDestination",
        _MISSING,
        _NO_TENANT,
        EmailAddress="eve@example.net",
        Reason="BOUNCE",
        TenantName="none",
    ),
    _V2.one("ListSuppressedDestinations", _MISSING, _NO_TENANT, TenantName="none"),
    _V2.one("ListSuppressedDestinations", "InvalidNextTokenException", "Token is invalid.", NextToken="x"),
    _V2.one(
        "ListSuppressedDestinations",
        _BAD,
        "Page size 1001 is invalid, expected a number between 1 and 1000",
        PageSize=1001,
    ),
    _V2.one(
        "PutAccountSuppressionAttributes",
        _BAD,
        "1 validation error detected: Value at 'suppressedReasons' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [BOUNCE, COMPLAINT]]",
        SuppressedReasons=["SPAM"],
    ),
    Group("sesv2", "reviewed").one(
        "PutAccountDetails",
        "ConflictException",
        None,
        MailType="TRANSACTIONAL",
        WebsiteURL="https://example.com",
        ProductionAccessEnabled=True,
    ),
    *_V2.each(
        ("TagResource", "UntagResource", "ListTagsForResource"),
        _MISSING,
        "No Template present with name: none",
        ResourceArn=_ARN,
    ),
    *_V2.each(
        ("TagResource", "UntagResource", "ListTagsForResource"),
        _BAD,
        "ResourceArn is not the expected format",
        ResourceArn="x",
    ),
]


def _has_too_many(operation: str) -> bool:
    errors = service("sesv2").operation_model(operation).error_shapes
    return any(error.name == "TooManyRequestsException" for error in errors)


_SERVED = sorted(name for service, name in operations.handlers() if service == "sesv2")
MISSING_MEMBERS = [found for name in _SERVED if (found := without_required("sesv2", name)) is not None]
LIMITS: list[Provocation] = [
    Group("sesv2", "full").one(
        "CreateConfigurationSet", _FULL, "Maximum of 10000 configuration sets reached.", ConfigurationSetName="more"
    ),
    Group("sesv2", "full").one(
        "CreateConfigurationSetEventDestination",
        _FULL,
        "Configuration set <cs> already has 10 event destinations.",
        ConfigurationSetName="cs",
        **_NEW,
    ),
    Group("sesv2", "full").one(
        "CreateEmailIdentity", _FULL, "Maximum of 10000 identities reached.", EmailIdentity="a@more.example"
    ),
    Group("sesv2", "full").one(
        "CreateEmailIdentityPolicy",
        _FULL,
        "An identity can have at most 20 policies.",
        EmailIdentity="example.com",
        PolicyName="more",
        Policy=POLICY,
    ),
    Group("sesv2", "full").one(
        "CreateEmailTemplate",
        _FULL,
        "Maximum of 20000 templates reached.",
        TemplateName="more",
        TemplateContent={"Subject": "Hi"},
    ),
    Group("sesv2", "full").one(
        "CreateCustomVerificationEmailTemplate",
        _FULL,
        "Maximum of 50 templates reached.",
        **{**VERIFICATION, "TemplateName": "more"},
    ),
    Group("sesv2", "full").one(
        "SendCustomVerificationEmail",
        _FULL,
        "Maximum of 10000 identities reached.",
        EmailAddress="eve@example.net",
        TemplateName="welcome",
    ),
]
RATIONED = Group("sesv2", "rationed").each(
    [name for name in _SERVED if _has_too_many(name) and not name.startswith("Send")],
    "TooManyRequestsException",
    "Rate exceeded",
)
ALL = [
    *(*CONFIGURATION_SETS, *IDENTITIES, *CERTIFICATES, *TEMPLATES, *CONTACTS, *ACCOUNT),
    *(*MISSING_MEMBERS, *LIMITS, *RATIONED),
]
