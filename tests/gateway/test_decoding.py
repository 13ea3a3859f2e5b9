"""What is wrong with a request is said in AWS's words, and what AWS reads leniently is read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from hatobin.gateway.addressing import QUERY, REST_JSON, json_wire
from hatobin.gateway.decoding import decode
from hatobin.gateway.models import SERVICES, service_model
from hatobin.protocols.aws.forms import parse_form
from hatobin.protocols.aws.nodes import ListNode, MapNode, Node, ScalarNode, StructNode, struct_node
from hatobin.protocols.aws.wire import Parcel, Wire
from hatobin.words.errors import CallerError

WIRES: dict[str, Wire] = {
    "ses": QUERY,
    "sesv2": REST_JSON,
    "mailmanager": json_wire("mailmanager", ""),
    "sns": QUERY,
    "sqs": json_wire("sqs", ""),
    "sts": QUERY,
    "iam": QUERY,
    "cloudwatch": json_wire("cloudwatch", ""),
    "firehose": json_wire("firehose", ""),
    "events": json_wire("events", ""),
    "lambda": REST_JSON,
    "logs": json_wire("logs", ""),
}


LABELS = {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}


def parcel(service: str, operation: str, given: Any, query: str = "") -> Parcel:
    model = service_model(service).operations[operation]
    labels = {label: LABELS.get(label, "RESOURCE") for label, _ in model.labels}
    if WIRES[service] is QUERY:
        return Parcel(model, b"", form=parse_form(given))
    body = given if isinstance(given, bytes) else msgspec.json.encode(given)
    return Parcel(model, body, query, labels)


def error(service: str, operation: str, given: Any, query: str = "") -> tuple[str, str | None]:
    with pytest.raises(CallerError) as caught:
        decode(service, WIRES[service], parcel(service, operation, given, query))
    return caught.value.code, caught.value.message


def one(path: str, constraint: str) -> str:
    return f"1 validation error detected: Value at '{path}' failed to satisfy constraint: {constraint}"


@pytest.mark.parametrize(
    ("operation", "given", "message"),
    [
        ("CreateConfigurationSet", {}, one("configurationSetName", "Member must not be null")),
        (
            "CreateConfigurationSet",
            {"ConfigurationSetName": None},
            one("configurationSetName", "Member must not be null"),
        ),
        (
            "PutConfigurationSetDeliveryOptions",
            {"TlsPolicy": "MAYBE"},
            one("tlsPolicy", "Member must satisfy enum value set: [OPTIONAL, REQUIRE]"),
        ),
        (
            "PutConfigurationSetDeliveryOptions",
            {"MaxDeliverySeconds": 299},
            one("maxDeliverySeconds", "Member must have value greater than or equal to 300"),
        ),
        (
            "PutConfigurationSetDeliveryOptions",
            {"MaxDeliverySeconds": 50401},
            one("maxDeliverySeconds", "Member must have value less than or equal to 50400"),
        ),
        (
            "PutEmailIdentityMailFromAttributes",
            {"BehaviorOnMxFailure": "x"},
            one("behaviorOnMxFailure", "Member must satisfy enum value set: [REJECT_MESSAGE, USE_DEFAULT_VALUE]"),
        ),
        (
            "PutConfigurationSetTrackingOptions",
            {"CustomRedirectDomain": "d", "HttpsPolicy": "x"},
            one("httpsPolicy", "Member must satisfy enum value set: [OPTIONAL, REQUIRE, REQUIRE_OPEN_ONLY]"),
        ),
        (
            "PutAccountVdmAttributes",
            {"VdmAttributes": {"VdmEnabled": "ENABLED", "DashboardAttributes": {"EngagementMetrics": "x"}}},
            one(
                "vdmAttributes.dashboardAttributes.engagementMetrics",
                "Member must satisfy enum value set: [ENABLED, DISABLED]",
            ),
        ),
        (
            "CreateConfigurationSet",
            {"ConfigurationSetName": "x", "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "SPAM"]}},
            one(
                "suppressionOptions.suppressedReasons",
                "Member must satisfy constraint: [Member must satisfy enum value set: [BOUNCE, COMPLAINT]]",
            ),
        ),
        (
            "TagResource",
            {"ResourceArn": "a", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k"}]},
            one("tags.2.member.value", "Member must not be null"),
        ),
        (
            "PutAccountDetails",
            {"MailType": "x", "WebsiteURL": "", "AdditionalContactEmailAddresses": []},
            "3 validation errors detected: "
            "Value at 'mailType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [MARKETING, TRANSACTIONAL]; "
            "Value at 'websiteURL' failed to satisfy constraint: Member must have length greater than or equal to 1; "
            "Value at 'additionalContactEmailAddresses' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
    ],
)
def test_sesv2_lists_the_constraints(operation: str, given: Any, message: str) -> None:
    code, text = error("sesv2", operation, given)
    assert code == "BadRequestException"
    assert text == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"{", None),
        (b'{"ConfigurationSetName": "\xff"}', None),
        (b"{}{}", None),
        (b"[" * 5000, None),
        (b"[]", "Start of list found where not expected"),
        (b'"x"', "Expected null"),
        ({"ConfigurationSetName": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"ConfigurationSetName": True}, "TRUE_VALUE can not be converted to a String"),
        ({"ConfigurationSetName": {}}, "Start of structure or map found where not expected."),
        ({"ConfigurationSetName": []}, "Start of list found where not expected"),
        ({"SendingOptions": {"SendingEnabled": 1}}, "NUMBER_VALUE can not be converted to a Boolean"),
        ({"SendingOptions": {"SendingEnabled": "true"}}, "STRING_VALUE can not be converted to a Boolean"),
        ({"SendingOptions": []}, "Start of list found where not expected"),
        ({"SendingOptions": "x"}, "Expected null"),
        ({"Tags": {}}, "Start of structure or map found where not expected."),
        ({"Tags": "x"}, "Expected list or null"),
        ({"DeliveryOptions": {"MaxDeliverySeconds": "300"}}, "STRING_VALUE can not be converted to an Integer"),
    ],
)
def test_values_of_a_wrong_kind_stop_at_the_first(given: Any, message: str | None) -> None:
    assert error("sesv2", "CreateConfigurationSet", given) == ("SerializationException", message)


@pytest.mark.parametrize(
    ("service", "operation", "given", "code", "message"),
    [
        ("ses", "DeleteIdentity", b"", "ValidationError", one("identity", "Member must not be null")),
        (
            "ses",
            "SetIdentityNotificationTopic",
            b"Identity=a&NotificationType=x",
            "ValidationError",
            one("notificationType", "Member must satisfy enum value set: [Bounce, Complaint, Delivery]"),
        ),
        (
            "ses",
            "SetIdentityMailFromDomain",
            b"Identity=a&BehaviorOnMXFailure=x",
            "ValidationError",
            one("behaviorOnMXFailure", "Member must satisfy enum value set: [RejectMessage, UseDefaultValue]"),
        ),
        ("ses", "ListIdentities", b"MaxItems=x", "MalformedInput", "STRING_VALUE can not be converted to an Integer"),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "u"},
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ),
        (
            "sns",
            "Subscribe",
            b"TopicArn=a",
            "InvalidParameter",
            "Invalid parameter: Protocol Reason: no value for required parameter",
        ),
        (
            "sts",
            "AssumeRole",
            b"RoleArn=" + b"a" * 20,
            "ValidationError",
            one("roleSessionName", "Member must not be null"),
        ),
        (
            "mailmanager",
            "CreateRelay",
            {"RelayName": "r", "ServerName": "s", "ServerPort": 70000, "Authentication": {"NoAuthentication": {}}},
            "ValidationException",
            one("serverPort", "Member must have value less than or equal to 65535"),
        ),
        (
            "mailmanager",
            "CreateArchive",
            {"ArchiveName": "a b"},
            "ValidationException",
            one("archiveName", "Member must satisfy regular expression pattern: [a-zA-Z0-9][a-zA-Z0-9_-]*[a-zA-Z0-9]"),
        ),
    ],
)
def test_each_service_has_its_own_codes(service: str, operation: str, given: Any, code: str, message: str) -> None:
    assert error(service, operation, given) == (code, message)


@pytest.mark.parametrize("given", [{}, {"SecretArn": "x", "NoAuthentication": {}}])
def test_a_union_has_exactly_one_member(given: Any) -> None:
    relay = {"RelayName": "r", "ServerName": "s", "ServerPort": 25, "Authentication": given}
    code, message = error("mailmanager", "CreateRelay", relay)
    assert code == "ValidationException"
    assert message is not None
    assert "'authentication'" in message
    assert "exactly one member" in message


def test_what_aws_reads_leniently_is_read() -> None:
    raw = {"Content": {"Raw": {"Data": "QUJD\nREVG\n"}}}
    value: Any = decode("sesv2", REST_JSON, parcel("sesv2", "SendEmail", raw))
    assert value.content.raw.data == b"ABCDEF"
    raw = {"Content": {"Raw": {"Data": "QUI"}}}
    value = decode("sesv2", REST_JSON, parcel("sesv2", "SendEmail", raw))
    assert value.content.raw.data == b"AB"
    value = decode("sesv2", REST_JSON, parcel("sesv2", "ListContacts", {"PageSize": 5.0}))
    assert value.page_size == 5


def test_unknown_members_are_ignored() -> None:
    value: Any = decode(
        "sesv2", REST_JSON, parcel("sesv2", "CreateConfigurationSet", {"ConfigurationSetName": "x", "New": 1})
    )
    assert value.configuration_set_name == "x"


WRONG: tuple[Any, ...] = (1, True, "x", [], {}, [1], {"x": 1})
JSON_SERVICES = [name for name in SERVICES if WIRES[name] is not QUERY]
JSON_OPERATIONS = [(name, operation) for name in JSON_SERVICES for operation in service_model(name).operations]


def _takes(node: Node, value: Any) -> bool:
    """Say whether a value has the kind of a node; what is inside it does not matter here."""
    kinds: dict[type[Any], type[Any]] = {StructNode: dict, MapNode: dict, ListNode: list}
    if isinstance(node, ScalarNode):
        return not isinstance(value, list | dict)
    return isinstance(value, kinds[type(node)])


@pytest.mark.parametrize(("service", "operation"), JSON_OPERATIONS)
def test_every_member_refuses_values_of_another_kind(service: str, operation: str) -> None:
    model = service_model(service).operations[operation]
    bound = {member for _, member in (*model.labels, *model.query, *model.headers)} | {model.payload}
    for member in struct_node(model.input).members:
        if member.wire in bound:
            continue
        for value in WRONG:
            if not _takes(member.node, value):
                code, message = error(service, operation, {member.wire: value})
                assert code == "SerializationException", (member.wire, value)
                assert message


@pytest.mark.parametrize(("service", "operation"), JSON_OPERATIONS)
def test_every_missing_member_is_named(service: str, operation: str) -> None:
    model = service_model(service).operations[operation]
    # A label is always there, and a list in a query string is empty rather than missing.
    bound, queried = ({member for _, member in pairs} for pairs in (model.labels, model.query))
    missing = [
        m.wire
        for m in struct_node(model.input).members
        if m.is_required and m.wire not in bound and not (m.wire in queried and isinstance(m.node, ListNode))
    ]
    if not missing:
        decode(service, WIRES[service], parcel(service, operation, {}))
        return
    _, message = error(service, operation, {})
    assert message is not None
    if service == "sqs":
        assert message == f"The request must contain the parameter {missing[0]}."
        return
    for name in missing:
        assert f"'{name[0].lower()}{name[1:]}'" in message


@pytest.mark.parametrize("member", ["Value", "Timestamp"])
def test_a_number_that_no_double_holds_is_malformed(member: str) -> None:
    datum = {"MetricName": "x", member: 10**400}
    body = json.dumps({"Namespace": "Shop", "MetricData": [datum]}).encode()
    kind = "a Double" if member == "Value" else "a Timestamp"
    assert error("cloudwatch", "PutMetricData", body) == (
        "SerializationException",
        f"NUMBER_VALUE can not be converted to {kind}",
    )
