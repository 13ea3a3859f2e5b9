"""What a call is checked for, for every operation of the models."""

from __future__ import annotations

import pytest

from hatobin.gateway.models import cloudwatch, mailmanager, ses, sesv2, sns, sqs
from hatobin.gateway.resources import Looked, action_of, apart, resource_of
from hatobin.protocols.aws.shapes import Shape

PLACE = ("123456789012", "eu-west-1")
ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"
SES = "arn:aws:ses:eu-west-1:123456789012:"


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ses", "GetSendQuota", "ses:GetSendQuota"),
        ("sesv2", "GetAccount", "ses:GetAccount"),
        ("mailmanager", "CreateRelay", "ses:CreateRelay"),
        ("sqs", "SendMessageBatch", "sqs:SendMessage"),
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
        ("sqs", "ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ("sns", "PublishBatch", "sns:Publish"),
        ("sns", "Subscribe", "sns:Subscribe"),
        ("sts", "AssumeRole", "sts:AssumeRole"),
    ],
)
def test_actions(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action


@pytest.mark.parametrize(
    ("service", "operation", "request_", "resource"),
    [
        ("sesv2", "GetAccount", sesv2.GetAccountRequest(), "*"),
        ("cloudwatch", "ListMetrics", cloudwatch.ListMetricsInput(), "*"),
        ("cloudwatch", "DescribeAlarms", cloudwatch.DescribeAlarmsInput(), "*"),
        ("cloudwatch", "DeleteAlarms", cloudwatch.DeleteAlarmsInput(alarm_names=["a"]), ALARM),
        ("cloudwatch", "TagResource", cloudwatch.TagResourceInput(resource_arn=ALARM, tags=[]), ALARM),
        (
            "cloudwatch",
            "SetAlarmState",
            cloudwatch.SetAlarmStateInput(alarm_name="a", state_value="OK", state_reason=""),
            ALARM,
        ),
        ("sesv2", "ListEmailIdentities", sesv2.ListEmailIdentitiesRequest(), "*"),
        (
            "sesv2",
            "GetEmailIdentity",
            sesv2.GetEmailIdentityRequest(email_identity="a.example"),
            SES + "identity/a.example",
        ),
        (
            "sesv2",
            "GetEmailIdentity",
            sesv2.GetEmailIdentityRequest(email_identity=" A.Example. "),
            SES + "identity/a.example",
        ),
        (
            "sesv2",
            "GetEmailIdentity",
            sesv2.GetEmailIdentityRequest(email_identity="Ann@A.Example"),
            SES + "identity/Ann@a.example",
        ),
        (
            "sesv2",
            "PutEmailIdentityConfigurationSetAttributes",
            sesv2.PutEmailIdentityConfigurationSetAttributesRequest(
                email_identity="a.example", configuration_set_name="s"
            ),
            SES + "identity/a.example",
        ),
        (
            "sesv2",
            "GetConfigurationSet",
            sesv2.GetConfigurationSetRequest(configuration_set_name="s"),
            SES + "configuration-set/s",
        ),
        ("sesv2", "GetEmailTemplate", sesv2.GetEmailTemplateRequest(template_name="t"), SES + "template/t"),
        (
            "sesv2",
            "GetCustomVerificationEmailTemplate",
            sesv2.GetCustomVerificationEmailTemplateRequest(template_name="t"),
            SES + "custom-verification-email-template/t",
        ),
        ("sesv2", "GetContactList", sesv2.GetContactListRequest(contact_list_name="l"), SES + "contact-list/l"),
        ("sesv2", "GetImportJob", sesv2.GetImportJobRequest(job_id="j"), SES + "import-job/j"),
        ("sesv2", "GetExportJob", sesv2.GetExportJobRequest(job_id="j"), SES + "export-job/j"),
        ("sesv2", "ListTagsForResource", sesv2.ListTagsForResourceRequest(resource_arn="arn:x"), "arn:x"),
        ("ses", "GetTemplate", ses.GetTemplateRequest(template_name="t"), "*"),
        ("ses", "DeleteIdentity", ses.DeleteIdentityRequest(identity="a.example"), "*"),
        ("mailmanager", "GetRelay", mailmanager.GetRelayRequest(relay_id="r-1"), SES + "mailmanager-smtp-relay/r-1"),
        ("sns", "Publish", sns.PublishInput(topic_arn="arn:aws:sns:r:1:t", message="x"), "arn:aws:sns:r:1:t"),
        ("sns", "Publish", sns.PublishInput(target_arn="arn:aws:sns:r:1:t", message="x"), "arn:aws:sns:r:1:t"),
        ("sns", "CreateTopic", sns.CreateTopicInput(name="t"), "arn:aws:sns:eu-west-1:123456789012:t"),
        ("sns", "ListTopics", sns.ListTopicsInput(), "*"),
        (
            "sns",
            "GetSubscriptionAttributes",
            sns.GetSubscriptionAttributesInput(subscription_arn="arn:aws:sns:r:1:t:u-u-i-d"),
            "arn:aws:sns:r:1:t",
        ),
        ("sns", "GetSubscriptionAttributes", sns.GetSubscriptionAttributesInput(subscription_arn="pending"), "*"),
        (
            "sqs",
            "ReceiveMessage",
            sqs.ReceiveMessageRequest(queue_url="http://localhost:8005/210987654321/q"),
            "arn:aws:sqs:eu-west-1:210987654321:q",
        ),
        ("sqs", "CreateQueue", sqs.CreateQueueRequest(queue_name="q"), "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("sesv2", "GetTenant", sesv2.GetTenantRequest(tenant_name="t"), Looked("tenant", "t")),
        ("sesv2", "CreateTenant", sesv2.CreateTenantRequest(tenant_name="t"), "*"),
        (
            "sesv2",
            "PutSuppressedDestination",
            sesv2.PutSuppressedDestinationRequest(email_address="a@b.c", reason="BOUNCE", tenant_name="t"),
            "*",
        ),
        ("sqs", "ListQueues", sqs.ListQueuesRequest(), "*"),
    ],
)
def test_resources(service: str, operation: str, request_: Shape, resource: str | Looked) -> None:
    assert resource_of(service, operation, request_, PLACE) == resource


def test_several_alarms_of_one_call_are_checked_each() -> None:
    request = cloudwatch.DeleteAlarmsInput(alarm_names=["a", "b"])
    found = [resource_of("cloudwatch", "DeleteAlarms", one, PLACE) for one in apart(request)]
    assert found == [ALARM, "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:b"]
    assert apart(cloudwatch.DescribeAlarmsInput()) == [cloudwatch.DescribeAlarmsInput()]
