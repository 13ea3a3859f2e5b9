"""What a function is: from a request to a value, and back to an answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from hatobin.companions.lambda_.errors import constraint, invalid, unsupported
from hatobin.companions.lambda_.model import (
    LATEST,
    MAX_ENVIRONMENT_BYTES,
    MAX_MEMORY_MB,
    MAX_TIMEOUT_S,
    Configuration,
    Function,
)
from hatobin.gateway import Call
from hatobin.gateway.models import lambda_ as models
from hatobin.protocols.aws.arn import parse_arn

_PYTHON = re.compile(r"python3\.\d+")
_RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_MAX_CONCURRENCY", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
"""Developer guide, "Working with Lambda environment variables"; and what the runtime client takes orders by."""
# Members of a request that ask for something that is not here.
_UNSERVED = {
    "file_system_configs": "FileSystemConfigs",
    "layers": "Layers",
    "kms_key_arn": "KMSKeyArn",
    "image_config": "ImageConfig",
    "code_signing_config_arn": "CodeSigningConfigArn",
    "tenancy_config": "TenancyConfig",
    "capacity_provider_config": "CapacityProviderConfig",
    "durable_config": "DurableConfig",
    "accelerator_config": "AcceleratorConfig",
    "runtime_config": "RuntimeConfig",
    "publish_to": "PublishTo",
    "publish": "Publish",
}


def created(call: Call, request: models.CreateFunctionRequest) -> Configuration:
    """Read a new function's configuration. Raises `CallerError`."""
    if request.package_type == "Image" or request.code.image_uri is not None:
        raise unsupported("The package type Image")
    for value, name in ((request.runtime, "Runtime"), (request.handler, "Handler")):
        if value is None:
            raise invalid(f"{name} is mandatory for functions created with deployment packages.")
    return _changed(
        call,
        request,
        Configuration(
            runtime=request.runtime or "",
            handler=request.handler or "",
            role_arn=request.role,
            architecture=(request.architectures or ["x86_64"])[0],
        ),
    )


def updated(call: Call, request: models.UpdateFunctionConfigurationRequest, former: Configuration) -> Configuration:
    """Give a configuration with what a request changes. Raises `CallerError`."""
    return _changed(call, request, former)


def _changed(
    call: Call, request: models.CreateFunctionRequest | models.UpdateFunctionConfigurationRequest, base: Configuration
) -> Configuration:
    _check_served(request)
    changes: dict[str, Any] = {}
    for member, name in (
        ("runtime", "runtime"),
        ("handler", "handler"),
        ("role", "role_arn"),
        ("description", "description"),
        ("timeout", "timeout_s"),
        ("memory_size", "memory_mb"),
    ):
        if (value := getattr(request, member)) is not None:
            changes[name] = value
    if request.environment is not None:
        changes["environment"] = _environment(request.environment.variables or {})
    if request.dead_letter_config is not None:
        changes["dead_letter_arn"] = _dead_letter(call, request.dead_letter_config.target_arn)
    configuration = msgspec.structs.replace(base, **changes)
    _check(configuration)
    return configuration


def _check_served(request: models.CreateFunctionRequest | models.UpdateFunctionConfigurationRequest) -> None:
    """Refuse what asks for more than is here; what asks for nothing is taken."""
    for member, name in _UNSERVED.items():
        if getattr(request, member, None):
            raise unsupported(name)
    vpc, tracing, snap = request.vpc_config, request.tracing_config, request.snap_start
    if vpc is not None and (vpc.subnet_ids or vpc.security_group_ids):
        raise unsupported("VpcConfig")
    if tracing is not None and tracing.mode == "Active":
        raise unsupported("TracingConfig with Mode Active")
    if snap is not None and snap.apply_on == "PublishedVersions":
        raise unsupported("SnapStart")
    storage, logging = request.ephemeral_storage, request.logging_config
    if storage is not None and storage.size != 512:
        raise unsupported("EphemeralStorage of another size than 512")
    if logging is not None and (logging.log_format == "JSON" or logging.log_group is not None):
        raise unsupported("LoggingConfig of another form than Text, or with a LogGroup,")


def _check(configuration: Configuration) -> None:
    if not _PYTHON.fullmatch(configuration.runtime):
        raise invalid(
            f"The runtime {configuration.runtime} does not run on this server. Functions for Python 3 (python3.x) do,"
            " in the Python that the server itself has."
        )
    if configuration.timeout_s > MAX_TIMEOUT_S:
        rule = f"have value less than or equal to {MAX_TIMEOUT_S}"
        raise constraint(configuration.timeout_s, "timeout", rule)
    if configuration.memory_mb > MAX_MEMORY_MB:
        rule = f"have value less than or equal to {MAX_MEMORY_MB}"
        raise constraint(configuration.memory_mb, "memorySize", rule)


def _environment(variables: dict[str, str]) -> dict[str, str] | None:
    if reserved := sorted(_RESERVED & variables.keys()):
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have"
            " provided contains reserved keys that are currently not supported for modification. Reserved keys used in"
            f" this request: {', '.join(reserved)}"
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > MAX_ENVIRONMENT_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have"
            f" provided exceeded the {MAX_ENVIRONMENT_BYTES // 1024}KB limit."
            f" String measured: {msgspec.json.encode(variables).decode()[:200]}"
        )
    if any("\0" in value for value in variables.values()):
        raise invalid("The values of environment variables cannot have NUL characters.")
    return variables or None


def _dead_letter(call: Call, arn: str | None) -> str | None:
    if not arn:
        return None
    target = parse_arn(arn)
    place = (call.account_id, call.region)
    if target is None or target.service not in ("sqs", "sns") or (target.account_id, target.region) != place:
        raise invalid(f"The target {arn} is no queue or topic of this account and Region.")
    return arn


def shown(function: Function) -> models.FunctionConfiguration:
    """Show a function."""
    configuration, key = function.configuration, function.key
    moment = datetime.fromtimestamp(function.modified_at, UTC)
    variables, dead_letter_arn = configuration.environment, configuration.dead_letter_arn
    return models.FunctionConfiguration(
        function_name=key.name,
        function_arn=key.arn,
        runtime=cast(models.Runtime, configuration.runtime),
        role=configuration.role_arn,
        handler=configuration.handler,
        code_size=function.code.size,
        description=configuration.description,
        timeout=configuration.timeout_s,
        memory_size=configuration.memory_mb,
        last_modified=f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000",
        code_sha256=function.code.sha256,
        version=LATEST,
        dead_letter_config=None if dead_letter_arn is None else models.DeadLetterConfig(target_arn=dead_letter_arn),
        environment=None if variables is None else models.EnvironmentResponse(variables=variables),
        tracing_config=models.TracingConfigResponse(mode="PassThrough"),
        revision_id=function.revision_id,
        state="Active",
        last_update_status="Successful",
        package_type="Zip",
        architectures=[configuration.architecture],
        ephemeral_storage=models.EphemeralStorage(size=512),
        snap_start=models.SnapStartResponse(apply_on="None", optimization_status="Off"),
        logging_config=models.LoggingConfig(log_format="Text", log_group=f"/aws/lambda/{key.name}"),
    )
