"""Invocations through a real client: what a function gets and gives, its limits, and those that nobody waits for."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from structlog.testing import capture_logs

from hatobin.companions.lambda_.event_invocations import LEASE_S
from hatobin.words.settings import Lambda, Settings
from tests.api.functions import ROLE, TRUST, Functions, function_arn, packed
from tests.api.harness import ACCOUNT, REGION, Api
from tests.stores import not_on_postgres

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:dead"


@pytest.fixture
def functions(api: Api) -> Functions:
    return Functions(api)


def source(*lines: str, kind: str = "def") -> str:
    return "\n    ".join([f"{kind} handle(event, context):", *lines]) + "\n"


def event(functions: Functions, payload: Any = None, name: str = "f") -> str:
    """Invoke without waiting; give the request id."""
    answer = functions.client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(payload).encode())
    assert answer["StatusCode"] == 202
    return str(answer["ResponseMetadata"]["RequestId"])


def waiting(functions: Functions) -> int:
    return int(functions.api.read(lambda session: session.execute("SELECT COUNT(*) FROM lambda_invocation"))[0][0])


def test_a_function_gets_its_event_and_answers(functions: Functions) -> None:
    functions.make(source('return {"event": event, "arn": context.invoked_function_arn}'))
    answer = functions.invoke({"a": ["鳩", 1]})
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert answer["Payload"] == {"event": {"a": ["鳩", 1]}, "arn": function_arn("f")}


def test_it_finds_the_environment_of_lambda_and_nothing_else(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    functions.make(source("return context.environment"), Environment={"Variables": {"MINE": "1"}}, MemorySize=256)
    found = functions.invoke()["Payload"]
    assert "SECRET_OF_THE_SERVER" not in found
    assert found["MINE"] == "1"
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == (REGION, REGION)
    assert (found["_HANDLER"], found["AWS_LAMBDA_FUNCTION_NAME"]) == ("app.handle", "f")
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert found["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/f"
    who = functions.api.client_with(
        found["AWS_ACCESS_KEY_ID"],
        found["AWS_SECRET_ACCESS_KEY"],
        "sts",
        aws_session_token=found["AWS_SESSION_TOKEN"],
    ).get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/mail/f"


def test_the_end_of_its_log_comes_with_the_answer_and_all_of_it_is_kept(functions: Functions) -> None:
    functions.make(source('context.write("one\\ntwo")', "return 1"))
    answer = functions.invoke(LogType="Tail")
    request_id = answer["ResponseMetadata"]["RequestId"]
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith(f"START RequestId: {request_id} Version: $LATEST\none\ntwo\nEND RequestId: {request_id}\n")
    assert functions.logged() == [line + "\n" for line in tail.splitlines()]
    assert functions.logged()[-1].startswith(
        f"REPORT RequestId: {request_id}\tDuration: 0.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: "
    )
    [stream] = functions.logs.describe_log_streams(logGroupName="/aws/lambda/f")["logStreams"]
    assert stream["logStreamName"].startswith("2023/11/14/[$LATEST]")
    assert "LogResult" not in functions.invoke()


def test_a_process_is_warm_until_it_is_idle_or_the_function_changes(functions: Functions) -> None:
    functions.make("seen = []\n" + source("seen.append(event)", "return len(seen)"))
    assert [functions.invoke()["Payload"] for _ in range(3)] == [1, 2, 3]
    functions.client.update_function_configuration(FunctionName="f", Timeout=9)
    assert functions.invoke()["Payload"] == 1
    functions.api.run(functions.api.outbound.fleet.tidy())
    assert functions.invoke()["Payload"] == 2
    functions.api.pass_time(301)
    functions.api.run(functions.api.outbound.fleet.tidy())
    assert not functions.processes.code, "code that nobody runs goes"
    assert functions.invoke()["Payload"] == 1
    assert len({child.program.environment["AWS_ACCESS_KEY_ID"] for child in functions.processes.children}) == 1


def test_credentials_are_made_anew_when_the_role_is_another_one(functions: Functions) -> None:
    functions.make(source('return context.environment["AWS_ACCESS_KEY_ID"]'))
    first = functions.invoke()["Payload"]
    iam = functions.api.client("iam")
    iam.delete_role(RoleName="mail")
    functions.client.update_function_code(FunctionName="f", ZipFile=packed(app=source("return 1")))
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        functions.invoke()
    iam.create_role(RoleName="mail", AssumeRolePolicyDocument=TRUST)
    functions.client.update_function_code(
        FunctionName="f", ZipFile=packed(app=source('return context.environment["AWS_ACCESS_KEY_ID"]'))
    )
    assert functions.invoke()["Payload"] != first


def test_what_it_raises_is_told_and_it_stays_warm(functions: Functions) -> None:
    functions.make("seen = []\n" + source("seen.append(1)", 'raise ValueError(f"no {len(seen)}")'))
    answer = functions.invoke()
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (answer["Payload"]["errorType"], answer["Payload"]["errorMessage"]) == ("ValueError", "no 1")
    assert functions.invoke()["Payload"]["errorMessage"] == "no 2"
    assert "[ERROR] ValueError: no 1\nTraceback\n" in functions.logged()


def test_a_module_that_cannot_be_loaded_is_told(functions: Functions) -> None:
    functions.make("import nothing_of_this_name\n")
    answer = functions.invoke()
    assert (answer["FunctionError"], answer["Payload"]["errorType"]) == ("Unhandled", "ModuleNotFoundError")
    assert "Status: error" in functions.logged()[-1]


@pytest.mark.parametrize(
    ("death", "kind", "how"),
    [
        ("End.EXITED, 3", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("End.EXITED", "Runtime.ExitError", "Runtime exited without providing a reason"),
        ("End.SIGNALLED, 11", "Runtime.ExitError", "Runtime exited with error: signal: 11"),
        ("End.OUT_OF_MEMORY", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"),
        ("End.TOO_MANY_PROCESSES", "Runtime.ExitError", "signal: killed, it had too many processes"),
        ("End.LOST", "Runtime.ExitError", "Runtime exited with error: signal: killed"),
    ],
)
def test_an_ending_is_told_as_aws_tells_it(functions: Functions, death: str, kind: str, how: str) -> None:
    functions.make(source(f"raise Die({death})"))
    answer = functions.invoke()
    assert (answer["FunctionError"], answer["Payload"]["errorType"]) == ("Unhandled", kind)
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"]["errorMessage"].startswith(f"RequestId: {request_id} Error: ")
    assert how in answer["Payload"]["errorMessage"]
    assert functions.logged()[-1].endswith(f"Status: error\tError Type: {kind}\t\n")
    assert functions.invoke()["FunctionError"] == "Unhandled", "a new process"
    assert len(functions.processes.children) == 2


def test_an_answer_of_more_than_six_megabytes_is_an_error(functions: Functions) -> None:
    functions.make(source('return "x" * event'))
    assert len(functions.invoke(6 * 1024 * 1024 - 2)["Payload"]) == 6 * 1024 * 1024 - 2
    for size in (6 * 1024 * 1024 - 1, 7 * 1024 * 1024):
        assert functions.invoke(size)["Payload"] == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291456 bytes).",
        }


def test_a_function_that_takes_too_long_is_killed(functions: Functions) -> None:
    functions.make(source("await context.clock.sleep(event)", "return event", kind="async def"), Timeout=5)
    task = functions.api.run(_started(functions, 60))
    functions.api.wait(task.done, limit_s=10)
    assert functions.api.world.clock.elapsed_s == pytest.approx(5, abs=1)
    outcome = task.result()
    assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"
    assert json.loads(outcome.payload)["errorMessage"].endswith("Error: Task timed out after 5.00 seconds")
    assert any("Task timed out after 5.00 seconds" in line for line in functions.logged())
    [child] = functions.processes.children
    assert child.task is not None
    assert child.task.done()


async def _started(functions: Functions, seconds: float) -> Any:
    import asyncio

    from hatobin.companions.lambda_ import FunctionKey, store
    from hatobin.companions.lambda_.sandbox import Invocation

    key = FunctionKey(ACCOUNT, REGION, "f")
    function = await functions.api.world.database.read(lambda session: store.find(session, key))
    assert function is not None
    fleet = functions.api.outbound.fleet
    return asyncio.ensure_future(fleet.invoke(function, Invocation("r", json.dumps(seconds).encode())))


@pytest.mark.parametrize("api", [Settings(lambda_=Lambda(concurrency=2))], indirect=True)
def test_more_at_a_time_than_there_are_places_are_throttled(functions: Functions) -> None:
    functions.make(source("await context.clock.sleep(event)", "return event", kind="async def"), Timeout=60)
    functions.make(name="g")
    running = [functions.api.run(_started(functions, 20)) for _ in range(2)]
    with pytest.raises(ClientError) as caught:
        functions.invoke(name="g")
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("TooManyRequestsException", 429)
    event(functions, "later", name="g")
    functions.api.wait(lambda: all(task.done() for task in running), limit_s=30)
    functions.api.wait(lambda: not waiting_now(functions), limit_s=400)
    assert functions.invoke("x", name="g")["Payload"] == "x", "an idle process makes room"
    alive = [child for child in functions.processes.children if child.task is not None and not child.task.done()]
    assert len(alive) <= 2


def waiting_now(functions: Functions) -> bool:
    """Say whether an invocation waits, while the server's loop runs."""
    read = functions.api.world.database.read(lambda session: session.execute("SELECT 1 FROM lambda_invocation"))
    try:
        read.send(None)
    except StopIteration as end:
        return bool(end.value)
    raise AssertionError("the store in memory answers at once")


def test_a_dry_run_runs_nothing(functions: Functions) -> None:
    functions.make()
    answer = functions.client.invoke(FunctionName="f", InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert not functions.processes.children


def test_a_payload_is_json_and_none_is_an_empty_object(functions: Functions) -> None:
    functions.make()
    assert json.loads(functions.client.invoke(FunctionName="f")["Payload"].read()) == {}
    with pytest.raises(functions.client.exceptions.InvalidRequestContentException):
        functions.client.invoke(FunctionName="f", Payload=b"{")
    with pytest.raises(functions.client.exceptions.RequestTooLargeException):
        functions.client.invoke(FunctionName="f", Payload=b'"' + b"x" * (6 * 1024 * 1024) + b'"')


def test_the_clients_context_reaches_the_function(functions: Functions) -> None:
    functions.make(source("return context.client_context"))
    given = base64.b64encode(json.dumps({"custom": {"a": "鳩"}}).encode()).decode()
    assert json.loads(functions.invoke(ClientContext=given)["Payload"]) == {"custom": {"a": "鳩"}}
    with pytest.raises(functions.client.exceptions.InvalidRequestContentException):
        functions.invoke(ClientContext="{}")


def test_a_machine_that_starts_no_process_says_so(functions: Functions) -> None:
    functions.make()
    functions.processes.broken = "no memory"
    with pytest.raises(ClientError, match="The function cannot be started: no memory"):
        functions.invoke()
    functions.processes.broken = None
    assert functions.invoke(1)["Payload"] == 1


def test_an_event_is_run_once_it_is_accepted(functions: Functions) -> None:
    functions.make(source('context.write(f"got {event}\\n")'))
    request_id = event(functions, "this")
    functions.api.wait(lambda: not waiting_now(functions))
    assert "got this\n" in functions.logged()
    assert any(request_id in line for line in functions.logged())


def test_an_event_that_fails_is_tried_twice_more_and_goes_to_the_queue(functions: Functions) -> None:
    sqs = functions.api.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    functions.make(source("raise ValueError(event)"), DeadLetterConfig={"TargetArn": QUEUE})
    begun = functions.api.world.clock.elapsed_s
    request_id = event(functions, "hopeless")
    functions.api.wait(lambda: not waiting_now(functions))
    assert functions.api.world.clock.elapsed_s - begun == pytest.approx(180, abs=3)
    assert sum(line.startswith("START") for line in functions.logged()) == 3
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == '"hopeless"'
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert (attributes["RequestID"], attributes["ErrorCode"]) == (request_id, "200")
    assert "hopeless" in attributes["ErrorMessage"]


def test_a_topic_may_be_told_instead(functions: Functions) -> None:
    sns, sqs = functions.api.client("sns"), functions.api.client("sqs")
    sns.create_topic(Name="dead")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"})
    functions.make(source("raise ValueError"), DeadLetterConfig={"TargetArn": TOPIC})
    event(functions, {"a": 1})
    functions.api.wait(lambda: not waiting_now(functions))
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"a": 1}
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"


def test_without_a_target_the_loss_is_logged(functions: Functions) -> None:
    functions.make(source("raise ValueError"))
    event(functions)
    with capture_logs() as logs:
        functions.api.wait(lambda: not waiting_now(functions))
    assert [one["function"] for one in logs if one["event"] == "invocation_lost"] == [function_arn("f")]


def test_events_of_a_function_that_is_gone_go_with_it(functions: Functions) -> None:
    functions.make(source("raise ValueError"))
    event(functions)
    functions.client.delete_function(FunctionName="f")
    assert waiting(functions) == 0


@not_on_postgres
def test_an_event_that_found_no_place_for_six_hours_is_given_up(functions: Functions) -> None:
    functions.make()
    functions.processes.absent = "awslambdaric"
    functions.api.run(_late_event(functions))
    functions.api.pass_time(6 * 3600 - 5)
    assert waiting(functions) == 1
    with capture_logs() as logs:
        functions.api.wait(lambda: not waiting_now(functions))
    assert any(one["event"] == "invocation_lost" for one in logs)
    assert not functions.processes.children


async def _late_event(functions: Functions) -> None:
    from hatobin.companions.lambda_ import FunctionKey, event_store
    from hatobin.companions.lambda_.model import Event

    world = functions.api.world
    late = Event(FunctionKey(ACCOUNT, REGION, "f"), "r", b"{}", world.clock.now(), 0, 0)
    await world.database.write(lambda session: event_store.enqueue(session, late))


def test_an_event_whose_process_died_is_taken_again(functions: Functions) -> None:
    functions.make(source("await context.clock.sleep(event)", 'context.write("done\\n")', kind="async def"), Timeout=60)
    event(functions, 20)
    functions.api.pass_time(5)
    api, world = functions.api, functions.api.world
    api.run(world.kill(api.outbound))
    api.outbound = api.run(world.start())
    api.run(functions.start())
    assert waiting(functions) == 1
    begun = world.clock.elapsed_s
    api.wait(lambda: not waiting_now(functions), limit_s=120)
    assert world.clock.elapsed_s - begun >= 20
    assert world.clock.elapsed_s - begun <= LEASE_S + 25


def test_a_long_function_keeps_its_event(functions: Functions) -> None:
    functions.make(source("await context.clock.sleep(event)", kind="async def"), Timeout=200)
    event(functions, 150)
    functions.api.wait(lambda: not waiting_now(functions), limit_s=200)
    assert len(functions.processes.children) == 1
    assert sum(line.startswith("START") for line in functions.logged()) == 1


def test_the_role_of_a_function_is_its_own(functions: Functions) -> None:
    """A function may do what its role may, whoever invokes it."""
    functions.make(source("return context.environment"))
    found = functions.invoke()["Payload"]
    keys = (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"])
    client = functions.api.client_with(*keys, "sesv2", aws_session_token=found["AWS_SESSION_TOKEN"])
    with pytest.raises(ClientError, match="AccessDeniedException"):
        client.put_suppressed_destination(EmailAddress="a@example.com", Reason="BOUNCE")
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:Put*","Resource":"*"}]}'
    functions.api.client("iam").put_role_policy(RoleName="mail", PolicyName="p", PolicyDocument=allow)
    functions.api.pass_time(3)
    client.put_suppressed_destination(EmailAddress="a@example.com", Reason="BOUNCE")
    assert ROLE.endswith("role/mail")
