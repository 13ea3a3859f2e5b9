"""Functions through a real client: made, changed, shown and removed, and what may be in their archives."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.companions.lambda_ import CodeUpkeep
from hatobin.words.settings import Delivery, Lambda, Service, Settings
from tests.api.buckets import make_bucket, put_object
from tests.api.functions import ECHO, ROLE, TRUST, Functions, function_arn, packed
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api


@pytest.fixture
def functions(api: Api) -> Functions:
    return Functions(api)


def refusal(method: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        method(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in entries:
            written.writestr(name, content)
    return data.getvalue()


def of_kind(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_a_function_is_shown_as_it_was_made(functions: Functions) -> None:
    code = packed(app=ECHO)
    made = functions.client.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Role=ROLE,
        Handler="app.handle",
        Code={"ZipFile": code},
        Description="bounces",
        Timeout=20,
        MemorySize=256,
        Environment={"Variables": {"LIST": "news"}},
        Tags={"team": "mail"},
        Architectures=["arm64"],
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert (made["CodeSize"], made["State"], made["Version"]) == (len(code), "Active", "$LATEST")
    assert made["LastModified"] == "2023-11-14T22:13:20.000+0000"
    shown = functions.client.get_function(FunctionName=function_arn("f"))
    configuration = shown["Configuration"]
    assert configuration == {name: value for name, value in made.items() if name != "ResponseMetadata"}
    assert (configuration["Timeout"], configuration["MemorySize"]) == (20, 256)
    assert configuration["Environment"] == {"Variables": {"LIST": "news"}}
    assert configuration["Architectures"] == ["arm64"]
    assert (shown["Tags"], shown["Code"]) == ({"team": "mail"}, {"RepositoryType": "S3"})


@pytest.mark.parametrize(
    "name", ["f", "function:f", f"{ACCOUNT}:function:f", function_arn("f"), f"{function_arn('f')}:$LATEST"]
)
def test_a_function_has_several_names(functions: Functions, name: str) -> None:
    functions.make()
    assert functions.client.get_function_configuration(FunctionName=name)["FunctionName"] == "f"


def test_versions_aliases_and_strangers_are_refused(functions: Functions) -> None:
    functions.make()
    get = functions.client.get_function
    assert refusal(get, FunctionName="f", Qualifier="1") == (
        "ResourceNotFoundException",
        f"Function not found: {function_arn('f')}:1",
    )
    assert refusal(get, FunctionName="f:live")[0] == "ResourceNotFoundException"
    code, text = refusal(get, FunctionName=function_arn("f").replace(ACCOUNT, OTHER_ACCOUNT))
    assert (code, "not authorized to perform: lambda:GetFunction" in text) == ("AccessDeniedException", True)


def test_lists_have_pages(functions: Functions) -> None:
    for number in range(5):
        functions.make(name=f"f{number}")
    first = functions.client.list_functions(MaxItems=3)
    assert [one["FunctionName"] for one in first["Functions"]] == ["f0", "f1", "f2"]
    pages = functions.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [one["FunctionName"] for page in pages for one in page["Functions"]] == [f"f{n}" for n in range(5)]


def test_code_and_configuration_change_with_the_revision(functions: Functions) -> None:
    functions.make()
    before = functions.client.get_function_configuration(FunctionName="f")
    new = functions.client.update_function_configuration(FunctionName="f", Timeout=9, RevisionId=before["RevisionId"])
    assert (new["Timeout"], new["RevisionId"] == before["RevisionId"]) == (9, False)
    stale = refusal(functions.client.update_function_code, FunctionName="f", ZipFile=b"x", RevisionId="stale")
    assert stale[0] == "PreconditionFailedException"
    [blob] = [key for key in functions.api.world.blobs.stored if key.startswith("lambda/")]
    tried = functions.client.update_function_code(FunctionName="f", ZipFile=packed(app="x = 1\n"), DryRun=True)
    assert tried["CodeSha256"] != before["CodeSha256"]
    assert functions.client.get_function_configuration(FunctionName="f")["CodeSha256"] == before["CodeSha256"]
    functions.client.update_function_code(FunctionName="f", ZipFile=packed(app="x = 1\n"))
    assert blob not in functions.api.world.blobs.stored, "the former code goes"


def test_code_comes_from_a_bucket_by_the_callers_rights(functions: Functions) -> None:
    code = packed(app=ECHO)
    make_bucket(functions.api, "code")
    put_object(functions.api, "code", "f.zip", code)
    functions.make(Code={"S3Bucket": "code", "S3Key": "f.zip"})
    assert functions.invoke(5)["Payload"] == 5
    missing = refusal(functions.client.update_function_code, FunctionName="f", S3Bucket="code", S3Key="none")
    assert missing == (
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
    )
    other = functions.api.client("lambda", account_id=OTHER_ACCOUNT)
    functions.api.client("iam", account_id=OTHER_ACCOUNT).create_role(RoleName="mail", AssumeRolePolicyDocument=TRUST)
    denied = refusal(
        other.create_function,
        FunctionName="g",
        Runtime="python3.12",
        Role=ROLE.replace(ACCOUNT, OTHER_ACCOUNT),
        Handler="app.handle",
        Code={"S3Bucket": "code", "S3Key": "f.zip"},
    )
    assert denied[0] == "AccessDeniedException"


def test_a_role_must_trust_lambda_and_be_the_callers_to_give(functions: Functions) -> None:
    iam = functions.api.client("iam")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=TRUST.replace("lambda.", "ses."))
    for role in ("other", "none"):
        code, text = refusal(functions.make, Role=ROLE.replace("mail", role))
        assert (code, text) == (
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        )
    iam.create_user(UserName="ann")
    allowed = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = functions.api.client_with(key["AccessKeyId"], key["SecretAccessKey"], "lambda")
    code, text = refusal(
        ann.create_function,
        FunctionName="f",
        Runtime="python3.12",
        Role=ROLE,
        Handler="app.handle",
        Code={"ZipFile": packed(app=ECHO)},
    )
    assert (code, f"iam:PassRole on resource: {ROLE}" in text) == ("AccessDeniedException", True)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"Runtime": "nodejs22.x"}, "InvalidParameterValueException", "Functions for Python 3 (python3.x) do"),
        ({"PackageType": "Image", "Code": {"ImageUri": "i"}}, "InvalidParameterValueException", "package type Image"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
        ({"MemorySize": 10_241}, "ValidationException", "less than or equal to 10240"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "keys: AWS_REGION"),
        ({"Environment": {"Variables": {"BIG": "x" * 4096}}}, "InvalidParameterValueException", "the 4KB limit"),
        ({"Layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l:1"]}, "InvalidParameterValueException", "Layers"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "InvalidParameterValueException", "VpcConfig"),
        ({"TracingConfig": {"Mode": "Active"}}, "InvalidParameterValueException", "Active"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "InvalidParameterValueException", "SnapStart"),
        ({"EphemeralStorage": {"Size": 1024}}, "InvalidParameterValueException", "EphemeralStorage"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "InvalidParameterValueException", "LoggingConfig"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::b"}}, "InvalidParameterValueException", "no queue or topic"),
        ({"Tags": {"aws:x": "y"}}, "InvalidParameterValueException", "aws: prefixed"),
        ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code."),
        ({"FunctionName": "f" * 65}, "ValidationException", "length less than or equal to 64"),
    ],
)
def test_what_cannot_be_is_refused(functions: Functions, changes: dict[str, Any], code: str, text: str) -> None:
    found = refusal(functions.make, **changes)
    assert found[0] == code
    assert text in found[1].replace("request: ", "keys: ")
    assert functions.client.list_functions()["Functions"] == []


BOMB = archive(*((f"{number}.bin", b"\0" * (1024 * 1024)) for number in range(251)))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (b"PK\x03\x04", "Could not unzip uploaded file."),
        (archive(), "Uploaded file must be a non-empty zip"),
        (archive(("../app.py", b"x")), "leads out of its folder"),
        (archive(("/etc/passwd", b"x")), "leads out of its folder"),
        (archive(("a/../../b", b"x")), "leads out of its folder"),
        (archive((of_kind("link", stat.S_IFLNK | 0o777), b"/etc/passwd")), "a symbolic link perhaps: link"),
        (archive((of_kind("pipe", stat.S_IFIFO | 0o644), b"")), "something else than files"),
        (archive(("a", b"x"), ("a/b", b"x")), "a file and a folder of the same name: a"),
        (archive((f"{'d/' * 70}a", b"x")), "leads out of its folder, or is none"),
        (BOMB, "Unzipped size must be smaller than 262144000 bytes"),
        (archive(("app.py", b"x" * 1000))[:-20], "Could not unzip"),
        (archive(("app.py", b"x" * 1000)).replace(b"app.py", b"bpp.py", 1), "Could not unzip"),
    ],
    ids=["head", "empty", "up", "root", "inside", "link", "pipe", "clash", "deep", "bomb", "cut", "names"],
)
def test_archives_that_would_do_harm_are_refused(functions: Functions, code: bytes, text: str) -> None:
    found = refusal(functions.make, Code={"ZipFile": code})
    assert found[0] == "InvalidParameterValueException"
    assert text in found[1]
    assert not functions.api.world.blobs.stored


def test_an_archive_whose_content_is_damaged_is_refused(functions: Functions) -> None:
    code = bytearray(archive(("app.py", bytes(range(256)) * 40)))
    code[60] ^= 0xFF
    assert refusal(functions.make, Code={"ZipFile": bytes(code)})[0] == "InvalidParameterValueException"


def test_a_large_archive_is_refused_before_it_is_read(functions: Functions) -> None:
    code, text = refusal(functions.make, Code={"ZipFile": b"\0" * (50 * 1024 * 1024 + 1)})
    assert (code, text) == ("RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes")


def test_tags_are_changed(functions: Functions) -> None:
    arn = functions.make(Tags={"a": "1"})
    functions.client.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.client.untag_resource(Resource=arn, TagKeys=["a", "none"])
    assert functions.client.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    full = {f"k{number}": "v" for number in range(50)}
    assert refusal(functions.client.tag_resource, Resource=arn, Tags=full)[0] == "InvalidParameterValueException"


def test_a_policy_is_written_as_aws_writes_it(functions: Functions) -> None:
    functions.make()
    added = functions.client.add_permission(
        FunctionName="f",
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:events",
        SourceAccount=ACCOUNT,
    )
    assert added["Statement"] == (
        '{"Sid":"topic","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        f'"Resource":"{function_arn("f")}","Condition":{{"StringEquals":{{"AWS:SourceAccount":"{ACCOUNT}"}},'
        f'"ArnLike":{{"AWS:SourceArn":"arn:aws:sns:{REGION}:{ACCOUNT}:events"}}}}}}'
    )
    functions.client.add_permission(FunctionName="f", StatementId="other", Action="lambda:*", Principal=OTHER_ACCOUNT)
    policy = functions.client.get_policy(FunctionName="f")
    assert policy["Policy"].count('"Sid"') == 2
    assert f'{{"AWS":"arn:aws:iam::{OTHER_ACCOUNT}:root"}}' in policy["Policy"]
    for statement in ("topic", "other"):
        functions.client.remove_permission(FunctionName="f", StatementId=statement)
    assert refusal(functions.client.get_policy, FunctionName="f")[1] == "The resource you requested does not exist."


def test_a_deleted_function_takes_all_with_it(functions: Functions) -> None:
    functions.make()
    functions.allow("sns.amazonaws.com", f"arn:aws:sns:{REGION}:{ACCOUNT}:events")
    gone = functions.client.delete_function(FunctionName="f")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert not functions.api.world.blobs.stored
    assert refusal(functions.client.get_function, FunctionName="f")[0] == "ResourceNotFoundException"
    functions.make()
    assert refusal(functions.client.get_policy, FunctionName="f")[0] == "ResourceNotFoundException"


def test_code_that_a_crash_left_is_collected(functions: Functions) -> None:
    functions.make()
    blobs, upkeep = functions.api.world.blobs, CodeUpkeep(functions.api.world.ports)
    functions.api.run(blobs.put(f"lambda/{ACCOUNT}/orphan", b"x"))
    functions.api.pass_time(3000)
    assert functions.api.run(upkeep.once()) == 0, "its row may be on the way"
    functions.api.pass_time(1000)
    assert functions.api.run(upkeep.once()) == 1
    assert len(blobs.stored) == 1


def test_an_operation_that_is_not_here_is_told_as_such(functions: Functions) -> None:
    for method in (functions.client.list_event_source_mappings, functions.client.list_layers):
        code, text = refusal(method)
        assert code == "NotImplementedException"
        assert "docs/coverage.md" in text
        assert "aws.lambda.endpoint_url" in text


@pytest.mark.parametrize("api", [Settings(lambda_=Lambda(enabled=False))], indirect=True)
def test_functions_may_be_off(functions: Functions) -> None:
    code, text = refusal(functions.make)
    assert (code, "lambda.enabled" in text) == ("InvalidParameterValueException", True)


def test_a_missing_package_is_named_with_its_extra(functions: Functions) -> None:
    functions.make()
    functions.processes.absent = "awslambdaric"
    for method in (functions.make, functions.invoke):
        code, text = refusal(method)
        assert code == "InvalidParameterValueException"
        assert "awslambdaric" in text
        assert "hatobin[lambda]" in text


def test_in_mode_mx_an_operator_has_to_switch_them_on() -> None:
    mx = Settings(delivery=Delivery(mode="mx"), service=Service(domain="mail.example.com"))
    assert not mx.runs_functions
    assert Settings(delivery=Delivery(mode="mx"), lambda_=Lambda(enabled=True)).runs_functions
    assert Settings().runs_functions
