"""A reader of the guide at work: types its commands, runs its programs, looks into the mailbox.

The guide's examples live in Tokyo, so everything here does.
"""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import Any

from tests.guide.marks import CommandFailed
from tests.running import ACCOUNT_ID, RunningServer, smtp_password

TOKYO = "ap-northeast-1"
SENDER = "noreply@example.com"
_AWS = Path(sys.executable).with_name("aws")
_POLL_S = 2


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader and the server that they follow the guide on."""

    server: RunningServer

    def aws(self, *arguments: str) -> Any:
        """Run `aws …` and give the answer it prints. Raises `CommandFailed` with its stderr."""
        # Version 1 of the CLI takes the endpoint of every service but SQS from the environment.
        done = subprocess.run(
            [sys.executable, _AWS, *arguments, "--output", "json"],
            env=self.server.client_environment(TOKYO),
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise CommandFailed(done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def client(self, service: str, *, retries: str = "") -> Any:
        """Give a boto3 client."""
        return self.server.client(service, TOKYO, retries=retries)

    def smtp_session(self) -> smtplib.SMTP:
        """Open a session on the STARTTLS port, verify the certificate, log in."""
        session = smtplib.SMTP("localhost", self.server.port("submission"), timeout=30)
        session.starttls(context=self.server.tls_context())
        session.login(self.server.access_key_id, self.smtp_password)
        return session

    @property
    def smtp_password(self) -> str:
        """The SMTP password of the reader's key in Tokyo."""
        return smtp_password(self.server.secret, TOKYO)

    def mail(self, to: str) -> EmailMessage:
        """Wait for a mail in the local inbox and parse it."""
        message = BytesParser(policy=modern).parsebytes(self.mail_bytes(to))
        assert isinstance(message, EmailMessage)
        return message

    def mail_bytes(self, to: str) -> bytes:
        """Wait for a mail in the local inbox and give its bytes."""
        found = self.server.inbox(to=to)
        assert len(found) == 1, found
        return self.server.inbox_bytes(found[0])

    def send(self, to: str, configuration_set: str | None = None, **content: str) -> str:
        """Send a short mail by boto3 and give its MessageId; `content` may have `html`."""
        body = {"Text": {"Data": "本文"}} | ({"Html": {"Data": content["html"]}} if "html" in content else {})
        more = {} if configuration_set is None else {"ConfigurationSetName": configuration_set}
        answer = self.client("sesv2").send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": [to]},
            Content={"Simple": {"Subject": {"Data": "お知らせ"}, "Body": body}},
            **more,
        )
        identifier: str = answer["MessageId"]
        return identifier

    def topic(self, name: str) -> str:
        """Make an SNS topic and a queue of the same name that gets what is published to it."""
        sns, sqs = self.client("sns"), self.client("sqs")
        topic: str = sns.create_topic(Name=name)["TopicArn"]
        sqs.create_queue(QueueName=name)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{TOKYO}:{ACCOUNT_ID}:{name}")
        return topic

    def configuration_set(self, name: str, topic: str, kinds: Sequence[str]) -> str:
        """Make a configuration set whose events of these kinds go to a topic."""
        client = self.client("sesv2")
        client.create_configuration_set(ConfigurationSetName=name)
        client.create_configuration_set_event_destination(
            ConfigurationSetName=name,
            EventDestinationName="topic",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": list(kinds),
                "SnsDestination": {"TopicArn": topic},
            },
        )
        return name

    def notifications(self, queue: str, count: int, *, polls: int = 10) -> list[dict[str, Any]]:
        """Take SNS notifications about mail from a queue until there are `count`; other messages are dropped."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found: list[dict[str, Any]] = []
        for _ in range(polls):
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=_POLL_S)
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                notification = json.loads(message["Body"])
                if '"mail":' in notification["Message"]:
                    found.append(notification)
            if len(found) >= count:
                break
        assert len(found) >= count, f"{len(found)} of {count} notifications came"
        return found

    def events(self, queue: str, count: int) -> list[dict[str, Any]]:
        """Take events from a queue until there are `count`."""
        return [json.loads(notification["Message"]) for notification in self.notifications(queue, count)]

    def suppression_reason(self, address: str) -> str | None:
        """Say why an address is on the account's suppression list; None when it is not there."""
        client = self.client("sesv2")
        try:
            found = client.get_suppressed_destination(EmailAddress=address)
        except client.exceptions.NotFoundException:
            return None
        reason: str = found["SuppressedDestination"]["Reason"]
        return reason
