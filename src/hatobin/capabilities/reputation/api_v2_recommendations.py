"""ListRecommendations: the findings about an account, its domains, sets and tenants.

Refs: API reference v2; developer guide, "Virtual Deliverability Manager advisor", "tenants" (the findings of a tenant
are read by its ARN). Without the manager the operations beside this one answer NotFoundException (appendix F).
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities import account
from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.entities import bad, find_entity, is_entity
from hatobin.capabilities.reputation.store import Recommendation
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

NO_MANAGER = "Virtual Deliverability Manager is not enabled for this account."
_COLUMNS = {"TYPE": "type", "IMPACT": "impact", "STATUS": "status", "RESOURCE_ARN": "resource_arn"}
_VALUES = {
    "TYPE": ("DKIM", "DMARC", "SPF", "BIMI", "COMPLAINT", "BOUNCE", "FEEDBACK_3P", "IP_LISTING"),
    "IMPACT": ("LOW", "HIGH"),
    "STATUS": ("OPEN", "FIXED"),
}
PAGING = Paging(
    kind="recommendation",
    default_size=100,
    max_size=1000,
    cursor=(float, str, str, str),
    token_error=lambda token: bad("Invalid Next Token"),
    size_error=lambda size: bad("The page size must be between 1 and 1000"),
    empty_token_is_refused=True,
)


@operation("sesv2", "ListRecommendations")
async def list_recommendations(
    call: Call, request: model.ListRecommendationsRequest
) -> model.ListRecommendationsResponse:
    """List findings, the newest first; all filters that are given must hold."""
    wanted = {str(key): value for key, value in (request.filter or {}).items()}
    for key, allowed in _VALUES.items():
        if key in wanted and wanted[key] not in allowed:
            raise bad(f"Invalid value <{wanted[key]}> for filter {key}.")
    scope = "|".join(f"{key}={value}" for key, value in sorted(wanted.items()))
    page = PAGING.start(call, request.page_size, request.next_token, scope)

    def look(session: Session) -> list[Recommendation]:
        arn = wanted.get("RESOURCE_ARN", "")
        of_entity = is_entity(call, arn)
        if not of_entity and not account.vdm_enabled(session, call.account_id, call.region):
            raise CallerError("NotFoundException", NO_MANAGER, status=404)
        columns = {_COLUMNS[key]: value for key, value in wanted.items()}
        tenant = find_entity(session, call.account_id, call.region, arn) if of_entity else None
        if tenant is not None:
            columns["resource_arn"] = tenant.arn
        return store.page(session, call.account_id, call.region, page, columns)

    rows = await call.ports.database.read(look)
    shown, token = PAGING.finish(
        call, page, rows, lambda one: (one.created_at, one.resource_arn, one.type, one.code), scope
    )
    return model.ListRecommendationsResponse(recommendations=[_shown(one) for one in shown], next_token=token)


def _shown(one: Recommendation) -> model.Recommendation:
    return model.Recommendation(
        resource_arn=one.resource_arn,
        type=cast(model.RecommendationType, one.type),
        description=one.description,
        status=cast(model.RecommendationStatus, one.status),
        created_timestamp=one.created_at,
        last_updated_timestamp=one.updated_at,
        impact=cast(model.RecommendationImpact, one.impact),
    )
