"""Texts, numbers and bytes that requests are made of: names from small pools, so that requests meet, and odd ones.

The pools are small on purpose: what one request of a run makes, a later one
finds. What can only be known from an answer (tokens, receipt handles, the ids
of messages and subscriptions) is remembered in `Known` and offered again.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field

from tests.api.functions import ECHO, packed
from tests.api.functions import ROLE as FUNCTION_ROLE
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION

ACCOUNTS, REGIONS = (ACCOUNT, OTHER_ACCOUNT), (REGION, "eu-west-1")
NAMES = ("alpha", "alpha", "alpha", "beta", "Alpha", "a.b")
ADDRESSES = (
    "ann@example.com",
    "Ann@Example.COM",
    "bob@example.net",
    "bounce@simulator.amazonses.com",
    "Bob B. <bob@example.net>",
    '"q uoted"@example.com',
    "=?utf-8?q?J=C3=B6rg?= <jorg@example.com>",
)
DOMAINS = ("example.com", "EXAMPLE.com", "mail.example.com", "example.org")
_DEEP = "[" * 3000
_LONG_NUMBER = "9" * 5000

ODD_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "x\udfffy",
    "\ufffe\uffff",
    "é鳩🕊\u202e",
    "\r\nBcc: eve@example.org",
    "a" * 65,
    "a" * 257,
    "é" * 2000,
    "x" * 70_000,
    "../../etc",
    "a/b?c=d&e#f",
    "%00%ff%zz",
    "null",
    "*" * 200,
    "١٢",
    _LONG_NUMBER,
    "-1",
    "1e999",
    _DEEP,
    '{"a":' * 2000,
    "{{#each x}}",
    "<a href='x'>&lt;",
    "2024-02-30T25:61:61Z",
    "=?utf-8?b?////?=",
    "@",
    "a@b",
    "arn:aws:ses:::",
    "arn:" + ":" * 50,
    "http://[::1",
    "https://user:pass@example.com:99999/",
)
ODD_NUMBERS = (
    *(0, 1, -1, 2, 10, 100, 300, 1000, 43_200, 50_400),
    *(2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**400),
    *(1.5, -0.0, 1e-320, 1e18, 1e308, float("inf"), float("nan")),
)
MOMENTS = (
    *(0, 1_700_000_000, 1_700_000_000.25, -1, -62_135_596_801, 1e12, 1e18, 1e308),
    *("2024-01-01T00:00:00Z", "2024-02-30", "9999-12-31T24:59:60Z", "0000-01-01", "0001-01-01T00:00:00+23:59", "now"),
)
_PLAIN = b"From: ann@example.com\r\nTo: bob@example.net\r\nSubject: Hi\r\n"
ARCHIVE = packed(app=ECHO)
BLOBS = (
    ARCHIVE,
    b"",
    b"\0",
    b"\xff\xfe",
    _PLAIN + b"\r\nHello\r\n",
    _PLAIN + b"X-SES-CONFIGURATION-SET: alpha\r\nX-SES-MESSAGE-TAGS: a=b, c=d\r\n\r\nHello\r\n",
    _PLAIN + b"X-SES-LIST-MANAGEMENT-OPTIONS: alpha; topic=beta\r\n\r\n{{amazonSESUnsubscribeUrl}}\r\n",
    _PLAIN.replace(b"ann", b'"a\0b"') + b"\r\n",
    b"Subject: nobody\r\n\r\n",
    b"From ann@example.com\r\n\r\n\r\n",
    _PLAIN + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" * 40 + b"--b--\r\n",
    _PLAIN + b"\r\n" + b"x" * 2000 + b"\r\n",
    _PLAIN + b"To: \xff\xfe\r\nX: =?utf-8?b?4pyT?=\r\n\r\n\xff\r\n",
    b"To: bob@example.net\nFrom: ann@example.com\n\nbare\rfeeds\n",
)


def _policy(resource: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ses:SendEmail", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
_IDENTITIES = (f"{_SES}:identity/ann@example.com", f"{_SES}:identity/example.com")
_KINDS = ("configuration-set", "contact-list", "template", "custom-verification-email-template", "no-kind")
QUEUES = tuple(f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in ("alpha", "beta"))
TOPICS = tuple(f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("alpha", "beta"))
FUNCTIONS = tuple(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" for name in ("alpha", "beta"))
_DOCUMENTS = (
    "{}",
    "[]",
    '{"name":"Ann","items":[1,2,{"a":null}],"x":{"y":"z"}}',
    '{"name":1e400}',
    '{"name":"\\ud800"}',
    '{"name":"a\\u0000b"}',
    _policy(_IDENTITIES[0]),
    _policy("*" * 60 + "x"),
    _policy("arn:aws:ses:*:*:identity/" + "*a" * 30),
    json.dumps({"deadLetterTargetArn": QUEUES[1], "maxReceiveCount": 1}),
    json.dumps({"deadLetterTargetArn": QUEUES[1], "maxReceiveCount": _LONG_NUMBER}),
    json.dumps({"default": "hello", "sqs": "you"}),
    '{"event":["a",{"prefix":"b"},{"numeric":[">",1]},{"exists":false}]}',
    '{"a":{"b":{"c":[{"anything-but":["x"]}]}},"$or":[{"d":["1"]},{"e":[null]}]}',
    _DEEP,
)
_PATTERNS = (
    '{"source":["alpha","app"]}',
    '{"detail":{"a":[{"prefix":{"equals-ignore-case":"B"}},{"cidr":"10.0.0.0/8"},{"wildcard":"*a*a*a*"}]}}',
    '{"$or":[{"a":[1]},{"$or":[{"b":[{"numeric":["=",1]}]},{"c":[true]}]}]}',
    '{"id":"1","account":"1","source":"s","time":"t","region":"r","resources":[],"detail-type":"d"}',
)
_VALUES = ("true", "30", "2", "Hello", _LONG_NUMBER, '{"numeric":[[],1]}')
_PARTS = (
    "Hi {{name}}",
    "{{#each items}}{{this.a}}{{/each}}{{x.y.z}}",
    "{{#if name}}yes{{else}}no{{/if}} {{amazonSESUnsubscribeUrl}}",
    "{{#each items}}" * 40,
    "{{" * 500,
    '<p style="x">Hi</p><img src="data:image/png;base64,AAAA">',
    "<!-- c -->",
)
_FILTERS = ("alpha", "DOMAIN", "EMAIL_ADDRESS", "SUCCESS", "PENDING", "%_!", "al")
_ATTRIBUTES = {
    "sqs": (
        *("VisibilityTimeout", "DelaySeconds", "RedrivePolicy", "Policy", "MaximumMessageSize", "All"),
        *("MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "FifoQueue"),
    ),
    "sns": (
        *("DisplayName", "Policy", "DeliveryPolicy", "SignatureVersion", "FilterPolicy", "FilterPolicyScope"),
        *("RawMessageDelivery", "RedrivePolicy", "SQSSuccessFeedbackSampleRate"),
    ),
}


@dataclass
class Known:
    """What answers of this run gave, to be asked with again."""

    tokens: list[str] = field(default_factory=lambda: [_forged("identity", "a"), _forged("template", 1e308, "a")])
    receipts: list[str] = field(
        default_factory=lambda: [_base64(f"q 1 {2**63}"), _base64("q 1 -1"), _base64(f"q {2**63} 1")]
    )
    subscriptions: list[str] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)

    def learn(self, answer: str) -> None:
        """Remember what an answer, JSON or XML, holds."""
        for kept, name in (
            (self.tokens, "NextToken"),
            (self.tokens, "nextToken"),
            (self.tokens, "nextForwardToken"),
            (self.receipts, "ReceiptHandle"),
            (self.subscriptions, "SubscriptionArn"),
            (self.message_ids, "MessageId"),
        ):
            for found in re.findall(rf'(?:"{name}":"|<{name}>)([^"<]+)', answer)[:5]:
                kept.append(found)
                if name == "ReceiptHandle":
                    kept.append(_other_count(found))

    def pool(self, service: str, member: str, shape: str) -> tuple[str, ...]:
        """Give texts that make sense as this member."""
        found = {
            "NextToken": self.tokens,
            "nextToken": self.tokens,
            "ReceiptHandle": self.receipts,
            "SubscriptionArn": self.subscriptions,
        }
        if member in found:
            return tuple(found[member][-6:]) or NAMES
        if member in ("OriginalMessageId", "MessageId"):
            return tuple(self.message_ids[-6:]) or NAMES
        return _pool(service, member, shape)


def _pool(service: str, member: str, shape: str) -> tuple[str, ...]:
    if member in ("AttributeName", "AttributeNames", "key") and service in _ATTRIBUTES:
        return _ATTRIBUTES[service]
    for pattern, pool in _POOLS:
        if re.search(pattern, f"{member}|{shape}"):
            return pool
    return NAMES if member.endswith("Name") else (*NAMES, "true", "1", "Hello")


_POOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"^Role\|", (FUNCTION_ROLE,)),
    (r"^Resource\|", FUNCTIONS),
    (r"^Handler\|", ("app.handle", "app", "none.handle")),
    (r"^Principal\|", ("sns.amazonaws.com", "*", ACCOUNT)),
    (r"^Action\|", ("lambda:InvokeFunction", "lambda:*")),
    (r"filterPattern", ("alpha", "-alpha ?beta", '{ $.a = "b*" }', '"a', "[a]")),
    (r"logGroupIdentifier", ("alpha", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:alpha")),
    (r"QueueUrl", (f"http://localhost:8005/{ACCOUNT}/alpha", f"/{ACCOUNT}/beta", "alpha", f"{OTHER_ACCOUNT}/alpha")),
    (r"^(EmailIdentity|Identity|Identities|member)\|", (*ADDRESSES[:2], *DOMAINS)),
    (r"^(TopicArn|TargetArn|BounceTopic|SnsTopic)\|", (*TOPICS, TOPICS[0].replace(REGION, "eu-west-1"))),
    (r"^ResourceArn\|", (*TOPICS, *_IDENTITIES, *(f"{_SES}:{kind}/alpha" for kind in _KINDS))),
    (r"^ResourceARN\|", (f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:alpha", *TOPICS)),
    (r"EventPattern\||^Event\|", (*_DOCUMENTS, *_PATTERNS)),
    (r"^Detail\||^Input\||^InputTemplate\|", (*_DOCUMENTS, '"<alpha> <beta>"', "<aws.events.event.json>")),
    (r"InputPath", ("$", "$.detail.a[0]", "$.detail['a b']", "$..", "$.detail" + "[0]" * 80)),
    (r"^(DetailType|Source)\|String", ("alpha", "app", "aws.ses")),
    (r"^Prefix\||ErrorOutputPrefix", ("a/", "!{timestamp:yyyy/MM'x'}", "!{firehose:random-string}/", "!{a:b}")),
    (r"^BucketARN\|", ("arn:aws:s3:::alpha",)),
    (r"^(Expression|Query)\|", ("100 * alpha / beta", "FILL(alpha, 0) ^ -2", "1e308 * 1e308", "(" * 99)),
    (r"^Stat\||ExtendedStatistic\|", ("Sum", "p99.9", "p50", "Average", "tm90")),
    (r"^(AlarmActions|OKActions|member)\|ResourceName", TOPICS),
    (r"^TemplateArn\|", (f"{_SES}:template/alpha",)),
    (r"^(Endpoint)\|", (*QUEUES, *FUNCTIONS, "https://example.com/hook", "http://user:pw@example.com/")),
    (r"^Protocol\|", ("sqs", "lambda", "https", "http", "email")),
    (r"^DataType\|", ("String", "Number", "Binary", "String.Array")),
    (r"Arn\|", (*QUEUES, f"arn:aws:iam::{ACCOUNT}:role/r", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default")),
    (r"Address|^(Source|Recipient|BounceSender|Sender)\||ReturnPath", ADDRESSES),
    (r"Domain(?!Signing)|MailFrom", (*DOMAINS, "bounce.example.com")),
    (r"Policy\||Data\|(?!Charset)|Policies|AttributeValue|^value\|", (*_DOCUMENTS, *_VALUES)),
    (r"SubjectPart|TextPart|HtmlPart|TemplateContent|^(Html|Text|Subject)\||TemplateSubject", _PARTS),
    (r"Url|URL|Uri", ("https://example.com/done", "http://localhost/", "ftp://x/")),
    (r"Charset", ("UTF-8", "ISO-8859-1", "utf-7", "no-such")),
    (r"^(Filter|FilterValue)", _FILTERS),
    (r"ContentType", ("text/plain", "application/pdf", "image/png; name=x")),
    (r"PrivateKey", (base64.b64encode(b"no key").decode(),)),
)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _forged(kind: str, *cursor: str | float) -> str:
    """Make a token in our own form, with a place that no answer gave."""
    return base64.urlsafe_b64encode(json.dumps([kind, ACCOUNT, REGION, "", list(cursor)]).encode()).decode()


def _other_count(handle: str) -> str:
    """Give the receipt handle of the same message with a count that no column holds."""
    try:
        return _base64(base64.b64decode(handle).decode().rpartition(" ")[0] + f" {2**80}")
    except ValueError:
        return handle
