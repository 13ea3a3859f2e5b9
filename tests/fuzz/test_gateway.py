"""Whatever a signed request holds, the gateway answers it, and never with a fault of ours.

Each example is a server of its own and a few requests to it, which meet in the
names that they use. Nothing may answer 500, be logged as our error, or go on
for ever. `make fuzz` explores; the suite plays the same examples each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import traceback
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hatobin.app import operations
from hatobin.gateway import HttpRequest, HttpResponse
from tests.api.functions import ROLE as FUNCTION_ROLE
from tests.api.functions import TRUST as FUNCTION_TRUST
from tests.api.harness import ACCOUNT, Api
from tests.api.iam_resources import TRUST
from tests.fuzz.trees import Chance, Drawn, Rolled, tree
from tests.fuzz.wires import BREAKAGES, WRITERS, Spoken
from tests.fuzz.words import ACCOUNTS, ARCHIVE, FUNCTIONS, QUEUES, REGIONS, TOPICS, Known
from tests.gateway.samples import service

SERVED = sorted(operations.handlers())
_TOPIC = {"TopicName": "alpha", "DisplayName": "A", "DefaultSubscriptionStatus": "OPT_IN"}
_DESTINATION = {
    "EventDestinationName": "alpha",
    "EventDestination": {
        "Enabled": True,
        "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE", "REJECT", "RENDERING_FAILURE"],
        "SnsDestination": {"TopicArn": TOPICS[0]},
    },
}
_VERIFICATION = {
    "TemplateName": "alpha",
    "FromEmailAddress": "ann@example.com",
    "TemplateSubject": "Hi",
    "TemplateContent": "<p>Hi</p>",
    "SuccessRedirectionURL": "https://example.com/",
    "FailureRedirectionURL": "https://example.com/",
}
_ALARM = {
    "AlarmName": "alpha",
    "Namespace": "alpha",
    "MetricName": "alpha",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
_FUNCTION = {
    "FunctionName": "alpha",
    "Runtime": "python3.12",
    "Role": FUNCTION_ROLE,
    "Handler": "app.handle",
    "Code": {"ZipFile": ARCHIVE},
}
_PERMISSION = {
    "FunctionName": "alpha",
    "StatementId": "alpha",
    "Action": "lambda:InvokeFunction",
    "Principal": "sns.amazonaws.com",
}
_BUCKET = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::alpha"}
# What later requests find is made by some, so those come more often.
_MAKING = [name for name in SERVED if name[1].startswith(("Create", "Verify", "Subscribe", "Put"))]
_OPERATIONS = (*SERVED, *_MAKING)
MAX_REQUESTS = 25
FURNITURE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("sesv2", "CreateEmailIdentity", {"EmailIdentity": "ann@example.com"}),
    ("sesv2", "CreateEmailIdentity", {"EmailIdentity": "bob@example.net"}),
    ("sesv2", "CreateConfigurationSet", {"ConfigurationSetName": "alpha"}),
    ("sesv2", "CreateContactList", {"ContactListName": "alpha", "Topics": [_TOPIC]}),
    ("sesv2", "CreateContact", {"ContactListName": "alpha", "EmailAddress": "bob@example.net"}),
    ("sesv2", "PutSuppressedDestination", {"EmailAddress": "Ann@example.com", "Reason": "BOUNCE"}),
    ("ses", "CreateTemplate", {"Template": {"TemplateName": "alpha", "SubjectPart": "Hi {{name}}", "TextPart": "T"}}),
    ("ses", "CreateCustomVerificationEmailTemplate", _VERIFICATION),
    ("sns", "CreateTopic", {"Name": "alpha"}),
    ("sqs", "CreateQueue", {"QueueName": "alpha"}),
    ("sqs", "SendMessage", {"QueueUrl": "alpha", "MessageBody": "Hello"}),
    ("sqs", "ReceiveMessage", {"QueueUrl": "alpha"}),
    ("sns", "Subscribe", {"TopicArn": TOPICS[0], "Protocol": "sqs", "Endpoint": QUEUES[0]}),
    ("sesv2", "CreateConfigurationSetEventDestination", {"ConfigurationSetName": "alpha", **_DESTINATION}),
    ("cloudwatch", "PutMetricData", {"Namespace": "alpha", "MetricData": [{"MetricName": "alpha", "Value": 1.5}]}),
    ("cloudwatch", "PutMetricAlarm", _ALARM),
    ("firehose", "CreateDeliveryStream", {"DeliveryStreamName": "alpha", "S3DestinationConfiguration": _BUCKET}),
    ("events", "PutRule", {"Name": "alpha", "EventPattern": '{"source":["alpha","app"]}'}),
    ("events", "PutTargets", {"Rule": "alpha", "Targets": [{"Id": "alpha", "Arn": QUEUES[0]}]}),
    ("iam", "CreateUser", {"UserName": "alpha"}),
    ("iam", "CreateRole", {"RoleName": "alpha", "AssumeRolePolicyDocument": TRUST}),
    ("iam", "CreateRole", {"RoleName": "mail", "AssumeRolePolicyDocument": FUNCTION_TRUST}),
    ("lambda", "CreateFunction", _FUNCTION),
    ("lambda", "AddPermission", _PERMISSION),
    ("logs", "CreateLogGroup", {"logGroupName": "alpha"}),
    ("logs", "CreateLogStream", {"logGroupName": "alpha", "logStreamName": "alpha"}),
    ("sns", "Subscribe", {"TopicArn": TOPICS[0], "Protocol": "lambda", "Endpoint": FUNCTIONS[0]}),
)
"""What stands on a server before most examples begin; without it few requests would find anything."""
_EXPLORES = "FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "30"))
SEEDS = EXAMPLES * 2

WORLD_S = 60.0
"""How long a request may take in the world's time; the longest poll is 20 seconds."""
REAL_S = 5.0
"""And of the processor, which only `make fuzz` looks at."""


class Caller:
    """Sends requests to a server and looks at every answer."""

    def __init__(self) -> None:
        self._api = Api()
        self.known = Known()
        self.trail: list[str] = []

    def send(self, spoken: Spoken, account_id: str, region: str) -> HttpResponse | None:
        """Send one request, and refuse an answer that no request may get; None for one that the server turns away."""
        limits = self._api.world.settings.server
        if len(spoken.body) > limits.max_body_bytes or len(spoken.query) > limits.http_head_bytes:
            return None
        self.trail.append(f"{spoken.method} {spoken.path}?{spoken.query[:300]} {spoken.target} {spoken.body[:2000]!r}")
        key_id, secret = self._api._key(account_id)
        begun = time.process_time()
        with capture_logs() as logs:
            answer = self._answer(spoken.signed(key_id, secret, region, self._api.world.clock.now()))
        errors = [entry for entry in logs if entry["log_level"] in ("error", "critical")]
        assert answer.status < 500 or _is_not_built(answer), self._told(answer, errors)
        assert not errors, self._told(answer, errors)
        assert not _EXPLORES or time.process_time() - begun < REAL_S, self._told(answer, ["slow"])
        _check_readable(answer)
        self.known.learn(answer.body.decode("utf-8", "replace"))
        return answer

    def furnish(self) -> None:
        """Make what most servers have."""
        for name, operation, values in FURNITURE:
            spoken = WRITERS[name][0](name, service(name).operation_model(operation), values)
            answer = self.send(spoken, ACCOUNT, REGIONS[0])
            assert answer is not None
            assert answer.status in (200, 201), (operation, answer)

    def finish(self) -> None:
        """Let everything that was accepted come to its end."""
        with capture_logs() as logs:
            self._api.wait(lambda: not self._api.open_recipients(), limit_s=200_000.0)
        errors = [entry for entry in logs if entry["log_level"] in ("error", "critical")]
        assert not errors, self._told(None, errors)
        ended = [task for task in self._api.world.tasks if task.done()]
        assert not ended, self._told(None, ended)

    def close(self) -> None:
        """End the server."""
        self._api.close()

    def _answer(self, request: HttpRequest) -> HttpResponse:
        task: list[asyncio.Task[HttpResponse]] = []

        async def work() -> HttpResponse:
            task.append(asyncio.ensure_future(self._api.gateway.handle(request)))
            await asyncio.sleep(0)
            if not task[0].done():
                assert await self._api.world.run(task[0].done, limit_s=WORLD_S), self._told(None, ["endless"])
            return task[0].result()

        return self._api.run(work())

    def _told(self, answer: HttpResponse | None, found: Any) -> str:
        trail = "\n  ".join(self.trail[-12:])
        return f"{answer}\n{_traces(found)}\nafter\n  {trail}"


def _traces(found: list[Any]) -> str:
    texts = []
    for entry in found:
        error = entry.get("exc_info") if isinstance(entry, Mapping) else None
        texts.append("".join(traceback.format_exception(error)) if isinstance(error, BaseException) else repr(entry))
    return "\n".join(texts)


def _is_not_built(answer: HttpResponse) -> bool:
    told = (answer.body.decode(errors="replace"), dict(answer.headers).get("x-amzn-errortype", ""))
    return answer.status == 501 and any("NotImplemented" in one for one in told)


def _check_readable(answer: HttpResponse) -> None:
    """A client must be able to read what it gets."""
    kind = dict(answer.headers).get("content-type", "")
    if not answer.body:
        assert answer.status in (202, 204)
    elif "json" in kind:
        json.loads(answer.body, parse_constant=_no_number)
    elif "xml" in kind:
        ElementTree.fromstring(answer.body)
    else:
        assert "cbor" in kind
        cbor2.loads(answer.body)
    assert len(answer.headers) < 20
    for name, value in answer.headers:
        assert (name + value).isprintable(), (name, value)


def _no_number(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


def _spoken(chance: Chance, known: Known) -> Spoken:
    name, operation_name = chance.one_of(_OPERATIONS)
    operation = service(name).operation_model(operation_name)
    shape = operation.input_shape
    values = {} if shape is None else tree(chance, shape, known, name)
    spoken: Spoken = chance.one_of(WRITERS[name])(name, operation, values)
    if chance.below(10) == 9:
        spoken = chance.one_of(BREAKAGES)(spoken, chance.below(10_000))
    return spoken


def _play(chance: Chance) -> None:
    """Set up a server, send it some requests, and let it finish what it accepted."""
    caller = Caller()
    try:
        if chance.below(10) < 8:
            caller.furnish()
        for _ in range(1 + chance.below(MAX_REQUESTS)):
            own = chance.below(10) < 8
            account_id, region = (ACCOUNTS[0], REGIONS[0]) if own else (chance.one_of(ACCOUNTS), chance.one_of(REGIONS))
            caller.send(_spoken(chance, caller.known), account_id, region)
        caller.finish()
    finally:
        caller.close()


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_request_meets_a_fault_of_ours(data: st.DataObject) -> None:
    _play(Drawn(data))


@pytest.mark.parametrize("first_seed", range(0, SEEDS, 100))
def test_no_seed_leads_to_a_fault_of_ours(first_seed: int) -> None:
    for seed in range(first_seed, min(first_seed + 100, SEEDS)):
        _play(Rolled(seed + int(os.environ.get("FUZZ_SEED", "0"))))
