"""The operation on a function's code."""

from __future__ import annotations

from msgspec.structs import replace

from hatobin.companions.lambda_ import codes
from hatobin.companions.lambda_.api_functions import changed, check_runnable
from hatobin.companions.lambda_.configurations import shown
from hatobin.companions.lambda_.errors import changed_meanwhile, unsupported
from hatobin.companions.lambda_.model import Code, Function
from hatobin.companions.lambda_.naming import named, open_function
from hatobin.gateway import Call, operation
from hatobin.gateway.models import lambda_ as models
from hatobin.words.errors import CallerError


@operation("lambda", "UpdateFunctionCode")
async def update_function_code(call: Call, request: models.UpdateFunctionCodeRequest) -> models.FunctionConfiguration:
    """Replace a function's code; what runs already ends with the former one."""
    key = named(call, request.function_name)
    check_runnable(call)
    if request.publish or request.publish_to:
        raise unsupported("Publish")
    former = await call.ports.database.read(lambda session: open_function(session, key))
    if request.revision_id not in (None, former.revision_id):
        raise changed_meanwhile("GetFunction/GetAlias")
    new = await codes.read_code(call, request)
    architecture = (request.architectures or [former.configuration.architecture])[0]
    if request.dry_run:
        return shown(_with(former, Code("", new.sha256, len(new.data)), architecture))
    code = await codes.keep(call, new)
    replaced: list[Code] = []

    def change(function: Function) -> Function:
        replaced[:] = [function.code]
        return _with(function, code, architecture)

    try:
        function = await changed(call, key, request.revision_id, change)
    except CallerError:
        await codes.forget(call, code)
        raise
    for one in replaced:
        await codes.forget(call, one)
    return shown(function)


def _with(function: Function, code: Code, architecture: models.Architecture) -> Function:
    return replace(function, code=code, configuration=replace(function.configuration, architecture=architecture))
