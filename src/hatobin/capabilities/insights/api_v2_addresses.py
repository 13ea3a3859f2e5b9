"""GetEmailAddressInsights. SES v1 has nothing of the kind.

Refs: API reference v2.
"""

from __future__ import annotations

from hatobin.capabilities import queue, suppression
from hatobin.capabilities.delivery import is_simulator, route_mx
from hatobin.capabilities.insights.addresses import Evidence, Verdict, domain_of, evaluate
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.outcome import Bounced, Deferred, RecipientState

LOOKED_BACK = 20
"""Messages to the address that are looked at, the newest first."""
DNS_WAIT_S = 5.0
_NO_MAILBOX = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


@operation("sesv2", "GetEmailAddressInsights")
async def get_email_address_insights(
    call: Call, request: model.GetEmailAddressInsightsRequest
) -> model.GetEmailAddressInsightsResponse:
    """Judge an address; one of wrong form is an answer too."""
    address = request.email_address.strip()
    domain = domain_of(address)
    evidence = None
    if domain is not None:
        mailbox = await call.ports.database.read(lambda session: _mailbox(session, call, address))
        evidence = Evidence(await _route(call, domain), mailbox)
    found = evaluate(address, evidence, call.settings.account.disposable_domains)
    return model.GetEmailAddressInsightsResponse(
        mailbox_validation=model.MailboxValidation(
            is_valid=_shown(found.is_valid),
            evaluations=model.EmailAddressInsightsMailboxEvaluations(
                has_valid_syntax=_shown(found.has_valid_syntax),
                has_valid_dns_records=_shown(found.has_valid_dns_records),
                mailbox_exists=_shown(found.mailbox_exists),
                is_role_address=_shown(found.is_role_address),
                is_disposable=_shown(found.is_disposable),
                is_random_input=_shown(found.is_random_input),
            ),
        )
    )


def _shown(verdict: Verdict) -> model.EmailAddressInsightsVerdict:
    return model.EmailAddressInsightsVerdict(confidence_verdict=verdict.value)


async def _route(call: Call, domain: str) -> Verdict:
    """Say whether mail finds a way to the domain; a DNS that does not answer leaves it open."""
    ports = call.ports
    if is_simulator(domain):
        return Verdict.HIGH
    try:
        route = await ports.clock.within(DNS_WAIT_S, route_mx(domain, 25, ports.dns, ports.entropy))
    except TimeoutError:
        return Verdict.MEDIUM
    if isinstance(route, Deferred):
        return Verdict.MEDIUM
    return Verdict.LOW if isinstance(route, Bounced) else Verdict.HIGH


def _mailbox(session: Session, call: Call, address: str) -> Verdict:
    """Say whether the account's own mail found the mailbox: the newest that tells something decides."""
    place = (call.account_id, call.region)
    if suppression.lookup(session, *place, [address]).get(address) == "BOUNCE":
        return Verdict.LOW
    for state, reply in queue.last_outcomes(session, *place, address, LOOKED_BACK):
        # Mail that was kept in the local inbox says nothing of a mailbox elsewhere.
        if state is RecipientState.DELIVERED and call.settings.delivery.mode != "mailbox":
            return Verdict.HIGH
        if state is RecipientState.BOUNCED and any(status in reply for status in _NO_MAILBOX):
            return Verdict.LOW
    return Verdict.MEDIUM
