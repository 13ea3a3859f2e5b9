"""Whole requests: real clients, real signatures, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import cbor2
import msgspec
import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace
from structlog.testing import capture_logs

from hatobin.gateway import Call, HttpRequest, HttpResponse
from hatobin.gateway.models import ses, sesv2, sns, sqs
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.aws.claims import SignedRequest
from hatobin.protocols.aws.sigv4 import sign
from hatobin.words.errors import CallerError
from tests.gateway.exchange import Client, client
from tests.gateway.world import STRANGER_IP, make_gateway, no_ports, returning, serve

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "ses": ("GetSendQuota", {}),
    "sesv2": ("GetAccount", {}),
    "mailmanager": ("ListArchives", {}),
    "sns": ("ListTopics", {}),
    "sqs": ("ListQueues", {}),
    "sts": ("GetCallerIdentity", {}),
    "firehose": ("ListDeliveryStreams", {}),
    "events": ("ListRules", {}),
    "lambda": ("ListFunctions", {}),
    "logs": ("DescribeLogGroups", {}),
}


def failure(boto: Client, operation: str, arguments: dict[str, Any]) -> tuple[int, str, str | None, str]:
    """Status, code, message and request id of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        boto.call(operation, arguments)
    metadata, error = caught.value.response["ResponseMetadata"], caught.value.response["Error"]
    return metadata["HTTPStatusCode"], error["Code"], error.get("Message"), metadata["RequestId"]


def signed(
    method: str, path: str, body: bytes = b"", *, service: str = "ses", query: str = "", **headers: str
) -> HttpRequest:
    given = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    whole = sign(
        SignedRequest(method, path, query, given, body),
        access_key_id="test",
        secret="test",
        region="eu-west-1",
        service=service,
        now=no_ports().clock.now(),
    )
    return HttpRequest(method, path, query, whole, body, "192.0.2.7")


def handle(request: HttpRequest, handlers: Any = None) -> HttpResponse:
    return asyncio.run(make_gateway(handlers or {}).handle(request))


def test_an_operation_sees_who_calls_and_from_where() -> None:
    seen: list[tuple[Call, Any]] = []

    async def send(call: Call, request: sesv2.SendEmailRequest) -> sesv2.SendEmailResponse:
        seen.append((call, request))
        return sesv2.SendEmailResponse(message_id="m-1")

    boto = client("sesv2")
    serve(boto, {("sesv2", "SendEmail"): send})
    content = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
    assert boto.call("SendEmail", {"FromEmailAddress": "a@b.c", "Content": content}) == {"MessageId": "m-1"}
    ((call, request),) = seen
    assert (call.service, call.operation, call.account_id, call.region) == (
        "sesv2",
        "SendEmail",
        "123456789012",
        "eu-west-1",
    )
    assert (call.source_ip, call.tls_version) == ("192.0.2.7", None)
    assert call.user_agent.startswith("Boto3/")
    assert UUID.match(call.request_id)
    assert boto.metadata["RequestId"] == call.request_id
    assert (request.from_email_address, request.content.simple.subject.data) == ("a@b.c", "s")


@pytest.mark.parametrize("service", CALLS)
def test_a_known_operation_without_function_says_so_in_every_protocol(service: str) -> None:
    boto = client(service)
    serve(boto, {})
    operation, arguments = CALLS[service]
    status, code, message, request_id = failure(boto, operation, arguments)
    assert (status, code) == (501, "NotImplementedException")
    start = f"{service} {operation} is not implemented by this server; docs/coverage.md lists what is."
    elsewhere = {"sns", "sqs", "firehose", "events", "cloudwatch", "lambda", "logs"} & {service}
    assert message == start + "".join(f" With aws.{name}.endpoint_url it would be asked there." for name in elsewhere)
    assert UUID.match(request_id)


@pytest.mark.parametrize("service", CALLS)
def test_our_own_bug_tells_the_caller_nothing_and_us_everything(service: str) -> None:
    boto = client(service)
    operation, arguments = CALLS[service]
    serve(boto, {(service, operation): returning(ValueError("a secret detail"))})
    with capture_logs() as logs:
        status, code, message, request_id = failure(boto, operation, arguments)
    expected = "InternalServiceErrorException" if service == "sesv2" else "InternalFailure"
    assert (status, code, message) == (500, expected, "An internal failure has occurred.")
    (log,) = logs
    assert (log["request_id"], log["operation"], str(log["exc_info"])) == (request_id, operation, "a secret detail")


def test_a_store_that_cannot_record_is_worth_another_try() -> None:
    boto = client("sesv2")
    serve(boto, {("sesv2", "GetAccount"): returning(DatabaseUnavailable("disk full"))})
    assert failure(boto, "GetAccount", {})[:2] == (503, "ServiceUnavailable")


@pytest.mark.parametrize(
    ("service", "raised", "given_status", "status", "code"),
    [
        ("ses", "RuleDoesNotExist", 400, 400, "RuleDoesNotExist"),
        ("ses", "AlreadyExistsException", 400, 400, "AlreadyExists"),
        ("ses", "Throttling", 400, 400, "Throttling"),
        ("ses", "AccessDenied", 403, 403, "AccessDenied"),
        ("sesv2", "NotFoundException", 400, 404, "NotFoundException"),
        ("sesv2", "TooManyRequestsException", 400, 429, "TooManyRequestsException"),
        ("sesv2", "ConcurrentModificationException", 400, 500, "ConcurrentModificationException"),
        ("sesv2", "AccessDeniedException", 403, 403, "AccessDeniedException"),
        ("mailmanager", "ServiceQuotaExceededException", 400, 402, "ServiceQuotaExceededException"),
        ("sqs", "QueueDoesNotExist", 400, 400, "AWS.SimpleQueueService.NonExistentQueue"),
        ("sqs", "InvalidParameterValue", 400, 400, "InvalidParameterValue"),
        ("sns", "NotFoundException", 400, 404, "NotFound"),
    ],
)
def test_errors_have_the_status_and_code_of_the_model(
    service: str, raised: str, given_status: int, status: int, code: str
) -> None:
    boto = client(service)
    operation, arguments = CALLS[service]
    serve(boto, {(service, operation): returning(CallerError(raised, "m", status=given_status))})
    assert failure(boto, operation, arguments)[:3] == (status, code, "m")


def test_modelled_errors_become_the_sdks_own_exceptions() -> None:
    for service, operation, error, expected in (
        ("sesv2", "GetAccount", "NotFoundException", "NotFoundException"),
        ("sqs", "ListQueues", "QueueDoesNotExist", "QueueDoesNotExist"),
        ("ses", "GetSendQuota", "RuleSetDoesNotExist", "RuleSetDoesNotExistException"),
    ):
        boto = client(service)
        serve(boto, {(service, operation): returning(CallerError(error, "m"))})
        with pytest.raises(getattr(boto.boto.exceptions, expected)):
            boto.call(operation, {})


def test_a_v2_error_has_a_body_that_may_be_null_and_its_type_in_a_header() -> None:
    boto = client("sesv2")
    answers = serve(boto, {("sesv2", "GetAccount"): returning(CallerError("BadRequestException", None))})
    failure(boto, "GetAccount", {})
    (answer,) = answers
    assert msgspec.json.decode(answer.body) == {"message": None}
    headers = dict(answer.headers)
    assert headers["x-amzn-errortype"] == "BadRequestException"
    assert UUID.match(headers["x-amzn-requestid"])


def test_a_hint_goes_to_the_operator_and_not_to_the_caller() -> None:
    boto = client("sesv2")
    error = CallerError("MessageRejected", "no", hint="run `hatobin dns example.com`")
    answers = serve(boto, {("sesv2", "GetAccount"): returning(error)})
    with capture_logs() as logs:
        failure(boto, "GetAccount", {})
    assert [log["hint"] for log in logs] == ["run `hatobin dns example.com`"]
    assert b"hatobin dns" not in answers[0].body


@pytest.mark.parametrize(
    ("service", "code"), [("ses", "SignatureDoesNotMatch"), ("sesv2", "InvalidSignatureException")]
)
def test_a_wrong_secret_is_refused(service: str, code: str) -> None:
    boto = Client(service, secret="wrong")
    serve(boto, {})
    status, found, message, _ = failure(boto, *CALLS[service])
    assert (status, found) == (403, code)
    assert message is not None
    assert message.startswith("The request signature we calculated does not match")


@pytest.mark.parametrize(
    ("path", "service", "status", "code"),
    [
        ("/", "sns", 403, "SignatureDoesNotMatch"),
        ("/v2/email/account", "sns", 403, "InvalidSignatureException"),
    ],
)
def test_a_key_scoped_to_another_service_is_refused(path: str, service: str, status: int, code: str) -> None:
    query = "Action=GetSendQuota&Version=2010-12-01" if path == "/" else ""
    answer = handle(signed("GET", path, service=service, query=query))
    assert answer.status == status
    assert code.encode() in answer.body or dict(answer.headers)["x-amzn-errortype"] == code
    assert b"Credential should be scoped to correct service: 'ses'" in answer.body.replace(b"&apos;", b"'")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/?Action=GetSendQuota&Version=2010-12-01", "InvalidClientTokenId"),
        ("/v2/email/account", "UnrecognizedClientException"),
    ],
)
@pytest.mark.parametrize(
    ("key", "token"), [("AKIANOBODY", None), ("test", "TOKEN"), ("ASIATEMPORARY", None), ("ASIATEMPORARY", "X")]
)
def test_unknown_keys_and_wrong_sessions_are_refused(path: str, code: str, key: str, token: str | None) -> None:
    raw_path, _, query = path.partition("?")
    headers = sign(
        SignedRequest("GET", raw_path, query, {"host": "localhost"}, b""),
        access_key_id=key,
        secret="test",
        region="r",
        service="ses",
        now=no_ports().clock.now(),
        session_token=token,
    )
    answer = handle(HttpRequest("GET", raw_path, query, headers, b"", "192.0.2.7"))
    assert answer.status == 403
    assert code in answer.body.decode() + str(answer.headers)
    assert b"The security token included in the request is invalid." in answer.body


def test_the_store_of_keys_learns_from_where_a_key_is_used() -> None:
    request = signed("GET", "/v2/email/account")
    handlers = {("sesv2", "GetAccount"): returning(None)}
    assert handle(request, handlers).status == 200
    assert handle(replace(request, source_ip=STRANGER_IP), handlers).status == 403


def test_a_session_with_its_token_is_believed() -> None:
    headers = sign(
        SignedRequest("GET", "/v2/email/account", "", {"host": "localhost"}, b""),
        access_key_id="ASIATEMPORARY",
        secret="test",
        region="r",
        service="ses",
        now=no_ports().clock.now(),
        session_token="TOKEN",
    )
    request = HttpRequest("GET", "/v2/email/account", "", headers, b"", "192.0.2.7")
    assert handle(request, {("sesv2", "GetAccount"): returning(None)}).status == 200


@pytest.mark.parametrize(
    ("path", "headers", "body", "code"),
    [
        ("/", {}, b"Action=GetSendQuota", "<Code>MissingAuthenticationToken</Code>"),
        ("/v2/email/list-identities", {}, b"", "MissingAuthenticationTokenException"),
        ("/", {"x-amz-target": "AmazonSQS.ListQueues"}, b"{}", "MissingAuthenticationTokenException"),
    ],
)
def test_unsigned_requests_are_refused(path: str, headers: dict[str, str], body: bytes, code: str) -> None:
    answer = handle(HttpRequest("POST", path, "", headers, body, "192.0.2.7"))
    assert answer.status == 403
    assert code in answer.body.decode() + str(answer.headers)


def test_unknown_operations_are_answered_only_to_known_callers() -> None:
    answer = handle(signed("POST", "/", b"Action=SendPigeon&Version=2010-12-01"))
    assert (answer.status, b"NotImplementedException" in answer.body) == (501, True)
    answer = handle(signed("POST", "/", b"Version=2010-12-01"))
    assert (answer.status, b"<Code>MissingAction</Code>" in answer.body) == (400, True)
    answer = handle(signed("GET", "/v2/email/pigeons"))
    assert (answer.status, dict(answer.headers)["x-amzn-errortype"]) == (404, "UnknownOperationException")
    answer = handle(signed("POST", "/", b"{}", service="sqs", x_amz_target="AmazonSQS.SendPigeon"))
    assert (answer.status, b"NotImplementedException" in answer.body) == (501, True)
    answer = handle(signed("POST", "/", b"{}", x_amz_target="Pigeons.Send"))
    assert (answer.status, b"UnknownOperationException" in answer.body) == (404, True)
    answer = handle(HttpRequest("GET", "/v2/email/pigeons", "", {}, b"", "192.0.2.7"))
    assert answer.status == 403


def test_markup_in_names_does_not_come_back() -> None:
    answer = handle(signed("POST", "/", b"Action=%3Cscript%3E&Version=2010-12-01"))
    assert b"script" not in answer.body


def test_a_presigned_query_works() -> None:
    boto = client("sts")
    url = boto.boto.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    path, _, query = url.removeprefix("http://localhost:8005").partition("?")
    request = HttpRequest("GET", path, query, {"host": "localhost:8005"}, b"", "192.0.2.7")
    seen = handle(request, {("sts", "GetCallerIdentity"): returning(None)})
    assert (seen.status, b"<GetCallerIdentityResult>" in seen.body) == (200, True)
    tampered = replace(request, query=query.replace("GetCallerIdentity", "GetSessionToken"))
    assert handle(tampered).status == 403


def test_a_form_that_cannot_be_read_is_malformed() -> None:
    answer = handle(signed("POST", "/", b"Action=%ff"))
    assert (answer.status, b"<Code>MalformedInput</Code>" in answer.body) == (400, True)


def test_mail_manager_speaks_cbor_too() -> None:
    request = signed(
        "POST",
        "/service/MailManagerSvc/operation/ListArchives",
        cbor2.dumps({"PageSize": 5}),
        smithy_protocol="rpc-v2-cbor",
    )
    answer = handle(request, {("mailmanager", "ListArchives"): returning(CallerError("ValidationException", "m"))})
    assert (answer.status, dict(answer.headers)["smithy-protocol"]) == (400, "rpc-v2-cbor")
    assert cbor2.loads(answer.body) == {"__type": "com.amazonaws.mailmanager#ValidationException", "message": "m"}
    assert handle(signed("POST", "/service/Pigeons/operation/Send")).status == 404


def test_sqs_speaks_query_to_old_clients_at_the_queues_own_path() -> None:
    seen: list[sqs.SendMessageRequest] = []

    async def send(call: Call, request: sqs.SendMessageRequest) -> sqs.SendMessageResult:
        seen.append(request)
        return sqs.SendMessageResult(message_id="m-1", md5_of_message_body="d")

    body = b"Action=SendMessage&Version=2012-11-05&MessageBody=hello"
    answer = handle(signed("POST", "/123456789012/q", body, service="sqs"), {("sqs", "SendMessage"): send})
    assert (answer.status, seen[0].queue_url, seen[0].message_body) == (200, "/123456789012/q", "hello")
    assert b"<SendMessageResult><MD5OfMessageBody>d</MD5OfMessageBody>" in answer.body
    refused = {("sqs", "SendMessage"): returning(CallerError("QueueDoesNotExist", "m"))}
    answer = handle(signed("POST", "/123456789012/q", body, service="sqs"), refused)
    assert b"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in answer.body


@pytest.mark.parametrize("version", ["", "&Version=2010-03-31"], ids=["as SNS writes them", "with a version"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-3:210987654321:t&Token=x", 200),
        ("Action=ConfirmSubscription&TopicArn=t&Token=x", 403),
        ("Action=Publish&TopicArn=arn:aws:sns:eu-west-3:210987654321:t&Message=x", 403),
        ("Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-3:210987654321:t&Token=x&X-Amz-Signature=y", 403),
    ],
)
def test_links_from_sns_need_no_signature(query: str, status: int, version: str) -> None:
    seen: list[Call] = []

    async def confirm(call: Call, request: sns.ConfirmSubscriptionInput) -> None:
        seen.append(call)

    handlers = {("sns", "ConfirmSubscription"): confirm, ("sns", "Publish"): confirm}
    answer = handle(HttpRequest("GET", "/", query + version, {}, b"", "192.0.2.7"), handlers)
    assert answer.status in (status, 400 if status == 403 else status)
    if status == 200:
        assert (seen[0].account_id, seen[0].region, seen[0].principal.arn) == ("210987654321", "eu-west-3", "")
    else:
        assert not seen


def test_a_service_without_version_is_that_of_the_credential_scope() -> None:
    answer = handle(signed("POST", "/", b"Action=ListTopics", service="sns"), {("sns", "ListTopics"): returning(None)})
    assert answer.status == 200
    answer = handle(
        signed("POST", "/", b"Action=ListIdentities"),
        {("ses", "ListIdentities"): returning(ses.ListIdentitiesResponse(identities=[]))},
    )
    assert answer.status == 200
