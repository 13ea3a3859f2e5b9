"""The operations on functions, beside their code."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from hatobin.companions import iam
from hatobin.companions.lambda_ import codes, event_store, store
from hatobin.companions.lambda_.configurations import created, shown, updated
from hatobin.companions.lambda_.errors import changed_meanwhile, constraint, invalid
from hatobin.companions.lambda_.fleet import Fleet
from hatobin.companions.lambda_.model import (
    MAX_CODE_BYTES,
    MAX_FUNCTIONS,
    SERVICE,
    Configuration,
    Function,
    FunctionKey,
)
from hatobin.companions.lambda_.naming import named, open_function
from hatobin.companions.lambda_.tags import checked
from hatobin.gateway import Call, check_action, operation
from hatobin.gateway.models import lambda_ as models
from hatobin.ports import Session
from hatobin.words.errors import CallerError

LISTED = 50
MAX_NAME_CHARACTERS = 64


@operation("lambda", "CreateFunction")
async def create_function(call: Call, request: models.CreateFunctionRequest) -> models.FunctionConfiguration:
    """Make a function; it may be invoked as soon as this returns."""
    key = named(call, request.function_name)
    if len(key.name) > MAX_NAME_CHARACTERS:
        raise constraint(key.name, "functionName", f"have length less than or equal to {MAX_NAME_CHARACTERS}")
    check_runnable(call)
    configuration = created(call, request)
    tags = checked(request.tags or {})
    await _check_role(call, key, configuration)
    code = await codes.keep(call, await codes.read_code(call, request.code))
    function = Function(
        key,
        call.ports.entropy.uuid(),
        configuration,
        code,
        tags,
        call.ports.entropy.uuid(),
        call.ports.clock.now(),
    )

    def work(session: Session) -> None:
        if store.find(session, key) is not None:
            raise CallerError("ResourceConflictException", f"Function already exist: {key.name}", status=409)
        functions, _ = store.usage(session, key.account_id, key.region)
        if functions >= MAX_FUNCTIONS:
            raise invalid(f"An account may have {MAX_FUNCTIONS} functions in a Region on this server.")
        check_room(session, key, code.size)
        store.insert(session, function)

    try:
        await call.ports.database.write(work, turn=f"lambda {key.account_id}")
    except CallerError:
        await codes.forget(call, code)
        raise
    return shown(function)


@operation("lambda", "GetFunction")
async def get_function(call: Call, request: models.GetFunctionRequest) -> models.GetFunctionResponse:
    """Show a function. Where its code may be fetched from is left out: nothing here gives it back."""
    key = named(call, request.function_name, request.qualifier)
    function = await call.ports.database.read(lambda session: open_function(session, key))
    return models.GetFunctionResponse(
        configuration=shown(function),
        code=models.FunctionCodeLocation(repository_type="S3"),
        tags=function.tags or None,
    )


@operation("lambda", "GetFunctionConfiguration")
async def get_function_configuration(
    call: Call, request: models.GetFunctionConfigurationRequest
) -> models.FunctionConfiguration:
    """Show a function's configuration."""
    key = named(call, request.function_name, request.qualifier)
    return shown(await call.ports.database.read(lambda session: open_function(session, key)))


@operation("lambda", "ListFunctions")
async def list_functions(call: Call, request: models.ListFunctionsRequest) -> models.ListFunctionsResponse:
    """Give functions by name, at most fifty of a page."""
    limit = min(request.max_items or LISTED, LISTED)
    after = request.marker or ""
    rows = await call.ports.database.read(
        lambda session: store.list_functions(session, call.account_id, call.region, after=after, limit=limit + 1)
    )
    marker = rows[limit - 1].key.name if len(rows) > limit else None
    return models.ListFunctionsResponse(functions=[shown(one) for one in rows[:limit]], next_marker=marker)


@operation("lambda", "UpdateFunctionConfiguration")
async def update_function_configuration(
    call: Call, request: models.UpdateFunctionConfigurationRequest
) -> models.FunctionConfiguration:
    """Change a function's configuration; what runs already ends as it began."""
    key = named(call, request.function_name)
    check_runnable(call)
    former = await call.ports.database.read(lambda session: open_function(session, key))
    if request.role is not None and request.role != former.configuration.role_arn:
        await _check_role(call, key, updated(call, request, former.configuration))

    def change(function: Function) -> Function:
        return replace(function, configuration=updated(call, request, function.configuration))

    return shown(await changed(call, key, request.revision_id, change))


@operation("lambda", "DeleteFunction")
async def delete_function(call: Call, request: models.DeleteFunctionRequest) -> models.DeleteFunctionResponse:
    """Remove a function with its policy, and what waits for it."""
    key = named(call, request.function_name, request.qualifier)
    if request.qualifier is not None:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")

    def work(session: Session) -> Function:
        function = open_function(session, key)
        store.delete(session, key)
        event_store.forget_function(session, key)
        return function

    function = await call.ports.database.write(work, turn=f"lambda {key.account_id}")
    await call.services.get(Fleet).retire(function.function_id)
    await codes.forget(call, function.code)
    return models.DeleteFunctionResponse(status_code=204)


async def changed(
    call: Call, key: FunctionKey, revision_id: str | None, change: Callable[[Function], Function]
) -> Function:
    """Change a function in one transaction, and end its idle children. Raises `CallerError`."""
    now, fresh = call.ports.clock.now(), call.ports.entropy.uuid()

    def work(session: Session) -> Function:
        former = open_function(session, key)
        if revision_id is not None and revision_id != former.revision_id:
            raise changed_meanwhile("GetFunction/GetAlias")
        function = replace(change(former), revision_id=fresh, modified_at=now)
        if function.code.size > former.code.size:
            check_room(session, key, function.code.size - former.code.size)
        store.update(session, function)
        return function

    function = await call.ports.database.write(work, turn=f"lambda {key.account_id}")
    await call.services.get(Fleet).retire(function.function_id)
    return function


def check_runnable(call: Call) -> None:
    """Raise InvalidParameterValueException where no function runs, before somebody relies on one."""
    obstacle = call.services.get(Fleet).obstacle()
    if obstacle is not None:
        raise invalid(obstacle)


def check_room(session: Session, key: FunctionKey, size: int) -> None:
    """Raise CodeStorageExceededException where more code has no room."""
    if store.usage(session, key.account_id, key.region)[1] + size > MAX_CODE_BYTES:
        raise CallerError("CodeStorageExceededException", "Code storage limit exceeded.")


async def _check_role(call: Call, key: FunctionKey, configuration: Configuration) -> None:
    """Ask whether the caller may give this role away, and whether the role lets itself be given to Lambda."""
    role_arn = configuration.role_arn
    check_action(call, "iam:PassRole", role_arn, {"iam:passedtoservice": (SERVICE,)})
    role_id = await call.ports.database.read(
        lambda session: iam.service_role_id(session, role_arn, SERVICE, source_arn=key.arn)
    )
    if role_id is None:
        raise invalid("The role defined for the function cannot be assumed by Lambda.")
