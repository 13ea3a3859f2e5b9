"""The operations on the targets of rules."""

from __future__ import annotations

from hatobin.companions import lambda_, sns, sqs
from hatobin.companions.eventbridge import store
from hatobin.companions.eventbridge.addresses import open_rule, rule_key, validation
from hatobin.companions.eventbridge.model import MAX_TARGETS, Target, TargetSettings
from hatobin.companions.eventbridge.pages import paging
from hatobin.companions.eventbridge.shaping import InvalidInput, check_settings
from hatobin.gateway import Call, operation
from hatobin.gateway.models.events import (
    DeadLetterConfig,
    InputTransformer,
    ListTargetsByRuleRequest,
    ListTargetsByRuleResponse,
    PutTargetsRequest,
    PutTargetsResponse,
    RemoveTargetsRequest,
    RemoveTargetsResponse,
    RemoveTargetsResultEntry,
    RetryPolicy,
)
from hatobin.gateway.models.events import Target as GivenTarget
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_TARGETS = paging("targets")
_UNSUPPORTED = {
    "kinesis_parameters": "KinesisParameters",
    "run_command_parameters": "RunCommandParameters",
    "ecs_parameters": "EcsParameters",
    "batch_parameters": "BatchParameters",
    "sqs_parameters": "SqsParameters",
    "http_parameters": "HttpParameters",
    "redshift_data_parameters": "RedshiftDataParameters",
    "sage_maker_pipeline_parameters": "SageMakerPipelineParameters",
    "app_sync_parameters": "AppSyncParameters",
}


@operation("events", "PutTargets")
async def put_targets(call: Call, request: PutTargetsRequest) -> PutTargetsResponse:
    """Give a rule targets, in place of those with the same ids; all of them or none."""
    key = rule_key(call, request.rule, request.event_bus_name)
    given = [_read(call, target) for target in request.targets]

    def work(session: Session) -> None:
        open_rule(session, key)
        for target in given:
            store.put_target(session, key, target)
        if len(store.targets(session, key, limit=MAX_TARGETS + 1)) > MAX_TARGETS:
            raise CallerError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")

    await call.ports.database.write(work)
    return PutTargetsResponse(failed_entry_count=0, failed_entries=[])


@operation("events", "ListTargetsByRule")
async def list_targets_by_rule(call: Call, request: ListTargetsByRuleRequest) -> ListTargetsByRuleResponse:
    """Give the targets of a rule by id, a page at a time."""
    key = rule_key(call, request.rule, request.event_bus_name)
    page = _TARGETS.start(call, request.limit, request.next_token, scope=key.name)
    after = str(page.after[0]) if page.after else ""

    def work(session: Session) -> list[Target]:
        open_rule(session, key)
        return store.targets(session, key, after=after, limit=page.fetch)

    rows = await call.ports.database.read(work)
    found, token = _TARGETS.finish(call, page, rows, lambda target: (target.target_id,), scope=key.name)
    return ListTargetsByRuleResponse(targets=[_shown(target) for target in found], next_token=token)


@operation("events", "RemoveTargets")
async def remove_targets(call: Call, request: RemoveTargetsRequest) -> RemoveTargetsResponse:
    """Take targets from a rule; an id that it does not have is told in the answer."""
    key = rule_key(call, request.rule, request.event_bus_name)

    def work(session: Session) -> list[str]:
        open_rule(session, key)
        return [target_id for target_id in request.ids if not store.remove_target(session, key, target_id)]

    missing = await call.ports.database.write(work)
    return RemoveTargetsResponse(
        failed_entry_count=len(missing),
        failed_entries=[
            RemoveTargetsResultEntry(
                target_id=target_id,
                error_code="ResourceNotFoundException",
                error_message=f"Rule {key.name} does not have a target with the Id {target_id}.",
            )
            for target_id in missing
        ],
    )


def _read(call: Call, given: GivenTarget) -> Target:
    """Read a target. Raises ValidationException for what cannot be, or is not served here."""
    _check_arn(call, given.arn)
    for member, name in _UNSUPPORTED.items():
        if getattr(given, member) is not None:
            raise validation(f"Parameter {name} is not supported by this server.")
    dead_letter_arn = None if given.dead_letter_config is None else given.dead_letter_config.arn
    if dead_letter_arn is not None:
        queue = sqs.QueueKey.from_arn(dead_letter_arn)
        if queue is None or (queue.account_id, queue.region) != (call.account_id, call.region):
            raise validation(
                "Parameter DeadLetterConfig.Arn must name a queue of this account and Region for target "
                f"{given.id}: {dead_letter_arn}."
            )
    transformer, retry = given.input_transformer, given.retry_policy
    settings = TargetSettings(
        role_arn=given.role_arn,
        input=given.input,
        input_path=given.input_path,
        paths=None if transformer is None else transformer.input_paths_map,
        template=None if transformer is None else transformer.input_template,
        dead_letter_arn=dead_letter_arn,
        retry=None if retry is None else (retry.maximum_retry_attempts, retry.maximum_event_age_in_seconds),
    )
    try:
        check_settings(settings)
    except InvalidInput as error:
        raise validation(f"{error} for target {given.id}.") from None
    return Target(given.id, given.arn, settings)


def _check_arn(call: Call, arn: str) -> None:
    key = sns.TopicKey.from_arn(arn) or sqs.QueueKey.from_arn(arn) or lambda_.FunctionKey.from_arn(arn)
    if key is None:
        if not arn.startswith("arn:"):
            raise validation(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
        service = arn.split(":")[2] if arn.count(":") > 1 else ""
        raise validation(
            f"Parameter {arn} is not valid. Reason: targets of the service {service} are not supported by this server;"
            " topics of SNS, queues of SQS and functions of Lambda are."
        )
    if key.name.endswith(".fifo"):
        raise validation(f"Parameter {arn} is not valid. Reason: FIFO targets are not supported by this server.")
    # Topics and queues have no policies here, so those of others do not let themselves be named.
    if (key.account_id, key.region) != (call.account_id, call.region):
        raise validation(f"Parameter {arn} is not valid. Reason: the target must be of this account and Region.")


def _shown(target: Target) -> GivenTarget:
    settings = target.settings
    return GivenTarget(
        id=target.target_id,
        arn=target.arn,
        role_arn=settings.role_arn,
        input=settings.input,
        input_path=settings.input_path,
        input_transformer=None
        if settings.template is None
        else InputTransformer(input_paths_map=settings.paths, input_template=settings.template),
        dead_letter_config=None if settings.dead_letter_arn is None else DeadLetterConfig(arn=settings.dead_letter_arn),
        retry_policy=None
        if settings.retry is None
        else RetryPolicy(maximum_retry_attempts=settings.retry[0], maximum_event_age_in_seconds=settings.retry[1]),
    )
