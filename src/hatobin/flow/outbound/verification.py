"""Custom verification mails: a template, the recipient's own link, and an identity that waits for it to be opened.

The mail is one like any other: it leaves by the same acceptance, with the
template's sender, its DKIM key and the events of a configuration set. The
link becomes durable together with the mail.

Refs: AWS developer guide "creating-identities", custom verification email
templates; API reference, SendCustomVerificationEmail.
"""

from __future__ import annotations

from hatobin.capabilities import account, custom_verification, identities
from hatobin.capabilities.custom_verification import VerificationTemplate
from hatobin.capabilities.identities import VerificationLink
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import Accepted, Draft
from hatobin.flow.outbound.drafting import Ask, Recipients, simple_draft
from hatobin.gateway import Call, check_action
from hatobin.ports import Session
from hatobin.protocols.aws.arn import ses_arn
from hatobin.protocols.mail import Content
from hatobin.words.address import Mailbox, parse_mailbox

_ACTION = "ses:SendCustomVerificationEmail"


class NoVerificationTemplate(Exception):
    """The account has no verification template of this name."""


class InSandbox(Exception):
    """The account has no production access, which verification mails need."""

    def __init__(self) -> None:
        super().__init__("Your account is still in the sandbox.")


class SenderNotVerified(Exception):
    """The template's sender is not verified any more."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The from email address <{address}> is not verified")


class TooManyIdentities(Exception):
    """The account has as many identities as it may have."""


async def send_verification(call: Call, address: str, template_name: str, configuration_set: str | None) -> Accepted:
    """Send a verification mail and let the address wait for its owner.

    Raises this module's errors, `AddressError`, `InvalidIdentity`, `MessageError` and a `Refusal`.
    """
    identities.address_key(address)
    recipient = parse_mailbox(address)
    try:
        template = await call.ports.database.read(lambda session: _found(session, call, template_name))
    except (NoVerificationTemplate, InSandbox, SenderNotVerified, TooManyIdentities):
        # Who may not send it does not learn either what is there; the mail itself is checked on its identity.
        arn = ses_arn(call.region, call.account_id, f"custom-verification-email-template/{template_name}")
        check_action(call, _ACTION, arn)
        raise
    now = call.ports.clock.now()
    link = VerificationLink(
        call.account_id,
        call.region,
        str(recipient.address),
        identities.new_token(call.ports.entropy),
        now + identities.LINK_LIFE_S,
        template.success_url,
        template.failure_url,
    )
    draft = _draft(call, template, recipient, link, configuration_set, now)
    return await call.services.get(Acceptor).accept(draft)


def _found(session: Session, call: Call, name: str) -> VerificationTemplate:
    """Give the template, if it may be sent now."""
    if account.sandboxed(session, call.account_id, call.region, call.settings):
        raise InSandbox
    template = custom_verification.find(session, call.account_id, call.region, name)
    if template is None:
        raise NoVerificationTemplate(name)
    sender = parse_mailbox(template.from_address).address
    if identities.failing_identities(session, call.account_id, call.region, [sender]):
        raise SenderNotVerified(template.from_address)
    if identities.number(session, call.account_id, call.region) >= identities.MAX_IDENTITIES:
        raise TooManyIdentities
    return template


def _draft(
    call: Call,
    template: VerificationTemplate,
    recipient: Mailbox,
    link: VerificationLink,
    configuration_set: str | None,
    now: float,
) -> Draft:
    url = f"{call.settings.link_base}{identities.LINK_PATH}{link.token}"
    html, images = custom_verification.finished(template.content, url)
    ask = Ask(
        source=template.from_address,
        recipients=Recipients(to=(recipient,)),
        configuration_set=configuration_set,
        actions=((_ACTION,),),
    )
    entropy = call.ports.entropy
    return simple_draft(
        call,
        ask,
        subject=Content(template.subject),
        text=None,
        html=Content(html),
        attachments=images,
        along=lambda session: identities.await_owner(session, link, now=now, entropy=entropy),
    )
