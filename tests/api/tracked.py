"""What tests of tracking share: a set whose events go to a queue, mail sent with it, and readers who follow links."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from hatobin.servers.tracking import TrackingApp
from tests import asgi
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.links import html_of, mail_to

SET, SENDER = "app", "sender@example.com"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
_LINK = re.compile(r'https?://[^"\'\s>]+/[LI]0/[^"\'\s>]+')


class Readers:
    """A sender's set with a queue behind it, and the readers of what is sent."""

    def __init__(self, api: Api, *kinds: str, target: dict[str, Any] | None = None) -> None:
        self.api = api
        self.ses = api.client("sesv2")
        self._sqs = api.client("sqs")
        self._app = TrackingApp(api.outbound.engagements, api.world.settings)
        sns = api.client("sns")
        self.topic = sns.create_topic(Name="events")["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName="events")["QueueUrl"]
        queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"
        sns.subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"}
        )
        self.ses.create_email_identity(EmailIdentity="example.com")
        self.ses.create_configuration_set(ConfigurationSetName=SET)
        self.ses.create_configuration_set_event_destination(
            ConfigurationSetName=SET, EventDestinationName="d", EventDestination=self.destination(*kinds)
        )

    def destination(self, *kinds: str, enabled: bool = True) -> dict[str, Any]:
        return {
            "Enabled": enabled,
            "MatchingEventTypes": list(kinds or ("OPEN", "CLICK")),
            "SnsDestination": {"TopicArn": self.topic},
        }

    def change(self, *kinds: str, enabled: bool = True) -> None:
        """Let the destination be told of other kinds."""
        self.ses.update_configuration_set_event_destination(
            ConfigurationSetName=SET,
            EventDestinationName="d",
            EventDestination=self.destination(*kinds, enabled=enabled),
        )

    def send(self, html: str, to: str = "ann@example.net", *, text: str = "text", **more: Any) -> str:
        """Send a simple message with the set, and give its id."""
        body = {"Text": {"Data": text}, "Html": {"Data": html}}
        arguments = {
            "FromEmailAddress": SENDER,
            "Destination": {"ToAddresses": [to]},
            "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": body}},
            "ConfigurationSetName": SET,
        } | more
        return str(self.ses.send_email(**arguments)["MessageId"])

    def html(self, to: str = "ann@example.net") -> str:
        """Give the HTML that came."""
        return html_of(mail_to(self.api, to)).replace("\r\n", "\n").removesuffix("\n")

    def addresses(self, to: str = "ann@example.net") -> list[str]:
        """Give the tracked addresses of the mail that came, in order."""
        return [address.rstrip("\\") for address in _LINK.findall(self.html(to))]

    def ask(self, address: str, method: str = "GET", **headers: str) -> asgi.Answer:
        """Follow an address, as a browser does unless the headers say otherwise."""
        parts = urlsplit(address)
        sent = {"user-agent": BROWSER, "host": parts.netloc} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.api.run(asgi.call(self._app, method, parts.path, headers=sent, peer="192.0.2.44"))

    def events(self) -> list[dict[str, Any]]:
        """Give the events that came to the queue."""
        self.api.pass_time(1)
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            # The first message of a topic says that it works, in plain words.
            found += [json.loads(message["Body"]) for message in messages if message["Body"].startswith("{")]
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [one for one in found if "eventType" in one]
