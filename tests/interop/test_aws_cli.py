"""The AWS CLI as people type it: one endpoint in the environment, nothing else."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interop.sending import VALIDATED
from tests.running import RunningServer, smtp_password

_AWS = Path(sys.executable).with_name("aws")

pytestmark = pytest.mark.skipif(not _AWS.exists(), reason="the AWS CLI is not installed beside this Python")


def _aws(server: RunningServer, *arguments: str, fails: bool = False, environment: dict[str, str] | None = None) -> Any:
    if arguments[0] == "sqs":
        # Version 1 of the CLI puts its own old host names for SQS above AWS_ENDPOINT_URL.
        arguments += ("--endpoint-url", server.endpoint)
    done = subprocess.run(
        [sys.executable, _AWS, *arguments, "--output", "json"],
        env=server.client_environment() | (environment or {}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if fails:
        assert done.returncode != 0, done.stdout
        return done.stderr
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_the_first_commands_of_the_readme(mailbox: RunningServer) -> None:
    made = _aws(mailbox, "sesv2", "create-email-identity", "--email-identity", "cli.example")
    assert made["VerifiedForSendingStatus"] is True
    sent = _aws(
        mailbox,
        *("sesv2", "send-email", "--from-email-address", "me@cli.example"),
        *("--destination", "ToAddresses=you@example.net"),
        *("--content", "Simple={Subject={Data=Hello},Body={Text={Data=Hi}}}"),
    )
    found = mailbox.inbox(to="you@example.net")
    assert [(one["id"], one["subject"]) for one in found] == [(sent["MessageId"], "Hello")]


def test_v1_commands(mailbox: RunningServer) -> None:
    _aws(mailbox, "ses", "verify-email-identity", "--email-address", "one@cli-v1.example")
    listed = _aws(mailbox, "ses", "list-identities", "--identity-type", "EmailAddress")
    assert "one@cli-v1.example" in listed["Identities"]
    sent = _aws(
        mailbox,
        *("ses", "send-email", "--from", "one@cli-v1.example", "--to", "cli-v1@example.net"),
        *("--subject", "By v1", "--text", "Hello", "--html", "<b>Hello</b>"),
    )
    assert mailbox.inbox(to="cli-v1@example.net")[0]["id"] == sent["MessageId"]


def test_an_error_is_shown_with_its_code_and_text(mailbox: RunningServer) -> None:
    text = _aws(mailbox, "sesv2", "get-email-identity", "--email-identity", "nowhere.example", fails=True)
    assert "(NotFoundException)" in text
    assert "nowhere.example" in text


def test_a_tenant_sends_with_what_it_was_given(mailbox: RunningServer) -> None:
    tenant = ("--tenant-name", "CliTenant")
    arn = "arn:aws:ses:us-east-1:123456789012:identity/tenant.example"
    _aws(mailbox, "sesv2", "create-email-identity", "--email-identity", "tenant.example")
    made = _aws(mailbox, "sesv2", "create-tenant", *tenant)
    send = (
        *("sesv2", "send-email", *tenant, "--from-email-address", "me@tenant.example"),
        *("--destination", "ToAddresses=tenant@example.net"),
        *("--content", "Simple={Subject={Data=Hello},Body={Text={Data=Hi}}}"),
    )
    refused = _aws(mailbox, *send, fails=True)
    assert "(AccessDeniedException)" in refused
    assert f"Tenant not associated with resources [{arn}]." in refused
    _aws(mailbox, "sesv2", "create-tenant-resource-association", *tenant, "--resource-arn", arn)
    sent = _aws(mailbox, *send)
    assert mailbox.inbox(to="tenant@example.net")[0]["id"] == sent["MessageId"]
    [listed] = _aws(mailbox, "sesv2", "list-resource-tenants", "--resource-arn", arn)["ResourceTenants"]
    assert listed["TenantId"] == made["TenantId"]


def test_events_are_read_from_a_queue(mailbox: RunningServer) -> None:
    topic = _aws(mailbox, "sns", "create-topic", "--name", "cli-events")["TopicArn"]
    queue = _aws(mailbox, "sqs", "create-queue", "--queue-name", "cli-events")["QueueUrl"]
    arn = _aws(mailbox, "sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "QueueArn")
    endpoint = arn["Attributes"]["QueueArn"]
    _aws(mailbox, "sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", endpoint)
    destination = {"Enabled": True, "MatchingEventTypes": ["BOUNCE"], "SnsDestination": {"TopicArn": topic}}
    _aws(mailbox, "sesv2", "create-configuration-set", "--configuration-set-name", "cli-events")
    _aws(
        mailbox,
        *("sesv2", "create-configuration-set-event-destination", "--configuration-set-name", "cli-events"),
        *("--event-destination-name", "topic", "--event-destination", json.dumps(destination)),
    )
    sent = _aws(
        mailbox,
        *("sesv2", "send-email", "--from-email-address", "me@example.com"),
        *("--destination", "ToAddresses=bounce@simulator.amazonses.com", "--configuration-set-name", "cli-events"),
        *("--content", "Simple={Subject={Data=Hello},Body={Text={Data=Hi}}}"),
    )
    texts: list[str] = []
    for _ in range(5):
        answer = _aws(
            mailbox,
            *("sqs", "receive-message", "--queue-url", queue),
            *("--wait-time-seconds", "5", "--max-number-of-messages", "10"),
        )
        texts += [json.loads(message["Body"])["Message"] for message in answer["Messages"]]
        if len(texts) == 2:
            break
    assert texts[0] == VALIDATED
    event = json.loads(texts[1])
    assert (event["eventType"], event["mail"]["messageId"]) == ("Bounce", sent["MessageId"])


def test_a_user_assumes_a_role(mailbox: RunningServer) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = _aws(mailbox, "iam", "create-role", "--role-name", "cli-sender", "--assume-role-policy-document", document)[
        "Role"
    ]
    assert made["AssumeRolePolicyDocument"]["Statement"] == [trust]
    arn = "arn:aws:iam::aws:policy/AmazonSESFullAccess"
    _aws(mailbox, "iam", "attach-role-policy", "--role-name", "cli-sender", "--policy-arn", arn)
    given = _aws(mailbox, "sts", "assume-role", "--role-arn", made["Arn"], "--role-session-name", "ci")["Credentials"]
    temporary = {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    who = _aws(mailbox, "sts", "get-caller-identity", environment=temporary)
    assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/cli-sender/ci"
    assert _aws(mailbox, "sesv2", "get-account", environment=temporary)["SendingEnabled"] is True
    refused = _aws(mailbox, "iam", "list-users", environment=temporary, fails=True)
    assert "(AccessDenied)" in refused
    del temporary["AWS_SESSION_TOKEN"]
    assert "(InvalidClientTokenId)" in _aws(mailbox, "sts", "get-caller-identity", environment=temporary, fails=True)
    with smtplib.SMTP("localhost", mailbox.port("submission"), timeout=30) as session:
        session.starttls(context=mailbox.tls_context())
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            session.login(given["AccessKeyId"], smtp_password(given["SecretAccessKey"], "us-east-1"))
    assert caught.value.smtp_code == 535


def test_a_tenant_is_paused_and_has_another_policy(mailbox: RunningServer) -> None:
    arn = _aws(mailbox, "sesv2", "create-tenant", "--tenant-name", "cli")["TenantArn"]
    entity = ("--reputation-entity-type", "RESOURCE", "--reputation-entity-reference", arn)
    strict = "arn:aws:ses:us-east-1:aws:reputation-policy/strict"
    _aws(mailbox, "sesv2", "update-reputation-entity-policy", *entity, "--reputation-entity-policy", strict)
    _aws(
        mailbox,
        *("sesv2", "update-reputation-entity-customer-managed-status", *entity),
        *("--sending-status", "DISABLED"),
    )
    shown = _aws(mailbox, "sesv2", "get-reputation-entity", *entity)["ReputationEntity"]
    assert (shown["SendingStatusAggregate"], shown["ReputationManagementPolicy"]) == ("DISABLED", strict)
    listed = _aws(mailbox, "sesv2", "list-reputation-entities", "--filter", "SENDING_STATUS=DISABLED")
    assert listed["ReputationEntities"] == [shown]
    found = _aws(mailbox, "sesv2", "list-recommendations", "--filter", f"RESOURCE_ARN={arn}")
    assert found["Recommendations"] == []


def test_an_alarm_tells_a_topic(mailbox: RunningServer) -> None:
    topic = _aws(mailbox, "sns", "create-topic", "--name", "cli-alarms")["TopicArn"]
    queue = _aws(mailbox, "sqs", "create-queue", "--queue-name", "cli-alarms")["QueueUrl"]
    queue_arn = topic.replace(":sns:", ":sqs:")
    _aws(
        mailbox,
        *("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue_arn),
        *("--attributes", "RawMessageDelivery=true"),
    )
    _aws(
        mailbox,
        *("cloudwatch", "put-metric-alarm", "--alarm-name", "cli", "--alarm-actions", topic),
        *("--namespace", "AWS/SES", "--metric-name", "Reputation.BounceRate", "--statistic", "Average"),
        *("--period", "3600", "--evaluation-periods", "1", "--threshold", "0.05"),
        *("--comparison-operator", "GreaterThanOrEqualToThreshold"),
    )
    _aws(
        mailbox,
        *("cloudwatch", "set-alarm-state", "--alarm-name", "cli", "--state-value", "ALARM", "--state-reason", "drill"),
    )
    received = _aws(mailbox, "sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "5")
    told = json.loads(received["Messages"][0]["Body"])
    assert (told["AlarmName"], told["NewStateValue"], told["NewStateReason"]) == ("cli", "ALARM", "drill")
    [shown] = _aws(mailbox, "cloudwatch", "describe-alarms", "--alarm-names", "cli")["MetricAlarms"]
    assert shown["AlarmActions"] == [topic]
    error = _aws(mailbox, "cloudwatch", "delete-alarms", "--alarm-names", "none", fails=True)
    assert "ResourceNotFound" in error
