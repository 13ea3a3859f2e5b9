"""The decisions of acceptance, made inside its transaction: may this go, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from hatobin.capabilities import account, configuration_sets, contacts, events, identities, queue, tracking
from hatobin.capabilities.account import AccountStanding, SendLimits
from hatobin.capabilities.configuration_sets import ConfigurationSet
from hatobin.capabilities.delivery import MAILBOX_SITE, is_simulator, site_name
from hatobin.capabilities.events import Event, MailJson
from hatobin.capabilities.identities import SendingIdentity
from hatobin.capabilities.queue import MessageKey, NewMessage, NewRecipient
from hatobin.capabilities.tracking import Tracking
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.authorization import check_allowed, find_identity, is_delegated
from hatobin.flow.outbound.bad_content import is_bad_content
from hatobin.flow.outbound.draft import Draft, RenderedContent, RenderingFailure
from hatobin.flow.outbound.local import IN_INBOX
from hatobin.flow.outbound.prepared import Prepared, mail_of, subject_of, tracked_of
from hatobin.flow.outbound.suppressed import HeldAgainst, held_against, suppressed_events
from hatobin.flow.outbound.tenancy import sending_tenant
from hatobin.ports import Entropy, Session, remembered
from hatobin.words.address import Address
from hatobin.words.event import EventKind
from hatobin.words.outcome import Hop, RecipientState
from hatobin.words.settings import Settings

OnLists = Mapping[tuple[str, str, str, str], str]
"""The stored reason of (account, region, tenant id or "" for the account's own list, address)."""


class Decision(Struct, frozen=True):
    """What is stored: the message with a state per recipient, and why some are final already."""

    message: NewMessage
    mail: MailJson
    send_mail: MailJson
    """What the Send event shows: of a template the header before it was rendered."""
    suppressed: tuple[tuple[str, str], ...]
    opted_out: tuple[str, ...]
    strangers: tuple[str, ...]
    limits: SendLimits
    held: HeldAgainst
    tracking: Tracking | None
    """What the content has to be made for."""

    @property
    def delivered(self) -> list[str]:
        """The recipients whose mail the inbox takes in the same transaction."""
        return [one.address for one in self.message.recipients if one.state is RecipientState.DELIVERED]


def decide(session: Session, prepared: Prepared, settings: Settings, suppressed: OnLists) -> Decision:
    """Check everything that acceptance promises but rate and quota, in SES's order; writes nothing.

    Raises a `Refusal`.
    """
    draft, key = prepared.draft, prepared.key
    identity, standing = _facts(session, draft, key, settings)
    check_allowed(session, draft, key, identity, standing)
    tenant = sending_tenant(session, draft, key, identity, _set_name(draft, identity))
    configuration_set = _configuration_set(session, draft, key, identity)
    _check_switches(standing, configuration_set)
    _check_verified(session, draft, key, identity, standing)
    assert identity is not None, "an unverified sender was refused"
    opted_out, strangers = _list_standing(session, prepared)
    held = held_against(standing, configuration_set, tenant)
    reasons = _suppressed(prepared, suppressed, held)
    recipients = _recipients(prepared, reasons, opted_out, settings)
    mail = mail_of(prepared, identity, configuration_set)
    is_rendered = isinstance(draft.content, RenderedContent) and draft.content.from_template and mail.head
    message = NewMessage(
        key=key,
        accepted_at=prepared.accepted_at,
        expires_at=prepared.accepted_at + _max_delivery_s(draft, configuration_set, settings),
        source=draft.source,
        reverse_path=_reverse_path(prepared, identity),
        identity_arn=identity.arn,
        configuration_set=None if configuration_set is None else configuration_set.name,
        tls_required=configuration_set is not None and configuration_set.tls_policy == "REQUIRE",
        dkim=_dkim(identity),
        tags=mail.tags,
        mail=mail.head,
        content=prepared.content,
        blob_key=prepared.blob_key,
        recipients=recipients,
        stored_size=None if prepared.stored is None else prepared.stored.size,
        certificate=_certificate(session, prepared, identity, configuration_set),
        return_path=None if draft.return_path == draft.source else draft.return_path,
        tenant=draft.tenant,
        subject=subject_of(draft),
        tracked=tracked_of(prepared.tracking),
    )
    send_mail = mail_of(prepared, identity, configuration_set, before_rendering=True) if is_rendered else mail
    return Decision(
        message,
        mail,
        send_mail,
        suppressed=tuple(reasons.items()),
        opted_out=opted_out,
        strangers=strangers,
        limits=standing.limits,
        held=held,
        tracking=None if configuration_set is None else _tracking(draft, configuration_set),
    )


def check_sender(session: Session, draft: Draft, key: MessageKey, settings: Settings) -> None:
    """Ask the policies about a draft, outside of acceptance. Raises `AccessDenied`."""
    session.memo.clear()  # What an earlier reader found may have changed.
    identity, standing = _facts(session, draft, key, settings)
    check_allowed(session, draft, key, identity, standing)


def _facts(
    session: Session, draft: Draft, key: MessageKey, settings: Settings
) -> tuple[SendingIdentity | None, AccountStanding]:
    """Read who sends and how the account stands; messages of one group commit with the same sender share it."""
    asked = ("standing", key.account_id, key.region)
    standing = remembered(session, asked, lambda: account.standing(session, key.account_id, key.region, settings))
    return find_identity(session, draft, key, draft.senders[0]), standing


def _configuration_set(
    session: Session, draft: Draft, key: MessageKey, identity: SendingIdentity | None
) -> ConfigurationSet | None:
    """The named set, else the identity's default; a named one must exist."""
    name = _set_name(draft, identity)
    if name is None:
        return None
    found = configuration_sets.find_once(session, key.account_id, key.region, name)
    if found is None and draft.configuration_set:
        raise refusals.NoSuchConfigurationSet(name)
    return found


def _set_name(draft: Draft, identity: SendingIdentity | None) -> str | None:
    return draft.configuration_set or (identity.configuration_set if identity else None)


def _check_switches(standing: AccountStanding, configuration_set: ConfigurationSet | None) -> None:
    if not standing.sending_enabled:
        raise refusals.AccountPaused
    if configuration_set is not None and not configuration_set.sending_enabled:
        raise refusals.ConfigurationSetPaused(configuration_set.name)


def _check_verified(
    session: Session, draft: Draft, key: MessageKey, identity: SendingIdentity | None, standing: AccountStanding
) -> None:
    """Senders must be verified; in the sandbox recipients too, the simulator excepted."""
    to_check = [] if identity is not None and identity.verified else [draft.senders[0]]
    to_check.extend(sender for sender in draft.senders[1:] if sender != draft.senders[0])
    failing = _failing_delegated(session, draft, key, to_check)
    to_check = [sender for sender in to_check if not is_delegated(draft, key, sender)]
    if standing.sandboxed:
        to_check.extend(recipient for recipient in draft.recipients if not is_simulator(recipient.domain.lower()))
    if to_check:
        failing += identities.failing_identities(session, key.account_id, key.region, to_check)
    if failing:
        hint = _region_hint(session, key, to_check[0]) if to_check else None
        raise refusals.NotVerified(failing, key.region, hint=hint)


def _failing_delegated(session: Session, draft: Draft, key: MessageKey, senders: Sequence[Address]) -> list[str]:
    """Give those senders whose identity is another account's, and not verified there."""
    delegated = [sender for sender in senders if is_delegated(draft, key, sender)]
    found = {str(sender): find_identity(session, draft, key, sender) for sender in delegated}
    return [name for name, identity in found.items() if identity is None or not identity.verified]


def _reverse_path(prepared: Prepared, identity: SendingIdentity) -> str:
    """Give where bounces go: at the custom MAIL FROM domain while its MX record is ours, else at our own host."""
    mail_from = identity.mail_from
    if mail_from is None:
        return prepared.reverse_path
    # Not while its status is TEMPORARY_FAILURE either (API reference, MailFromAttributes).
    if mail_from.status is identities.Status.SUCCESS:
        return f"{prepared.key.message_id}@{mail_from.domain}"
    if mail_from.reject_on_mx_failure:
        raise refusals.MailFromNotVerified(mail_from.domain)
    return prepared.reverse_path


def _region_hint(session: Session, key: MessageKey, address: Address) -> str | None:
    """Identities are regional; say so when the same one is verified elsewhere."""
    regions = identities.identity_regions(session, key.account_id, str(address))
    regions += identities.identity_regions(session, key.account_id, address.domain.lower())
    elsewhere = sorted(set(regions) - {key.region})
    if not elsewhere:
        return f"verify {address} or its domain first, for example with: aws sesv2 create-email-identity"
    return f"verified in {', '.join(elsewhere)}; this call used {key.region}"


def _list_standing(session: Session, prepared: Prepared) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the recipients that the named contact list says not to write to, and those it does not know."""
    chosen = prepared.draft.list_management
    if chosen is None:
        return (), ()
    key = prepared.key
    addresses = [str(recipient) for recipient in prepared.draft.recipients]
    found = contacts.list_options(session, key.account_id, key.region, chosen.contact_list, chosen.topic, addresses)
    if not found.list_exists:
        raise refusals.NoSuchContactList(chosen.contact_list)
    if chosen.topic is not None and not found.topic_exists:
        raise refusals.NoSuchTopic(chosen.topic, chosen.contact_list)
    return tuple(address for address in addresses if address in found.opted_out), tuple(found.strangers)


def _suppressed(prepared: Prepared, suppressed: OnLists, held: HeldAgainst) -> dict[str, str]:
    """Give the recipients that are not attempted, with the reason, as far as it is enforced."""
    if not suppressed:
        return {}
    key = prepared.key
    found = {
        address: suppressed.get((key.account_id, key.region, held.tenant_id, address))
        for address in map(str, prepared.draft.recipients)
    }
    return {address: reason for address, reason in found.items() if reason is not None and reason in held.reasons}


def _recipients(
    prepared: Prepared, reasons: dict[str, str], opted_out: Sequence[str], settings: Settings
) -> tuple[NewRecipient, ...]:
    """Give every recipient the state it begins with: queued, or delivered at once where the inbox takes it."""
    draft = prepared.draft
    state = RecipientState.QUEUED
    if isinstance(draft.content, RenderingFailure):
        state = RecipientState.RENDERING_FAILED
    elif is_bad_content(prepared.content) if prepared.stored is None else prepared.stored.is_bad:
        state = RecipientState.REJECTED
    held_back = {*reasons, *opted_out} if state is not RecipientState.RENDERING_FAILED else frozenset[str]()
    recipients: list[NewRecipient] = []
    for recipient in draft.recipients:
        address, domain = str(recipient), recipient.domain.lower()
        if address in held_back:
            recipients.append(NewRecipient(address, domain, RecipientState.SUPPRESSED))
        elif state is RecipientState.QUEUED and site_name(settings.delivery, domain) == MAILBOX_SITE:
            recipients.append(NewRecipient(address, domain, RecipientState.DELIVERED, str(IN_INBOX.reply)))
        else:
            recipients.append(NewRecipient(address, domain, state))
    return tuple(recipients)


def _tracking(draft: Draft, configuration_set: ConfigurationSet) -> Tracking | None:
    return tracking.wanted(configuration_set, draft.tracking) if isinstance(draft.content, RenderedContent) else None


def _max_delivery_s(draft: Draft, configuration_set: ConfigurationSet | None, settings: Settings) -> int:
    limits = [settings.delivery.max_delivery_s]
    if draft.max_delivery_s is not None:
        limits.append(draft.max_delivery_s)
    if configuration_set is not None and configuration_set.max_delivery_s is not None:
        limits.append(configuration_set.max_delivery_s)
    return min(limits)


def _dkim(identity: SendingIdentity) -> queue.DkimKeyChoice | None:
    chosen = identity.dkim
    return None if chosen is None else queue.DkimKeyChoice(chosen.domain, chosen.selector, chosen.key_id)


def _certificate(
    session: Session, prepared: Prepared, identity: SendingIdentity, configuration_set: ConfigurationSet | None
) -> str | None:
    """Choose the S/MIME certificate, where the set wants signatures and the sender has one in force."""
    if configuration_set is None or not configuration_set.signs_smime:
        return None
    key, sender = prepared.key, prepared.draft.senders[0]
    return identities.signing_certificate(
        session, key.account_id, key.region, identity.name, sender, prepared.accepted_at
    )


def accepted_events(
    session: Session, prepared: Prepared, decision: Decision, settings: Settings, entropy: Entropy
) -> Iterator[Event]:
    """Give the events that acceptance makes true, in order: Send, and what is decided already.

    A rendering failure stands alone, without a Send. Rejected recipients are counted on the way.
    """
    content, key = prepared.draft.content, prepared.key

    def event(
        kind: EventKind, detail: str, count: int, *, hop: Hop | None = None, mail: MailJson = decision.mail
    ) -> Event:
        name, at = decision.message.configuration_set, prepared.accepted_at
        ip, remote_ip = ("", "") if hop is None else (hop.local_ip, hop.remote_ip)
        return Event(key, name, kind, at, detail, outgoing_ip=ip, remote_ip=remote_ip, mail=mail, count=count)

    everybody = len(decision.message.recipients)
    if isinstance(content, RenderingFailure):
        failure = events.failure_detail(content.error_message, content.template_name)
        yield event(EventKind.RENDERING_FAILURE, failure, everybody)
        return
    yield event(EventKind.SEND, events.send_detail(), everybody, mail=decision.send_mail)
    rejected = sum(recipient.state is RecipientState.REJECTED for recipient in decision.message.recipients)
    if rejected:
        yield event(EventKind.REJECT, events.reject_detail("Bad content"), rejected)
        account.count(session, key.account_id, key.region, now=prepared.accepted_at, rejected=rejected)
    if decision.suppressed or decision.opted_out:
        reasons = dict(decision.suppressed)
        unsubscribed = [address for address in decision.opted_out if address not in reasons]
        for kind, detail, count in suppressed_events(
            reasons,
            unsubscribed,
            sub_type=decision.held.sub_type,
            region=key.region,
            at=prepared.accepted_at,
            settings=settings,
            entropy=entropy,
        ):
            yield event(kind, detail, count)
    if delivered := decision.delivered:
        at = prepared.accepted_at
        host = settings.service.mail_host(key.region)
        detail = events.delivery_detail(delivered, IN_INBOX, at=at, accepted_at=at, reporting_mta=host)
        yield event(EventKind.DELIVERY, detail, len(delivered), hop=IN_INBOX.hop)
