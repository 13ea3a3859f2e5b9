"""The errors of Lambda and Logs, as far as they are served."""

from __future__ import annotations

from typing import Any

from tests.api.function_resources import EVENTS, FUNCTION_ARN, GROUP, STATEMENT, STREAM
from tests.api.functions import ECHO, ROLE, packed
from tests.api.harness import ACCOUNT, REGION
from tests.modelled_errors.provocation import Group, Provocation

_LAMBDA, _LOGS, _FULL = Group("lambda"), Group("logs"), Group("lambda", "full")
NEW = {
    "Runtime": "python3.12",
    "Role": ROLE,
    "Handler": "app.handle",
    "Code": {"ZipFile": packed(app=ECHO)},
}
CODE = {"ZipFile": packed(app=ECHO)}
TAGS = {f"k{number}": "v" for number in range(50)}

_NONE = {"FunctionName": "none"}
_NO_FUNCTION = f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
_BY_FUNCTION: dict[str, dict[str, Any]] = {
    "GetFunction": {},
    "GetFunctionConfiguration": {},
    "DeleteFunction": {},
    "UpdateFunctionConfiguration": {},
    "UpdateFunctionCode": CODE,
    "Invoke": {},
    "AddPermission": STATEMENT,
    "RemovePermission": {"StatementId": "s"},
    "GetPolicy": {},
}
_BY_ARN: dict[str, dict[str, Any]] = {
    "ListTags": {},
    "TagResource": {"Tags": {"k": "v"}},
    "UntagResource": {"TagKeys": ["k"]},
}
_F = {"FunctionName": "f"}
_OTHER_KIND = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdefg"
_STALE = (
    "The RevisionId provided does not match the latest RevisionId."
    " Call the {} API to retrieve the latest RevisionId for your resource."
)
_LARGE = b'"' + b"x" * (1024 * 1024) + b'"'

FUNCTIONS: list[Provocation] = [
    *(
        _LAMBDA.one(operation, "ResourceNotFoundException", _NO_FUNCTION, **{**more, **_NONE})
        for operation, more in _BY_FUNCTION.items()
    ),
    *(
        _LAMBDA.one(operation, "ResourceNotFoundException", _NO_FUNCTION, **more, Resource=f"{FUNCTION_ARN[:-1]}none")
        for operation, more in _BY_ARN.items()
    ),
    *(
        _LAMBDA.one(
            operation,
            "InvalidParameterValueException",
            f"{_OTHER_KIND} is no function of this server.",
            **more,
            Resource=_OTHER_KIND,
        )
        for operation, more in _BY_ARN.items()
    ),
    _LAMBDA.one(
        "CreateFunction",
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
        **{**NEW, "FunctionName": "new", "Role": ROLE.replace("mail", "none")},
    ),
    _LAMBDA.one(
        "CreateFunction", "ResourceConflictException", "Function already exist: f", **{**NEW, "FunctionName": "f"}
    ),
    _FULL.one(
        "CreateFunction",
        "CodeStorageExceededException",
        "Code storage limit exceeded.",
        **{**NEW, "FunctionName": "new"},
    ),
    _FULL.one(
        "UpdateFunctionCode",
        "CodeStorageExceededException",
        "Code storage limit exceeded.",
        **_F,
        ZipFile=packed(app=ECHO, more="x = 1\n"),
    ),
    _LAMBDA.one(
        "UpdateFunctionCode",
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
        **_F,
        ZipFile=b"x",
    ),
    _LAMBDA.one(
        "UpdateFunctionConfiguration",
        "InvalidParameterValueException",
        "Layers is not supported by this server.",
        **_F,
        Layers=[f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l:1"],
    ),
    _LAMBDA.one(
        "DeleteFunction",
        "InvalidParameterValueException",
        "$LATEST version cannot be deleted without deleting the function.",
        **_F,
        Qualifier="$LATEST",
    ),
    _LAMBDA.one(
        "AddPermission",
        "InvalidParameterValueException",
        "The provided principal was invalid. Please check the principal and try again.",
        **{**_F, **STATEMENT, "Principal": "x"},
    ),
    _LAMBDA.one(
        "AddPermission",
        "ResourceConflictException",
        "The statement id (s) provided already exists. Please provide a new statement id,"
        " or remove the existing statement.",
        **{**_F, **STATEMENT},
    ),
    *(
        _LAMBDA.one(
            operation,
            "PreconditionFailedException",
            _STALE.format(api),
            **{**_F, **more, "RevisionId": "x"},
        )
        for operation, more, api in (
            ("UpdateFunctionConfiguration", {}, "GetFunction/GetAlias"),
            ("UpdateFunctionCode", CODE, "GetFunction/GetAlias"),
            ("AddPermission", {**STATEMENT, "StatementId": "t"}, "GetPolicy"),
            ("RemovePermission", {"StatementId": "s"}, "GetPolicy"),
        )
    ),
    _FULL.one(
        "AddPermission",
        "PolicyLengthExceededException",
        "The final policy size (20554) is bigger than the limit (20480).",
        **{**_F, **STATEMENT, "StatementId": "t"},
    ),
    _LAMBDA.one(
        "Invoke",
        "InvalidRequestContentException",
        "Could not parse request body into json: JSON is malformed: invalid character (byte 0)",
        **_F,
        Payload=b"x",
    ),
    _LAMBDA.one(
        "Invoke",
        "InvalidParameterValueException",
        "TenantId is not supported by this server.",
        **_F,
        TenantId="t",
    ),
    _LAMBDA.one(
        "Invoke",
        "RequestTooLargeException",
        "Request must be smaller than 1048576 bytes for the InvokeFunction operation",
        **_F,
        InvocationType="Event",
        Payload=_LARGE,
    ),
    Group("lambda", "busy").one(
        "Invoke", "TooManyRequestsException", "Rate Exceeded.", **_F, InvocationType="Event", Payload=b"{}"
    ),
]

_NO_GROUP = "The specified log group does not exist."
_BY_GROUP: dict[str, dict[str, Any]] = {
    "DeleteLogGroup": {},
    "DescribeLogStreams": {},
    "FilterLogEvents": {},
    "DeleteRetentionPolicy": {},
    "PutRetentionPolicy": {"retentionInDays": 7},
    "CreateLogStream": STREAM,
    "DeleteLogStream": STREAM,
    "GetLogEvents": STREAM,
    "PutLogEvents": {**STREAM, **EVENTS},
}
_BAD_TOKEN = "The specified nextToken is invalid."
_BAD_NAME = (
    "1 validation error detected: Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular"
    r" expression pattern: [\.\-_/#A-Za-z0-9]+"
)

LOGS: list[Provocation] = [
    *(
        _LOGS.one(operation, "ResourceNotFoundException", _NO_GROUP, **more, logGroupName="none")
        for operation, more in _BY_GROUP.items()
    ),
    _LOGS.one("CreateLogGroup", "ResourceAlreadyExistsException", "The specified log group already exists", **GROUP),
    _LOGS.one(
        "CreateLogStream",
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
        **GROUP,
        **STREAM,
    ),
    _LOGS.one(
        "CreateLogGroup",
        "InvalidParameterException",
        "kmsKeyId is not supported by this server.",
        logGroupName="new",
        kmsKeyId="k",
    ),
    Group("logs", "full").one("CreateLogGroup", "LimitExceededException", "Resource limit exceeded.", logGroupName="x"),
    Group("logs", "full").one(
        "CreateLogStream",
        "InvalidParameterException",
        "A log group may have 10000 log streams on this server.",
        **GROUP,
        logStreamName="new",
    ),
    *(
        _LOGS.one(operation, "InvalidParameterException", _BAD_TOKEN, **more, nextToken="x")
        for operation, more in (
            ("DescribeLogGroups", {}),
            ("DescribeLogStreams", GROUP),
            ("FilterLogEvents", GROUP),
            ("GetLogEvents", {**GROUP, **STREAM}),
        )
    ),
    _LOGS.one(
        "PutRetentionPolicy",
        "InvalidParameterException",
        "Invalid retention value. Value must be one of: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545,"
        " 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
        **GROUP,
        retentionInDays=2,
    ),
    _LOGS.one(
        "PutLogEvents",
        "InvalidParameterException",
        "Log events in a single PutLogEvents request must be in chronological order.",
        **GROUP,
        **STREAM,
        logEvents=[{"timestamp": 2, "message": "b"}, {"timestamp": 1, "message": "a"}],
    ),
    *(
        _LOGS.one(operation, "InvalidParameterException", _BAD_NAME, **more, logGroupName="*")
        for operation, more in (("DeleteLogGroup", {}), ("DeleteLogStream", STREAM), ("DeleteRetentionPolicy", {}))
    ),
]
ALL = [*FUNCTIONS, *LOGS]
