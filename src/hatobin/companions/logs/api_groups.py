"""The operations on log groups."""

from __future__ import annotations

from hatobin.companions.logs import store
from hatobin.companions.logs.model import MAX_GROUPS, RETENTION_DAYS, Group, GroupKey, invalid, no_group
from hatobin.companions.logs.pages import paging
from hatobin.gateway import Call, operation
from hatobin.gateway.models import logs as models
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_GROUPS = paging("groups", (str,))


def key_of(call: Call, name: str) -> GroupKey:
    """Give the group of this name in the caller's account and region."""
    return GroupKey(call.account_id, call.region, name)


def named_group(call: Call, name: str | None, identifier: str | None) -> GroupKey:
    """Give the group that a request names, by its name or by its ARN. Raises `CallerError`."""
    if (name is None) == (identifier is None):
        raise invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
    given = name or identifier or ""
    own = f"arn:aws:logs:{call.region}:{call.account_id}:log-group:"
    if given.startswith("arn:") and not given.startswith(own):
        raise no_group()
    return key_of(call, given.removeprefix(own).removesuffix(":*"))


def open_group(session: Session, key: GroupKey) -> Group:
    """Give a group. Raises ResourceNotFoundException."""
    group = store.find_group(session, key)
    if group is None:
        raise no_group()
    return group


@operation("logs", "CreateLogGroup")
async def create_log_group(call: Call, request: models.CreateLogGroupRequest) -> None:
    """Make a group. Raises ResourceAlreadyExistsException."""
    if request.kms_key_id is not None:
        raise invalid("kmsKeyId is not supported by this server.")
    if request.log_group_class not in (None, "STANDARD"):
        raise invalid(f"The log group class {request.log_group_class} is not supported by this server.")
    if request.tags is not None or request.deletion_protection_enabled:
        raise invalid("Tags and deletion protection of log groups are not supported by this server.")
    key, now = key_of(call, request.log_group_name), call.ports.clock.now()

    def work(session: Session) -> None:
        if store.count_groups(session, key.account_id, key.region) >= MAX_GROUPS:
            raise CallerError("LimitExceededException", "Resource limit exceeded.")
        if not store.insert_group(session, key, now=now):
            raise CallerError("ResourceAlreadyExistsException", "The specified log group already exists")

    await call.ports.database.write(work)


@operation("logs", "DescribeLogGroups")
async def describe_log_groups(call: Call, request: models.DescribeLogGroupsRequest) -> models.DescribeLogGroupsResponse:
    """Give groups by name, a page at a time."""
    prefix, part = request.log_group_name_prefix or "", request.log_group_name_pattern or ""
    if prefix and part:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    scope = f"{prefix}\n{part}"
    page = _GROUPS.start(call, request.limit, request.next_token, scope=scope)
    after = str(page.after[0]) if page.after else ""
    rows = await call.ports.database.read(
        lambda session: store.list_groups(
            session, call.account_id, call.region, prefix=prefix, part=part, after=after, limit=page.fetch
        )
    )
    found, token = _GROUPS.finish(call, page, rows, lambda group: (group.key.name,), scope=scope)
    return models.DescribeLogGroupsResponse(log_groups=[_shown(group) for group in found], next_token=token)


@operation("logs", "DeleteLogGroup")
async def delete_log_group(call: Call, request: models.DeleteLogGroupRequest) -> None:
    """Remove a group with all that it holds. Raises ResourceNotFoundException."""
    key = key_of(call, request.log_group_name)

    def work(session: Session) -> None:
        if not store.delete_group(session, key):
            raise no_group()

    await call.ports.database.write(work)


@operation("logs", "PutRetentionPolicy")
async def put_retention_policy(call: Call, request: models.PutRetentionPolicyRequest) -> None:
    """Keep the events of a group for so many days."""
    days = request.retention_in_days
    if days not in RETENTION_DAYS:
        raise invalid(f"Invalid retention value. Value must be one of: {', '.join(map(str, RETENTION_DAYS))}")
    await _set_retention(call, request.log_group_name, days)


@operation("logs", "DeleteRetentionPolicy")
async def delete_retention_policy(call: Call, request: models.DeleteRetentionPolicyRequest) -> None:
    """Keep the events of a group whatever their age."""
    await _set_retention(call, request.log_group_name, None)


async def _set_retention(call: Call, name: str, days: int | None) -> None:
    key = key_of(call, name)

    def work(session: Session) -> None:
        if not store.set_retention(session, key, days):
            raise no_group()

    await call.ports.database.write(work)


def _shown(group: Group) -> models.LogGroup:
    return models.LogGroup(
        log_group_name=group.key.name,
        creation_time=int(group.created_at * 1000),
        retention_in_days=group.retention_days,
        metric_filter_count=0,
        arn=f"{group.key.arn}:*",
        log_group_arn=group.key.arn,
        log_group_class="STANDARD",
        stored_bytes=max(0, group.stored_bytes),
    )
