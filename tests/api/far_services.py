"""The real services that events go to, as the simulated world's HTTP: they verify signatures and keep what they get."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hatobin.ports import HttpReply, HttpUnreachable
from hatobin.protocols.aws.claims import SignedRequest, read_claim
from hatobin.protocols.aws.sigv4 import verify
from hatobin.words.settings import Aws, Remote, Settings, Webhook
from tests.api.harness import Api

KEY_ID, SECRET, REGION = "AKIAFAR", "far-secret", "eu-north-1"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc="
WEBHOOK_URL = "https://hook.example/in"


def settings_with(*services: str, webhooks: tuple[Webhook, ...] = (), **more: Any) -> Settings:
    """Give settings in which these services live elsewhere."""
    default = Remote(region=REGION, access_key_id=KEY_ID, secret_access_key=SECRET)
    remotes = {name: Remote(endpoint_url=f"https://{name}.far.example") for name in services}
    return Settings(aws=Aws(default=default, services=remotes), webhooks=webhooks, **more)


@dataclass(frozen=True)
class FarCall:
    """One record that arrived: at which service, and what it says."""

    at: float
    service: str
    target: str
    what: Any
    headers: Mapping[str, str]


@dataclass
class FarServices:
    """Everything beyond our own server. `down` are hosts that do not answer, `slow_s` seconds that a host takes."""

    api: Api
    calls: list[FarCall] = field(default_factory=list)
    requests: int = 0
    down: set[str] = field(default_factory=set)
    slow_s: dict[str, float] = field(default_factory=dict)
    refuse: Callable[[Any], bool] = lambda _: False

    def __post_init__(self) -> None:
        self.api.world.http.answer = self.answer

    async def answer(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        host = urlsplit(url).netloc
        self.requests += 1
        if host in self.slow_s:
            await self.api.world.clock.sleep(self.slow_s[host])
        if host in self.down:
            raise HttpUnreachable("connection refused")
        if "webhook-id" in headers:
            return self._keep("webhook", host, [json.loads(body)], headers, lambda _: b"")
        service = self._verified(url, headers, body)
        return getattr(self, f"_{service}")(url, headers, body)  # type: ignore[no-any-return]

    def of(self, service: str) -> list[Any]:
        """What a service got, in order."""
        return [call.what for call in self.calls if call.service == service]

    def _verified(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        parts = urlsplit(url)
        request = SignedRequest("POST", parts.path, parts.query, headers, body)
        claim = read_claim(request, now=self.api.world.clock.now())
        verify(claim, request, SECRET)
        assert (headers["host"], claim.access_key_id, claim.scope.regions) == (parts.netloc, KEY_ID, (REGION,))
        return claim.scope.service

    def _keep(
        self,
        service: str,
        target: str,
        records: list[Any],
        headers: Mapping[str, str],
        answer: Callable[[list[bool]], bytes],
    ) -> HttpReply:
        refused = [self.refuse(record) for record in records]
        now = self.api.world.clock.now()
        self.calls += [
            FarCall(now, service, target, record, headers)
            for record, is_refused in zip(records, refused, strict=True)
            if not is_refused
        ]
        return HttpReply(200, {}, answer(refused))

    def _sns(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        assert (form["Action"], form["Version"]) == ("Publish", "2010-03-31")
        return self._keep("sns", form["TopicArn"], [form], headers, lambda _: b"<PublishResponse/>")

    def _sqs(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        assert headers["x-amz-target"] == "AmazonSQS.SendMessage"
        document = json.loads(body)
        return self._keep("sqs", document["QueueUrl"], [document], headers, lambda _: b"{}")

    def _firehose(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        assert headers["x-amz-target"] == "Firehose_20150804.PutRecordBatch"
        document = json.loads(body)
        records = [base64.b64decode(record["Data"]).decode() for record in document["Records"]]

        def said(refused: list[bool]) -> bytes:
            answers = [{"ErrorCode": "ServiceUnavailableException"} if one else {"RecordId": "r"} for one in refused]
            return json.dumps({"FailedPutCount": sum(refused), "RequestResponses": answers}).encode()

        return self._keep("firehose", document["DeliveryStreamName"], records, headers, said)

    def _events(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        assert headers["x-amz-target"] == "AWSEvents.PutEvents"
        entries = json.loads(body)["Entries"]

        def said(refused: list[bool]) -> bytes:
            answers = [{"ErrorCode": "ThrottlingException"} if one else {"EventId": "e"} for one in refused]
            return json.dumps({"FailedEntryCount": sum(refused), "Entries": answers}).encode()

        return self._keep("events", "bus", entries, headers, said)

    def _monitoring(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        assert form["Action"] == "PutMetricData"
        return self._keep("cloudwatch", form["Namespace"], [form], headers, lambda _: b"<PutMetricDataResponse/>")

    def _mobiletargeting(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        items = json.loads(body)["BatchItem"]
        events = [event for item in items.values() for event in item["Events"].values()]
        return self._keep("pinpoint", urlsplit(url).path, events, headers, lambda _: b'{"Results":{}}')


def told(api: Api, destination: dict[str, Any], *types: str, name: str = "app") -> None:
    """Make a configuration set with one event destination."""
    ses = api.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName=name)
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="d",
        EventDestination={"Enabled": True, "MatchingEventTypes": list(types) or ["SEND", "DELIVERY"], **destination},
    )


def send(api: Api, *, to: str = "to@example.net", configuration_set: str = "app", **options: Any) -> str:
    """Send a mail with the set and give its id."""
    ses = api.client("sesv2")
    if not any(one["IdentityName"] == "example.com" for one in ses.list_email_identities()["EmailIdentities"]):
        ses.create_email_identity(EmailIdentity="example.com")
    message_id: str = ses.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        ConfigurationSetName=configuration_set,
        **options,
    )["MessageId"]
    return message_id
