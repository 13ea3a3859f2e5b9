"""Everything that an account can make, as a table for the tests of isolation."""

from __future__ import annotations

from typing import Any

from tests.api.certificates import CERTIFICATE
from tests.api.cloudwatch_resources import CLOUDWATCH_RESOURCES
from tests.api.destination_resources import DESTINATION_RESOURCES
from tests.api.function_resources import FUNCTION_RESOURCES
from tests.api.harness import ACCOUNT, REGION
from tests.api.iam_resources import IAM_RESOURCES
from tests.api.job_resources import JOB_RESOURCES
from tests.api.resource import Resource, Step, of

TOPIC, QUEUE = f"arn:aws:sns:{REGION}:{ACCOUNT}:events", f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"
URL = f"http://127.0.0.1:8005/{ACCOUNT}/mail"
NAME, IDENTITY, LIST = {"ConfigurationSetName": "cs"}, {"EmailIdentity": "example.com"}, {"ContactListName": "news"}
TENANT = {"TenantName": "acme"}
ENDPOINT = {"EndpointName": "global"}
ENTITY = {
    "ReputationEntityType": "RESOURCE",
    "ReputationEntityReference": f"arn:aws:ses:{REGION}:{ACCOUNT}:tenant/acme",
}
GIVEN = {**TENANT, "ResourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/cs"}
CONTACT = {**LIST, "EmailAddress": "bob@example.net"}
DESTINATION = {**NAME, "EventDestinationName": "d"}
DEFINITION = {"EventDestination": {"MatchingEventTypes": ["SEND"], "SnsDestination": {"TopicArn": TOPIC}}}
SENDER = {**IDENTITY, "FromAddress": "ann@example.com"}
VERIFICATION = {
    "TemplateName": "welcome",
    "FromEmailAddress": "ann@example.com",
    "TemplateSubject": "Welcome",
    "TemplateContent": "<p>Welcome</p>",
    "SuccessRedirectionURL": "https://example.com/yes",
    "FailureRedirectionURL": "https://example.com/no",
}
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ses:SendEmail",'
    f'"Resource":"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"}}]}}'
)
NO_TIME = {"StartDate": 0, "EndDate": 0}
DASHBOARD = {"DashboardEnabled": True, "SubscribedDomains": [{"Domain": "example.com"}]}
DETAILS = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.com"}


def mail(**more: Any) -> Step:
    """Give a send from the caller's own address, changed by `more`."""
    text = {"Data": "Hello"}
    content = {"Simple": {"Subject": text, "Body": {"Text": text}}}
    given = {"FromEmailAddress": "me@own.example", "Destination": {"ToAddresses": ["you@example.net"]}}
    return ("sesv2", "send_email", {**given, "Content": content, **more})


def _templated(**template: str) -> Step:
    return mail(Content={"Template": {**template, "TemplateData": "{}"}})


MAKE_IDENTITY: Step = ("sesv2", "create_email_identity", IDENTITY)
MAKE_SET: Step = ("sesv2", "create_configuration_set", NAME)
MAKE_TOPIC: Step = ("sns", "create_topic", {"Name": "events"})
MAKE_QUEUE: Step = ("sqs", "create_queue", {"QueueName": "mail"})
MAKE_LIST: Step = ("sesv2", "create_contact_list", LIST)
MAKE_TENANT: Step = ("sesv2", "create_tenant", TENANT)
TEMPLATE = {"TemplateName": "t", "TemplateContent": {"Subject": "Hi", "Text": "Hello"}}

RESOURCES: dict[str, Resource] = {
    "identity": Resource(
        ("CreateEmailIdentity", "VerifyDomainIdentity", "VerifyDomainDkim"),
        (MAKE_IDENTITY,),
        ("sesv2", "get_email_identity", IDENTITY),
        (
            *of(
                "sesv2",
                IDENTITY,
                *("get_email_identity", "delete_email_identity", "get_email_identity_policies"),
                *("put_email_identity_dkim_attributes", "put_email_identity_feedback_attributes"),
                *("put_email_identity_mail_from_attributes", "put_email_identity_configuration_set_attributes"),
                "put_email_identity_dkim_signing_attributes",
                put_email_identity_dkim_signing_attributes={"SigningAttributesOrigin": "AWS_SES"},
            ),
            *of("ses", {"Identity": "example.com"}, "list_identity_policies", "set_identity_mail_from_domain"),
            ("ses", "set_identity_dkim_enabled", {"Identity": "example.com", "DkimEnabled": False}),
            ("ses", "set_identity_feedback_forwarding_enabled", {"Identity": "example.com", "ForwardingEnabled": True}),
            mail(FromEmailAddress="ann@example.com"),
            ("sesv2", "create_custom_verification_email_template", VERIFICATION),
            ("sesv2", "create_configuration_set", {**NAME, "TrackingOptions": {"CustomRedirectDomain": "example.com"}}),
        ),
        (
            ("sesv2", "list_email_identities", {}),
            ("ses", "list_identities", {}),
            *of(
                "ses",
                {"Identities": ["example.com"]},
                *("get_identity_verification_attributes", "get_identity_dkim_attributes"),
                *("get_identity_mail_from_domain_attributes", "get_identity_notification_attributes"),
            ),
            ("ses", "delete_identity", {"Identity": "example.com"}),
        ),
    ),
    "address": Resource(
        ("VerifyEmailIdentity", "VerifyEmailAddress"),
        (("ses", "verify_email_identity", {"EmailAddress": "ann@example.com"}),),
        ("ses", "list_verified_email_addresses", {}),
        (mail(FromEmailAddress="ann@example.com"),),
        (
            ("ses", "list_verified_email_addresses", {}),
            ("ses", "delete_verified_email_address", {"EmailAddress": "ann@example.com"}),
        ),
    ),
    "certificate of a sender": Resource(
        ("AssociateEmailIdentityCertificate",),
        (
            MAKE_IDENTITY,
            ("sesv2", "associate_email_identity_certificate", {**SENDER, "CertificateArn": CERTIFICATE}),
        ),
        ("sesv2", "list_email_identity_certificates", IDENTITY),
        (
            ("sesv2", "list_email_identity_certificates", IDENTITY),
            ("sesv2", "disassociate_email_identity_certificate", SENDER),
            (
                "sesv2",
                "associate_email_identity_certificate",
                {"EmailIdentity": "me@own.example", "CertificateArn": CERTIFICATE},
            ),
        ),
    ),
    "identity policy": Resource(
        ("CreateEmailIdentityPolicy", "PutIdentityPolicy"),
        (MAKE_IDENTITY, ("sesv2", "create_email_identity_policy", {**IDENTITY, "PolicyName": "p", "Policy": POLICY})),
        ("sesv2", "get_email_identity_policies", IDENTITY),
        (
            *of("sesv2", {**IDENTITY, "PolicyName": "p"}, "delete_email_identity_policy"),
            ("ses", "get_identity_policies", {"Identity": "example.com", "PolicyNames": ["p"]}),
        ),
        (("ses", "delete_identity_policy", {"Identity": "example.com", "PolicyName": "p"}),),
    ),
    "configuration set": Resource(
        ("CreateConfigurationSet",),
        (MAKE_SET,),
        ("sesv2", "get_configuration_set", NAME),
        (
            *of(
                "sesv2",
                NAME,
                *("get_configuration_set", "delete_configuration_set", "get_configuration_set_event_destinations"),
                *("put_configuration_set_archiving_options", "put_configuration_set_delivery_options"),
                *("put_configuration_set_reputation_options", "put_configuration_set_sending_options"),
                *("put_configuration_set_suppression_options", "put_configuration_set_tracking_options"),
                *("put_configuration_set_vdm_options", "update_configuration_set"),
            ),
            *of("ses", NAME, "describe_configuration_set", "delete_configuration_set"),
            mail(**NAME),
            ("sesv2", "create_email_identity", {"EmailIdentity": "new.example", **NAME}),
        ),
        (("sesv2", "list_configuration_sets", {}), ("ses", "list_configuration_sets", {})),
    ),
    "event destination": Resource(
        ("CreateConfigurationSetEventDestination",),
        (
            MAKE_TOPIC,
            MAKE_SET,
            ("sesv2", "create_configuration_set_event_destination", {**DESTINATION, **DEFINITION}),
        ),
        ("sesv2", "get_configuration_set_event_destinations", NAME),
        (
            *of("sesv2", DESTINATION, "delete_configuration_set_event_destination"),
            ("sesv2", "update_configuration_set_event_destination", {**DESTINATION, **DEFINITION}),
        ),
    ),
    "tracking options": Resource(
        ("CreateConfigurationSetTrackingOptions",),
        (
            MAKE_IDENTITY,
            MAKE_SET,
            (
                "ses",
                "create_configuration_set_tracking_options",
                {**NAME, "TrackingOptions": {"CustomRedirectDomain": "example.com"}},
            ),
        ),
        ("sesv2", "get_configuration_set", NAME),
        (("ses", "delete_configuration_set_tracking_options", NAME),),
    ),
    "template": Resource(
        ("CreateEmailTemplate", "CreateTemplate"),
        (("sesv2", "create_email_template", TEMPLATE),),
        ("sesv2", "get_email_template", {"TemplateName": "t"}),
        (
            *of("sesv2", {"TemplateName": "t"}, "get_email_template", "delete_email_template"),
            ("sesv2", "update_email_template", TEMPLATE),
            ("sesv2", "test_render_email_template", {"TemplateName": "t", "TemplateData": "{}"}),
            ("ses", "get_template", {"TemplateName": "t"}),
            _templated(TemplateName="t"),
            _templated(TemplateArn=f"arn:aws:ses:{REGION}:{ACCOUNT}:template/t"),
        ),
        (
            ("sesv2", "list_email_templates", {}),
            ("ses", "list_templates", {}),
            ("ses", "delete_template", {"TemplateName": "t"}),
        ),
    ),
    "verification template": Resource(
        ("CreateCustomVerificationEmailTemplate",),
        (MAKE_IDENTITY, ("sesv2", "create_custom_verification_email_template", VERIFICATION)),
        ("sesv2", "get_custom_verification_email_template", {"TemplateName": "welcome"}),
        (
            *of(
                "sesv2",
                {"TemplateName": "welcome"},
                *("get_custom_verification_email_template", "delete_custom_verification_email_template"),
            ),
            ("sesv2", "update_custom_verification_email_template", VERIFICATION),
            (
                "sesv2",
                "send_custom_verification_email",
                {"EmailAddress": "eve@example.net", "TemplateName": "welcome"},
            ),
        ),
        (
            ("sesv2", "list_custom_verification_email_templates", {}),
            ("ses", "list_custom_verification_email_templates", {}),
            ("ses", "delete_custom_verification_email_template", {"TemplateName": "welcome"}),
        ),
    ),
    "contact list": Resource(
        ("CreateContactList",),
        (MAKE_LIST,),
        ("sesv2", "get_contact_list", LIST),
        (
            *of("sesv2", LIST, "get_contact_list", "update_contact_list", "delete_contact_list", "list_contacts"),
            ("sesv2", "create_contact", CONTACT),
            mail(ListManagementOptions=LIST),
        ),
        (("sesv2", "list_contact_lists", {}),),
    ),
    "contact": Resource(
        ("CreateContact",),
        (MAKE_LIST, ("sesv2", "create_contact", CONTACT)),
        ("sesv2", "get_contact", CONTACT),
        of("sesv2", CONTACT, "get_contact", "update_contact", "delete_contact"),
    ),
    "suppressed address": Resource(
        ("PutSuppressedDestination",),
        (("sesv2", "put_suppressed_destination", {"EmailAddress": "bob@example.net", "Reason": "BOUNCE"}),),
        ("sesv2", "get_suppressed_destination", {"EmailAddress": "bob@example.net"}),
        of("sesv2", {"EmailAddress": "bob@example.net"}, "get_suppressed_destination", "delete_suppressed_destination"),
        (("sesv2", "list_suppressed_destinations", {}),),
    ),
    "tenant": Resource(
        ("CreateTenant",),
        (MAKE_TENANT,),
        ("sesv2", "get_tenant", TENANT),
        (
            *of(
                "sesv2",
                TENANT,
                *("get_tenant", "delete_tenant", "put_tenant_suppression_attributes", "list_tenant_resources"),
                "list_suppressed_destinations",
            ),
            ("sesv2", "put_suppressed_destination", {**TENANT, "EmailAddress": "bob@example.net", "Reason": "BOUNCE"}),
            mail(**TENANT),
            ("sesv2", "get_reputation_entity", ENTITY),
            ("sesv2", "update_reputation_entity_customer_managed_status", {**ENTITY, "SendingStatus": "DISABLED"}),
            (
                "sesv2",
                "update_reputation_entity_policy",
                {**ENTITY, "ReputationEntityPolicy": f"arn:aws:ses:{REGION}:aws:reputation-policy/none"},
            ),
        ),
        (("sesv2", "list_tenants", {}), ("sesv2", "list_reputation_entities", {})),
    ),
    "resource of a tenant": Resource(
        ("CreateTenantResourceAssociation",),
        (MAKE_TENANT, MAKE_SET, ("sesv2", "create_tenant_resource_association", GIVEN)),
        ("sesv2", "list_tenant_resources", TENANT),
        (
            *of("sesv2", GIVEN, "create_tenant_resource_association", "delete_tenant_resource_association"),
            ("sesv2", "list_resource_tenants", {"ResourceArn": GIVEN["ResourceArn"]}),
        ),
    ),
    "suppressed address of a tenant": Resource(
        ("PutSuppressedDestination",),
        (
            MAKE_TENANT,
            ("sesv2", "put_suppressed_destination", {**TENANT, "EmailAddress": "bob@example.net", "Reason": "BOUNCE"}),
        ),
        ("sesv2", "list_suppressed_destinations", TENANT),
        (
            *of(
                "sesv2",
                {**TENANT, "EmailAddress": "bob@example.net"},
                *("get_suppressed_destination", "delete_suppressed_destination"),
            ),
        ),
    ),
    **JOB_RESOURCES,
    "multi-region endpoint": Resource(
        ("CreateMultiRegionEndpoint",),
        (
            (
                "sesv2",
                "create_multi_region_endpoint",
                {**ENDPOINT, "Details": {"RoutesDetails": [{"Region": "ap-south-1"}]}},
            ),
        ),
        ("sesv2", "get_multi_region_endpoint", ENDPOINT),
        of("sesv2", ENDPOINT, "get_multi_region_endpoint", "delete_multi_region_endpoint"),
        (("sesv2", "list_multi_region_endpoints", {}),),
    ),
    **IAM_RESOURCES,
    **CLOUDWATCH_RESOURCES,
    "account attributes": Resource(
        (),
        (
            ("sesv2", "put_account_details", DETAILS),
            ("sesv2", "put_account_suppression_attributes", {"SuppressedReasons": []}),
            ("sesv2", "put_account_vdm_attributes", {"VdmAttributes": {"VdmEnabled": "ENABLED"}}),
            ("sesv2", "put_account_sending_attributes", {"SendingEnabled": False}),
        ),
        ("sesv2", "get_account", {}),
        (),
        (("sesv2", "get_account", {}), ("ses", "get_account_sending_enabled", {}), ("ses", "get_send_quota", {})),
    ),
    "dashboard": Resource(
        (),
        (MAKE_IDENTITY, ("sesv2", "put_deliverability_dashboard_option", DASHBOARD)),
        ("sesv2", "get_deliverability_dashboard_options", {}),
        (
            ("sesv2", "list_domain_deliverability_campaigns", {"SubscribedDomain": "example.com", **NO_TIME}),
            ("sesv2", "get_domain_statistics_report", {"Domain": "example.com", **NO_TIME}),
            ("sesv2", "put_deliverability_dashboard_option", DASHBOARD),
        ),
        (("sesv2", "get_deliverability_dashboard_options", {}),),
    ),
    "topic": Resource(
        ("CreateTopic",),
        (MAKE_TOPIC,),
        ("sns", "get_topic_attributes", {"TopicArn": TOPIC}),
        (
            *of(
                "sns",
                {"TopicArn": TOPIC},
                *("get_topic_attributes", "delete_topic", "list_subscriptions_by_topic", "publish"),
                publish={"Message": "Hello"},
            ),
            *of("sns", {"ResourceArn": TOPIC}, "list_tags_for_resource"),
        ),
        (("sns", "list_topics", {}),),
    ),
    "subscription": Resource(
        ("Subscribe",),
        (MAKE_TOPIC, MAKE_QUEUE, ("sns", "subscribe", {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE})),
        ("sns", "list_subscriptions", {}),
        (("sns", "subscribe", {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE}),),
        (("sns", "list_subscriptions", {}),),
    ),
    "queue": Resource(
        ("CreateQueue",),
        (MAKE_QUEUE, ("sqs", "send_message", {"QueueUrl": URL, "MessageBody": "Hello"})),
        ("sqs", "get_queue_attributes", {"QueueUrl": URL, "AttributeNames": ["All"]}),
        (
            *of(
                "sqs",
                {"QueueUrl": URL},
                *("get_queue_attributes", "purge_queue", "delete_queue", "receive_message", "list_queue_tags"),
                "send_message",
                send_message={"MessageBody": "x"},
            ),
            ("sqs", "get_queue_url", {"QueueName": "mail"}),
        ),
        (("sqs", "list_queues", {}),),
    ),
    **DESTINATION_RESOURCES,
    **FUNCTION_RESOURCES,
}
