"""The operations on multi-region endpoints. SES v1 has none.

An endpoint is ready as soon as it is stored; the answers to its creation and
its deletion say what SES says. The texts of errors are not published.

Refs: API reference v2; AWS developer guide "global-endpoints".
"""

from __future__ import annotations

from hatobin.capabilities import tags
from hatobin.capabilities.multi_region_endpoints import store
from hatobin.capabilities.multi_region_endpoints.model import (
    MAX_ENDPOINTS,
    InvalidRoutes,
    MultiRegionEndpoint,
    make_id,
    secondary_of,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="multi-region-endpoint",
    default_size=100,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", "Invalid NextToken"),
    size_error=lambda size: CallerError("BadRequestException", "The page size must be between 1 and 1000"),
)


def _does_not_exist(name: str) -> CallerError:
    return CallerError("NotFoundException", f"Multi-region endpoint <{name}> does not exist.", status=404)


@operation("sesv2", "CreateMultiRegionEndpoint")
async def create_multi_region_endpoint(
    call: Call, request: model.CreateMultiRegionEndpointRequest
) -> model.CreateMultiRegionEndpointResponse:
    """Make an endpoint; its primary region is that of the call."""
    pairs = tags.validate(request.tags)
    try:
        secondary = secondary_of(call.region, [route.region for route in request.details.routes_details])
    except InvalidRoutes as invalid:
        raise CallerError("BadRequestException", str(invalid)) from None
    endpoint = MultiRegionEndpoint(
        call.account_id,
        request.endpoint_name,
        make_id(call.ports.entropy),
        (call.region, secondary),
        call.ports.clock.now(),
        pairs,
    )

    def create(session: Session) -> None:
        if store.number(session, call.account_id, call.region) >= MAX_ENDPOINTS:
            raise CallerError("LimitExceededException", f"Maximum of {MAX_ENDPOINTS} multi-region endpoints reached.")
        if not store.insert(session, endpoint):
            raise CallerError("AlreadyExistsException", f"Multi-region endpoint {endpoint.name} already exists.")

    await call.ports.database.write(create)
    return model.CreateMultiRegionEndpointResponse(status="CREATING", endpoint_id=endpoint.endpoint_id)


@operation("sesv2", "GetMultiRegionEndpoint")
async def get_multi_region_endpoint(
    call: Call, request: model.GetMultiRegionEndpointRequest
) -> model.GetMultiRegionEndpointResponse:
    """Show an endpoint whose primary region is that of the call."""
    name = request.endpoint_name
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise _does_not_exist(name)
    return model.GetMultiRegionEndpointResponse(
        endpoint_name=found.name,
        endpoint_id=found.endpoint_id,
        routes=[model.Route(region=region) for region in found.regions],
        status="READY",
        created_timestamp=found.created_at,
        last_updated_timestamp=found.created_at,
    )


@operation("sesv2", "DeleteMultiRegionEndpoint")
async def delete_multi_region_endpoint(
    call: Call, request: model.DeleteMultiRegionEndpointRequest
) -> model.DeleteMultiRegionEndpointResponse:
    """Remove an endpoint whose primary region is that of the call."""
    name = request.endpoint_name
    if not await call.ports.database.write(lambda s: store.delete(s, call.account_id, call.region, name)):
        raise _does_not_exist(name)
    return model.DeleteMultiRegionEndpointResponse(status="DELETING")


@operation("sesv2", "ListMultiRegionEndpoints")
async def list_multi_region_endpoints(
    call: Call, request: model.ListMultiRegionEndpointsRequest
) -> model.ListMultiRegionEndpointsResponse:
    """List the endpoints whose primary region is that of the call, by name."""
    page = PAGING.start(call, request.page_size, request.next_token)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, lambda endpoint: (endpoint.name,))
    return model.ListMultiRegionEndpointsResponse(
        multi_region_endpoints=[
            model.MultiRegionEndpoint(
                endpoint_name=endpoint.name,
                status="READY",
                endpoint_id=endpoint.endpoint_id,
                regions=list(endpoint.regions),
                created_timestamp=endpoint.created_at,
                last_updated_timestamp=endpoint.created_at,
            )
            for endpoint in shown
        ],
        next_token=token,
    )
