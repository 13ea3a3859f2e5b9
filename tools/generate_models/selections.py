"""Which operations of a large service are generated: those that are served, because SES users need them beside it.

A service that is not named here is generated whole.
"""

from __future__ import annotations

SELECTED = {
    "events": (
        "PutRule DescribeRule ListRules DeleteRule EnableRule DisableRule "
        "PutTargets ListTargetsByRule RemoveTargets ListRuleNamesByTarget "
        "PutEvents TestEventPattern TagResource UntagResource ListTagsForResource"
    ),
    "firehose": (
        "CreateDeliveryStream DescribeDeliveryStream ListDeliveryStreams DeleteDeliveryStream "
        "PutRecord PutRecordBatch TagDeliveryStream UntagDeliveryStream ListTagsForDeliveryStream"
    ),
    "iam": (
        "CreateUser GetUser ListUsers UpdateUser DeleteUser TagUser UntagUser ListUserTags "
        "CreateAccessKey ListAccessKeys UpdateAccessKey DeleteAccessKey GetAccessKeyLastUsed "
        "PutUserPolicy GetUserPolicy ListUserPolicies DeleteUserPolicy "
        "AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies "
        "GetPolicy GetPolicyVersion ListPolicies ListPolicyVersions "
        "CreateRole GetRole ListRoles UpdateRole UpdateAssumeRolePolicy DeleteRole TagRole UntagRole ListRoleTags "
        "PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy "
        "AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies"
    ),
    "lambda": (
        "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration GetFunction GetFunctionConfiguration "
        "ListFunctions DeleteFunction Invoke AddPermission RemovePermission GetPolicy "
        "TagResource UntagResource ListTags"
    ),
    "logs": (
        "CreateLogGroup DescribeLogGroups DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy "
        "CreateLogStream DescribeLogStreams DeleteLogStream PutLogEvents GetLogEvents FilterLogEvents"
    ),
    "cloudwatch": (
        "PutMetricData ListMetrics GetMetricStatistics GetMetricData "
        "PutMetricAlarm DescribeAlarms DescribeAlarmsForMetric DescribeAlarmHistory DeleteAlarms "
        "SetAlarmState EnableAlarmActions DisableAlarmActions "
        "ListTagsForResource TagResource UntagResource"
    ),
}
