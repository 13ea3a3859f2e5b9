"""Calls to AWS services that are not here: refused with the name of the setting, or passed on to where it points."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.companions.forward.forwarding import MAX_AT_ONCE
from hatobin.ports import HttpUnreachable
from hatobin.words.settings import Aws, Remote, Settings
from tests.api.foreign import KEY_ID, SECRET, FarService, Reply
from tests.api.harness import ACCOUNT, Api

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("list_tables", {}),
    "apigateway": ("get_rest_apis", {}),
    "ec2": ("describe_vpcs", {}),
    "cloudformation": ("get_template", {"StackName": "s"}),
    "route53": ("list_hosted_zones", {}),
    "kms": ("list_keys", {}),
}
EVERYWHERE = Remote(
    endpoint_url="http://far.example:4566/base", access_key_id=KEY_ID, secret_access_key=SECRET, region="eu-north-1"
)
XML = (("content-type", "text/xml"),)


def xml(operation: str, result: bytes) -> Reply:
    """Give a Query service's answer."""
    name = operation.encode()
    start, end = b"<%sResponse><%sResult>" % (name, name), b"</%sResult></%sResponse>" % (name, name)
    return Reply(headers=XML, pieces=(start, result, end))


ANSWERS = {
    "dynamodb": Reply(pieces=(b'{"TableNames":', b'["a"]}')),
    "apigateway": Reply(headers=(("content-type", "application/json"),), pieces=(b'{"item":[]}',)),
    "ec2": Reply(headers=XML, pieces=(b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>",)),
    "cloudformation": xml("GetTemplate", b"<TemplateBody>{}</TemplateBody>"),
    "route53": Reply(headers=XML, pieces=(b"<ListHostedZonesResponse><HostedZones/></ListHostedZonesResponse>",)),
    "kms": Reply(pieces=(b'{"Keys":[]}',)),
}


@pytest.fixture
def far(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Api, FarService]]:
    """A server with a service behind it; the parameter is `Aws` where it is not the usual one."""
    service = FarService()
    api = Api(Settings(aws=getattr(request, "param", Aws(default=EVERYWHERE))), streams=service)
    monkeypatch.setattr("botocore.auth.get_current_datetime", api.now)
    yield api, service
    api.close()


def refusal(call: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], str(caught.value.response)


@pytest.mark.parametrize("service", CALLS)
def test_without_an_endpoint_the_answer_names_service_and_setting(api: Api, service: str) -> None:
    operation, arguments = CALLS[service]
    status, text = refusal(getattr(api.client(service), operation), **arguments)
    assert status == 501
    assert "NotImplementedException" in text
    if service != "ec2":  # botocore reads nothing but the code of what is no error of EC2's form.
        assert f"aws.{service}.endpoint_url" in text
        assert "aws.default.endpoint_url" in text


@pytest.mark.parametrize("service", CALLS)
def test_with_one_it_is_asked_there_and_the_answer_comes_back(far: tuple[Api, FarService], service: str) -> None:
    api, behind = far
    behind.reply = ANSWERS[service]
    operation, arguments = CALLS[service]
    answer = getattr(api.client(service), operation)(**arguments)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer.keys() > {"ResponseMetadata"}
    assert behind.urls[-1].startswith("http://far.example:4566/base/")
    behind.check_signature(now=api.world.clock.now(), service=service, region="eu-north-1", host="far.example:4566")
    assert behind.closed == 1


def test_the_services_own_errors_come_back_as_they_are(far: tuple[Api, FarService]) -> None:
    api, behind = far
    body = b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"none"}'
    behind.reply = Reply(status=400, pieces=(body,))
    table = api.client("dynamodb")
    with pytest.raises(table.exceptions.ResourceNotFoundException):
        table.put_item(TableName="t", Item={"id": {"S": "é" * 10_000}})
    assert json.loads(behind.requests[-1].body)["Item"] == {"id": {"S": "é" * 10_000}}


def test_nothing_of_the_callers_own_login_or_connection_goes_along(far: tuple[Api, FarService]) -> None:
    api, behind = far
    client = api.client("dynamodb")

    def add(request: Any, **_: Any) -> None:
        request.headers["Connection"] = "keep-alive, X-Mine"
        request.headers["X-Mine"] = request.headers["X-Forwarded-For"] = request.headers["Keep-Alive"] = "a"

    client.meta.events.register("before-sign", add)
    client.list_tables()
    sent = behind.requests[-1].headers
    assert not {"connection", "x-mine", "x-forwarded-for", "keep-alive", "x-amz-security-token"} & sent.keys()
    assert "test/" not in sent["authorization"]
    assert sent["x-amz-target"] == "DynamoDB_20120810.ListTables"


def test_of_the_answer_only_what_concerns_the_client_comes_back(far: tuple[Api, FarService]) -> None:
    api, behind = far
    headers = (("Connection", "close, X-Hop"), ("X-Hop", "1"), ("Transfer-Encoding", "chunked"), ("X-Amz-Crc32", "1"))
    behind.reply = Reply(headers=(*ANSWERS["dynamodb"].headers, *headers), pieces=(b"{}",))
    answer = api.client("kms").list_keys()["ResponseMetadata"]["HTTPHeaders"]
    assert answer["x-amz-crc32"] == "1"
    assert not {"connection", "x-hop", "transfer-encoding"} & answer.keys()


@pytest.mark.parametrize("service", ["dynamodb", "apigateway", "cloudformation"])
def test_no_answer_is_a_bad_gateway_in_the_protocol_of_the_request(far: tuple[Api, FarService], service: str) -> None:
    api, behind = far
    behind.reply = HttpUnreachable("10.0.0.1 port 80 is not a public address")
    operation, arguments = CALLS[service]
    status, text = refusal(getattr(api.client(service), operation), **arguments)
    assert status == 502
    assert "BadGateway" in text
    assert "aws.default.endpoint_url" in text
    assert "10.0.0.1" not in text


def test_a_request_that_was_passed_on_already_is_refused(far: tuple[Api, FarService]) -> None:
    api, behind = far
    client = api.client("dynamodb")
    mark = ("X-Hatobin-Passed-On", "1")
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(*mark))
    assert refusal(client.list_tables)[0] == 508
    assert not behind.requests


def test_a_wrong_signature_gets_nowhere(far: tuple[Api, FarService]) -> None:
    api, behind = far
    status, _ = refusal(api.client_with("test", "wrong", "dynamodb").list_tables)
    assert status in (400, 403)
    assert not behind.requests


def test_too_many_at_a_time_are_told_to_come_again(far: tuple[Api, FarService]) -> None:
    api, _ = far
    api.elsewhere._running["dynamodb"] = MAX_AT_ONCE
    assert refusal(api.client("dynamodb").list_tables)[0] == 503
    assert api.client("kms").list_keys()["ResponseMetadata"]["HTTPStatusCode"] == 200


def user(api: Api, *statements: dict[str, Any]) -> tuple[str, str]:
    """Make a user with one policy, and give its key."""
    iam = api.client("iam")
    iam.create_user(UserName="u")
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName="u")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_a_policy_must_allow_the_operation_on_everything(far: tuple[Api, FarService]) -> None:
    api, behind = far
    key = user(api, allow("dynamodb:List*"), allow("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:1:table/t"))
    client = api.client_with(*key, "dynamodb")
    client.list_tables()
    asked = len(behind.requests)
    status, text = refusal(client.put_item, TableName="t", Item={"id": {"S": "1"}})
    assert (status, "dynamodb:PutItem" in text, "AccessDeniedException" in text) == (403, True, True)
    status, text = refusal(api.client_with(*key, "ec2").describe_vpcs)
    assert (status, "AccessDenied" in text) == (403, True)
    assert len(behind.requests) == asked


@pytest.mark.parametrize(
    ("statements", "passes"),
    [
        ([allow("apigateway:*")], True),
        ([allow("*")], True),
        ([allow("apigateway:GetRestApis")], False),
        ([allow("apigateway:*"), {"Effect": "Deny", "Action": "apigateway:DeleteRestApi", "Resource": "*"}], False),
        ([{"Effect": "Allow", "NotAction": "apigateway:DeleteRestApi", "Resource": "*"}], False),
    ],
)
def test_rest_does_not_name_its_operation_so_all_must_be_allowed(
    far: tuple[Api, FarService], statements: list[dict[str, Any]], passes: bool
) -> None:
    api, behind = far
    behind.reply = ANSWERS["apigateway"]
    client = api.client_with(*user(api, *statements), "apigateway")
    if passes:
        client.get_rest_apis()
    else:
        assert refusal(client.get_rest_apis)[0] == 403
    assert len(behind.requests) == passes


@pytest.mark.parametrize("far", [Aws(default=EVERYWHERE)], indirect=True)
def test_the_default_takes_nothing_of_what_is_served_here(far: tuple[Api, FarService]) -> None:
    api, behind = far
    topic = api.client("sns").create_topic(Name="t")["TopicArn"]
    assert topic == f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
    status, text = refusal(api.client("sns").set_sms_attributes, attributes={"DefaultSMSType": "Promotional"})
    assert status == 501
    assert "aws.sns.endpoint_url" in text
    assert not behind.requests


@pytest.mark.parametrize("far", [Aws(default=EVERYWHERE, services={"sns": EVERYWHERE})], indirect=True)
def test_a_service_with_an_endpoint_of_its_own_is_there_as_a_whole(far: tuple[Api, FarService]) -> None:
    api, behind = far
    behind.reply = xml("CreateTopic", b"<TopicArn>arn:far</TopicArn>")
    assert api.client("sns").create_topic(Name="t")["TopicArn"] == "arn:far"
    behind.reply = xml("SetSMSAttributes", b"")
    api.client("sns").set_sms_attributes(attributes={"DefaultSMSType": "Promotional"})
    behind.check_signature(now=api.world.clock.now(), service="sns", region="eu-north-1", host="far.example:4566")
    denied = api.client_with(*user(api, allow("sns:CreateTopic")), "sns")
    assert refusal(denied.publish, TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:t", Message="m")[0] == 403
    assert len(behind.requests) == 2
    assert api.client("sqs").create_queue(QueueName="q")["QueueUrl"]


@pytest.mark.parametrize("far", [Aws(services={"cloudwatch": EVERYWHERE})], indirect=True)
def test_of_cloudwatch_only_what_is_not_served_goes(far: tuple[Api, FarService]) -> None:
    api, behind = far
    assert api.client("cloudwatch").list_metrics()["Metrics"] == []
    assert not behind.requests
    api.client("cloudwatch").list_dashboards()
    behind.check_signature(
        now=api.world.clock.now(), service="monitoring", region="eu-north-1", host="far.example:4566"
    )
