"""What an account can make in Lambda and Logs, for the table of `resources`."""

from __future__ import annotations

from tests.api.functions import ECHO, ROLE, TRUST, packed
from tests.api.harness import ACCOUNT, REGION
from tests.api.resource import Resource, Step, of

FUNCTION, FUNCTION_ARN = {"FunctionName": "f"}, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
ARN = {"Resource": FUNCTION_ARN}
STATEMENT = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
GROUP, STREAM = {"logGroupName": "g"}, {"logStreamName": "s"}
EVENTS = {"logEvents": [{"timestamp": 1_700_000_000_000, "message": "x"}]}
MAKE_ROLE: Step = ("iam", "create_role", {"RoleName": "mail", "AssumeRolePolicyDocument": TRUST})
MAKE_FUNCTION: Step = (
    "lambda",
    "create_function",
    {
        **FUNCTION,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handle",
        "Code": {"ZipFile": packed(app=ECHO)},
    },
)
MAKE_GROUP: Step = ("logs", "create_log_group", GROUP)

FUNCTION_RESOURCES: dict[str, Resource] = {
    "function": Resource(
        ("CreateFunction",),
        (MAKE_ROLE, MAKE_FUNCTION, ("lambda", "add_permission", {**FUNCTION, **STATEMENT})),
        ("lambda", "get_function", FUNCTION),
        (
            *of(
                "lambda",
                FUNCTION,
                *("get_function", "get_function_configuration", "get_policy", "delete_function", "invoke"),
                *("add_permission", "remove_permission", "update_function_configuration", "update_function_code"),
                add_permission=STATEMENT,
                remove_permission={"StatementId": "s"},
                update_function_code={"ZipFile": packed(app=ECHO)},
            ),
            ("lambda", "invoke", {"FunctionName": FUNCTION_ARN}),
            *of(
                "lambda",
                ARN,
                *("list_tags", "tag_resource", "untag_resource"),
                tag_resource={"Tags": {"k": "v"}},
                untag_resource={"TagKeys": ["k"]},
            ),
        ),
        (("lambda", "list_functions", {}),),
    ),
    "log group": Resource(
        ("CreateLogGroup",),
        (MAKE_GROUP,),
        ("logs", "describe_log_groups", {}),
        (
            *of(
                "logs",
                GROUP,
                *("delete_log_group", "delete_retention_policy", "put_retention_policy", "describe_log_streams"),
                *("filter_log_events", "create_log_stream"),
                put_retention_policy={"retentionInDays": 7},
                create_log_stream=STREAM,
            ),
            ("logs", "filter_log_events", {"logGroupIdentifier": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"}),
        ),
        (("logs", "describe_log_groups", {}),),
    ),
    "log stream": Resource(
        ("CreateLogStream",),
        (
            MAKE_GROUP,
            ("logs", "create_log_stream", {**GROUP, **STREAM}),
            ("logs", "put_log_events", {**GROUP, **STREAM, **EVENTS}),
        ),
        ("logs", "get_log_events", {**GROUP, **STREAM}),
        of(
            "logs",
            {**GROUP, **STREAM},
            *("get_log_events", "delete_log_stream", "put_log_events"),
            put_log_events=EVENTS,
        ),
    ),
}
