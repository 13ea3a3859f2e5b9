"""What a function finds around itself: its environment, as Lambda sets it. Pure.

Refs: developer guide "Working with Lambda environment variables", "Defined runtime environment variables".
"""

from __future__ import annotations

from hatobin.companions.iam import NewTemporary
from hatobin.companions.lambda_.model import LATEST, Function
from hatobin.ports.processes import Place, Program

_HEADROOM_BYTES = 4096
"""Of a request on the line beside its payload."""
PLACES = {
    "AWS_LAMBDA_RUNTIME_API": Place.LINE,
    "LAMBDA_TASK_ROOT": Place.CODE,
    "LAMBDA_RUNTIME_DIR": Place.CODE,
    "PYTHONPATH": Place.CODE,
    "HOME": Place.TEMPORARY,
    "TMPDIR": Place.TEMPORARY,
}


def program(
    function: Function,
    credentials: NewTemporary,
    *,
    endpoint_url: str,
    python_version: str,
    log_group: str,
    log_stream: str,
    max_payload_bytes: int,
) -> Program:
    """Say how a function is run."""
    configuration, key = function.configuration, function.key
    own = configuration.environment or {}
    defaults = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        # One heap for all threads: memory is bounded and arenas are large.
        "MALLOC_ARENA_MAX": "2",
    }
    fixed = {
        "_HANDLER": configuration.handler,
        "AWS_ACCESS_KEY_ID": credentials.session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret,
        "AWS_SESSION_TOKEN": credentials.token,
        "AWS_REGION": key.region,
        "AWS_DEFAULT_REGION": key.region,
        # The runtime chooses its ways by this: what is true here is the Python that runs.
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{python_version}",
        "AWS_LAMBDA_FUNCTION_NAME": key.name,
        "AWS_LAMBDA_FUNCTION_VERSION": LATEST,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Program(
        code_id=function.code.code_id,
        arguments=("-m", "awslambdaric", configuration.handler),
        environment={**defaults, **own, **fixed},
        places={name: place for name, place in PLACES.items() if name not in own},
        memory_bytes=configuration.memory_mb * 1024 * 1024,
        max_request_bytes=max_payload_bytes + _HEADROOM_BYTES,
    )
